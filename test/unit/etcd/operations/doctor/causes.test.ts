import { describe, expect, it } from 'vitest';
import { memberOf } from '../../../../../lib/etcd/model/cluster.ts';
import { type About, NOWHERE } from '../../../../../lib/etcd/operations/doctor/about.ts';
import { CAUSES } from '../../../../../lib/etcd/operations/doctor/causes/index.ts';
import { DEFAULTS } from '../../../support/defaults.ts';

const vars = {
  ...DEFAULTS,
  etcd_address: '127.0.0.1',
  etcd_service_manager: 'process',
  ansible_connection: 'local',
  etcd_bin_dir: '/home/me/my clusters/bin',
  etcd_cert_dir: '/home/me/my clusters/ssl',
  etcd_config_dir: '/home/me/my clusters/cfg',
  etcd_data_dir: '/home/me/my clusters/data',
};
const member = memberOf({ name: 'etcd02', vars, hostvars: { etcd02: vars } });
const LOCAL: About = { ...NOWHERE, member, asker: member, members: [member], copies: [member] };

describe.each(CAUSES.map((cause) => [cause.id, cause] as const))(
  'what to do about %s',
  (_id, { title, next }) => {
    it('is said in steps, one a line', () => {
      expect(title).toMatch(/^[a-z’]/i);
      const steps = next(NOWHERE);
      expect(steps.length).toBeGreaterThan(0);
      for (const step of steps) expect(step).toMatch(/^\S.*\S$/);
    });

    it('names no systemctl where a member is a plain process, and quotes its paths', () => {
      const steps = next(LOCAL).join('\n');
      expect(steps).not.toMatch(/systemctl|journalctl|\/systemd|on etcd02:|undefined/);
      expect(steps.replaceAll(/'[^']*'/g, '')).not.toContain('my clusters');
    });
  },
);

import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './describeLab.ts';
import { type Lab, startLab } from './lab.ts';
import { runPlaybook } from './playbook.ts';

const VERSIONS = ['3.3.25', '3.4.23', '3.5.16', '3.5.30'];

describeLab('every version from bare hosts', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'versions' });
  });
  afterAll(async () => lab?.stop());

  it.each(VERSIONS)(
    '%s: a first run is healthy, a second changes nothing, destroy leaves nothing',
    async (version) => {
      const of = ['-e', `etcd_version=${version}`, '-e', '{"etcd_settings":{"snapshot-count":20000}}'];
      const first = await runPlaybook(lab, of);
      expect(first.errors).toEqual([]);
      expect(first.code).toBe(0);
      const running = await lab.ssh('etcd02', '/opt/etcd/bin/etcd --version | head -n 1');
      expect(running.stdout.trim()).toBe(`etcd Version: ${version}`);
      const again = await runPlaybook(lab, of);
      expect(again.code).toBe(0);
      expect(again.changed).toEqual([]);
      const { stdout } = await lab.ssh(
        'etcd02',
        'systemd-analyze security --no-pager etcd.service | tail -n 1',
      );
      expect(Number(/: ([\d.]+) /.exec(stdout)?.[1])).toBeLessThanOrEqual(1.5);
      const gone = await runPlaybook(lab, ['-y', '--cluster', 'inventory', '--purge'], {
        playbook: 'destroy',
      });
      expect(gone.errors).toEqual([]);
      const left = await lab.ssh(
        'etcd02',
        'find /opt/etcd /var/lib/etcd /var/lib/quorate /etc/systemd/system/etcd* /run/etcd /run/quorate* -type f 2>/dev/null; id etcd 2>/dev/null; nft list ruleset; pgrep -x etcd',
      );
      expect(left.stdout.trim()).toBe('');
    },
  );
});

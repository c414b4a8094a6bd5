import { expect, it } from 'vitest';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { etcdConf } from '../../../../lib/etcd/files/etcd-conf.ts';
import { DEFAULTS } from '../../support/defaults.ts';

it('has settings also before any host was asked for its version', () => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1', etcd_settings: { 'snapshot-count': 20_000 } };
  for (const version of [{}, { etcd_version: '3.7.3' }]) {
    const all = { ...vars, ...version };
    const target = { name: 'a', vars: all, hostvars: { a: all }, facts: ORDINARY };
    expect(etcdConf(target)).toContain('ETCD_SNAPSHOT_COUNT="20000"');
  }
});

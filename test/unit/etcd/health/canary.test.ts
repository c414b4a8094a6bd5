import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import type { Sh } from '../../../../lib/dsl/sh.ts';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { canary } from '../../../../lib/etcd/health/canary.ts';
import type { EtcdHost } from '../../../../lib/etcd/surveyed.ts';
import { exchange } from '../../../../lib/runner/exchange.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';
import { SHELLS } from '../../support/shells.ts';

/** An etcdctl on a busy host: its watch says nothing before two seconds have passed. */
const ETCDCTL = `#!/bin/sh
cd "$(dirname "$0")" || exit 9
while case $1 in --*) ;; *) false ;; esac; do shift; done
echo "$*" >>calls
case "$*" in
  'lease grant'*) echo 'lease 7587a granted with TTL(60s)' ;;
  'lease timetolive'*) echo 'lease 7587a granted with TTL(60s), remaining(59s)' ;;
  'lease revoke'*) : >revoked ;;
  'txn') cat >>calls; if [ -e swapped ]; then echo FAILURE; else : >swapped; echo SUCCESS; fi ;;
  get*json*) echo '{"kvs":[{"create_revision":7}]}' ;;
  get*/lease*) if [ ! -e revoked ]; then echo 1; fi ;;
  get*) echo one ;;
  watch*) sleep 2; printf 'PUT\\nk\\none\\nPUT\\nk\\ntwo\\n'; exec sleep 30 ;;
esac
`;

it.each(SHELLS)(
  'a busy host is no failed canary, and no key outlives its lease: %s',
  async (_name, ...shell) => {
    const root = scratch();
    mkdirSync(`${root}/bin`);
    writeFileSync(`${root}/bin/etcdctl`, ETCDCTL, { mode: 0o755 });
    const vars = {
      ...DEFAULTS,
      etcd_address: '127.0.0.1',
      etcd_bin_dir: `${root}/bin`,
      etcd_cert_dir: `${root}/ssl`,
      etcd_service_manager: 'process',
    };
    const act = async (_doing: string, sh: Sh) => {
      const { readings } = await exchange(shellHost(shell), [{ id: 'act', sh, critical: false }], {
        stateDir: root,
      });
      return readings.get('act') ?? { code: 1, out: '' };
    };
    const target = { name: 'etcd01', vars, hostvars: { etcd01: vars }, facts: ORDINARY };
    await canary({ target, act } as Partial<EtcdHost> as EtcdHost);
    const calls = readFileSync(join(root, 'bin/calls'), 'utf8').split('\n');
    const puts = calls.filter((line) => /^put /.test(line));
    expect(puts.length).toBe(4);
    expect(puts.filter((line) => !line.includes('--lease=7587a'))).toEqual([]);
  },
);

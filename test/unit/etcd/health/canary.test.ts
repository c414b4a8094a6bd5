import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Sh } from '../../../../lib/dsl/shell/sh.ts';
import { EXIT } from '../../../../lib/errors.ts';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { canary } from '../../../../lib/etcd/health/canary.ts';
import type { EtcdHost } from '../../../../lib/etcd/surveyed.ts';
import { exchange } from '../../../../lib/runner/exchange/exchange.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';
import { SHELLS } from '../../support/shells.ts';

interface Fake {
  /** What `get` says of the key. */
  readonly get?: string;
  /** What a second `txn` says. */
  readonly refusal?: string;
  /** Seconds before a watch says anything. */
  readonly busy?: number;
  /** Words of a call that fails. */
  readonly fails?: string;
}

const GOT = '{"header":{"revision":8},"kvs":[{"key":"aw==","value":"b25l"}],"count":1}';

function etcdctl({ get = GOT, refusal = '{"header":{}}', busy = 0, fails = 'nothing' }: Fake): string {
  return `#!/bin/sh
cd "$(dirname "$0")" || exit 9
while case $1 in --*) ;; *) false ;; esac; do shift; done
echo "$*" >>calls
case "$*" in
  *'${fails}'*) echo 'Error: no' >&2; exit 1 ;;
  *'lease grant'*) echo '{"revision":6,"ID":481402,"TTL":60}' ;;
  *'lease timetolive'*) echo '{"ttl":59}' ;;
  *'lease revoke'*) : >revoked ;;
  *txn)
    cat >>calls
    if [ -e swapped ]; then echo '${refusal}'; else : >swapped; echo '{"header":{},"succeeded":true}'; fi ;;
  *get*/lease)
    if [ -e revoked ]; then echo '{"header":{"revision":9}}'
    else echo '{"header":{"revision":7},"kvs":[{"key":"aw==","value":"MQ=="}],"count":1}'; fi ;;
  *get*) echo '${get}' ;;
  *watch*)
    for key; do :; done
    key=$(printf %s "$key" | base64 -w 0)
    sleep ${busy}
    event() { printf '{"Events":[{"kv":{"key":"%s","value":"%s"}}]}\\n' "$key" "$1"; }
    event b25l; event dHdv
    exec sleep 30 ;;
esac
`;
}

describe.each(SHELLS)('the canary, by %s', (_name, ...shell) => {
  function host(fake: Fake = {}) {
    const root = scratch();
    mkdirSync(`${root}/bin`);
    writeFileSync(`${root}/bin/etcdctl`, etcdctl(fake), { mode: 0o755 });
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
    const facts = { ...ORDINARY, installed: '3.9.0' };
    const target = { name: 'etcd01', vars, hostvars: { etcd01: vars }, facts };
    const calls = () => readFileSync(join(root, 'bin/calls'), 'utf8').split('\n');
    return { prove: () => canary({ target, act } as Partial<EtcdHost> as EtcdHost), calls };
  }

  it('takes a busy host for no failure, and no key outlives its lease', async () => {
    const { prove, calls } = host({ busy: 2 });
    await prove();
    const puts = calls().filter((line) => /^put /.test(line));
    expect(puts.length).toBe(4);
    expect(puts.filter((line) => !line.includes('--lease=7587a'))).toEqual([]);
  });

  it.each<[failing: string, fake: Fake, exitCode?: number]>([
    ['the canary failed at: lease grant: Error: no', { fails: 'lease grant' }],
    ['the canary failed at: put with a lease: Error: no', { fails: '/lease 1' }],
    ['the canary failed at: get after put', { get: GOT.replace('b25l', 'dHdv') }],
    [
      'the canary failed at: compare-and-swap that must refuse',
      { refusal: '{"header":{},"succeeded":true}' },
    ],
    [
      'whether it works cannot be read: etcdctl 3.9.0 answered `get` in a shape not known here',
      { get: '{"header":{"revision":8},"keys":[]}' },
      EXIT.failed,
    ],
  ])('says %s', async (said, fake, exitCode = EXIT.unhealthy) => {
    const { prove, calls } = host(fake);
    await expect(prove()).rejects.toMatchObject({
      message: expect.stringContaining(`etcd01: ${said}`),
      exitCode,
    });
    expect(calls().at(-2)).toMatch(/^del --prefix /);
  });
});

import { chmodSync, mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { raw, sh } from '../../../../lib/dsl/shell/sh.ts';
import { requireReadable, unreadableFacts } from '../../../../lib/etcd/facts/unreadable.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { exchange } from '../../../../lib/runner/exchange/exchange.ts';
import { DEFAULTS } from '../../support/defaults.ts';
import { scratch } from '../../support/scratch.ts';
import { shellHost } from '../../support/shell-host.ts';
import { SHELLS } from '../../support/shells.ts';

const isRoot = process.getuid?.() === 0;

/** Paths that are there, with their modes; a folder ends with a slash. */
type Tree = Readonly<Record<string, number>>;

async function closed(shell: readonly string[], tree: Tree, login: string): Promise<string> {
  const dir = scratch();
  chmodSync(dir, 0o755);
  const at = (name: string) => join(dir, name);
  for (const path of Object.keys(tree)) {
    mkdirSync(path.endsWith('/') ? at(path) : dirname(at(path)), { recursive: true });
    if (!path.endsWith('/')) writeFileSync(at(path), '');
  }
  for (const [path, mode] of Object.entries(tree)) chmodSync(at(path), mode);
  const vars = {
    ...DEFAULTS,
    etcd_service_manager: 'process',
    etcd_config_dir: at('etcd/cfg'),
    etcd_cert_dir: at('etcd/ssl'),
    etcd_data_dir: at('var/etcd/data'),
  };
  const { text } = unreadableFacts(memberOf({ name: 'etcd01', vars, hostvars: {} }));
  const as = login === 'root' ? raw('sh') : raw(`setpriv --reuid=65534 --regid=65534 --clear-groups sh`);
  const probe = sh`printf '%s\n' ${`q_nl='\n'\n${text}`} | ${as}`;
  const { readings } = await exchange(shellHost(shell), [{ id: 'probe', sh: probe, critical: false }]);
  try {
    requireReadable(readings.get('probe')?.out ?? '', { name: 'etcd01' });
    return '';
  } catch (error) {
    return (error as Error).message.replaceAll(`${dir}/`, '');
  }
}

const SET_UP: Tree = {
  'etcd/cfg/etcd.conf': 0o640,
  'etcd/ssl/ca.pem': 0o644,
  'etcd/ssl/server-key.pem': 0o600,
  'etcd/state/': 0o755,
  'var/etcd/data/': 0o700,
};

describe.runIf(isRoot).each(SHELLS.filter(([name]) => name !== 'busybox'))(
  'what a login sees, in %s',
  (_, ...shell) => {
    it.each<[what: string, tree: Tree, login: string, said: string]>([
      ['of a bare host', {}, 'nobody', ''],
      ['of a member, as root', SET_UP, 'root', ''],
      ['of a member that is its own', { 'etcd/cfg/etcd.conf': 0o644, 'var/etcd/data/': 0o755 }, 'nobody', ''],
      [
        'of a member',
        SET_UP,
        'nobody',
        'etcd01: cannot read var/etcd/data, etcd/cfg/etcd.conf, etcd/ssl/server-key.pem as nobody',
      ],
      [
        'below a closed folder, where there may be data',
        { 'var/etcd/': 0o700 },
        'nobody',
        'etcd01: cannot read var/etcd as nobody',
      ],
      ['of closed records', { 'etcd/state/': 0o700 }, 'nobody', 'etcd01: cannot read etcd/state as nobody'],
      [
        'of a folder that may be searched, not listed',
        { 'var/etcd/data/': 0o711 },
        'nobody',
        'etcd01: cannot read var/etcd/data as nobody',
      ],
    ])('%s', async (_what, tree, login, said) => {
      expect(await closed(shell, tree, login)).toBe(said);
    });
  },
);

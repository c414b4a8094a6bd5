import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { awaitAddresses } from '../../../../lib/etcd/files/awaited-address.ts';
import { etcdUnit, unitWithoutWait } from '../../../../lib/etcd/files/unit.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';

const conf = (peer: string, client = peer) =>
  `ETCD_LISTEN_PEER_URLS="https://${peer}:2380"\nETCD_LISTEN_CLIENT_URLS="https://${client}:2379,http://127.0.0.1:2379"\n`;

it.each([
  ['every address', conf('0.0.0.0', '[::]')],
  ['loopback', conf('127.0.0.1', '[::1]')],
  ['what nobody knows', ''],
])('a start waits for no address where etcd binds %s', (_what, text) => {
  expect(awaitAddresses(text)).toBeUndefined();
});

/** Seconds waited, by the naps taken, on a host whose kernel lists `lines`. */
function waited(text: string, lines: string): number {
  const dir = mkdtempSync(join(tmpdir(), 'await-'));
  try {
    const list = join(dir, 'list');
    writeFileSync(list, lines);
    const script =
      awaitAddresses(text)
        ?.text.replaceAll(/\/proc\/self\/net\/\w+/g, list)
        .replaceAll('240', '3') ?? '';
    return Number(execFileSync('sh', ['-c', `sleep() { :; }; ${script}; echo $q_n`], { encoding: 'utf8' }));
  } finally {
    rmSync(dir, { recursive: true });
  }
}

const TRIE = (address: string) => `     |-- ${address}\n        /32 host LOCAL\n`;
const INET6 = (flags: string) => `fd000000000000000000000000520013 02 40 00 ${flags}     eth0\n`;

it.each<[string, string, string, number]>([
  ['not where the host has it', conf('10.0.52.13'), TRIE('10.0.52.13'), 0],
  ['where it has another, for a while only', conf('10.0.52.13'), TRIE('10.0.52.130'), 3],
  ['for the second one, too', conf('10.0.52.13', '10.1.0.3'), TRIE('10.0.52.13'), 3],
  ['not where IPv6 is there', conf('[fd00::52:13]'), INET6('80'), 0],
  ['not where IPv4 is there, within IPv6', conf('[::ffff:10.0.52.13]'), TRIE('10.0.52.13'), 0],
  ['for that of IPv4 within IPv6, too', conf('[::ffff:10.0.52.13]'), INET6('80'), 3],
  ['where IPv6 is looked for twice on the network', conf('[fd00::52:13]'), INET6('c0'), 3],
])('a start waits for its address: %s', (_what, text, lines, seconds) => {
  expect(waited(text, lines)).toBe(seconds);
});

it('a unit that waits is the one from before with one line more', () => {
  const vars = { ...DEFAULTS, etcd_address: '10.0.0.1' };
  const member = memberOf({ name: 'a', vars, hostvars: { a: vars } });
  const unit = etcdUnit(member, 252, conf('10.0.0.1'));
  expect(unit.split('\n').filter((line) => line.startsWith('ExecStartPre='))).toHaveLength(2);
  expect(unitWithoutWait(unit, conf('10.0.0.1'))).toBe(etcdUnit(member, 252, ''));
});

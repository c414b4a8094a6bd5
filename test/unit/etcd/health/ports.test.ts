import { spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { expect, it } from 'vitest';
import { filteredSaid } from '../../../../lib/etcd/health/port-matrix.ts';
import { filtered, parsePorts, probePorts, ruleSaid } from '../../../../lib/etcd/health/ports.ts';
import type { Member } from '../../../../lib/etcd/model/cluster.ts';
import { SHELLS } from '../../support/shells.ts';

const member = (host: string, address: string, clientPort = 2379, peerPort = 2380) =>
  ({ host, address, peerAddress: address, clientPort, peerPort }) as Member;
const OTHERS = [member('etcd02', '10.0.0.2'), member('etcd03', 'fd00::3')];

it.each([
  ['port 10.0.0.2 2380 0 ', 'open'],
  ['port 10.0.0.2 2380 124 ', 'filtered'],
  ['port 10.0.0.2 2380 143 ', 'filtered'],
  ['port fd00::3 2379 1 bash: line 1: /dev/tcp/fd00::3/2379: No route to host', 'filtered'],
  ['port 10.0.0.2 2379 1 bash: line 1: /dev/tcp/10.0.0.2/2379: Connection refused', 'refused'],
  ['port 10.0.0.2 2379 1 ', 'refused'],
  ['port 10.0.0.2 2379 1 bash: line 1: /dev/tcp/10.0.0.2/2379: Network is unreachable', 'unreachable'],
  ['port 10.0.0.2 2379 1 bash: line 1: a: Name or service not known', 'unreachable'],
  ['port 10.0.0.2 2379 127 timeout: not found', 'unknown'],
])('%s means %s', (line, state) => {
  expect(parsePorts('etcd01', OTHERS, line)).toMatchObject([{ from: 'etcd01', state }]);
});

it('takes nothing else for an answer', () => {
  expect(parsePorts('etcd01', OTHERS, 'port 10.0.0.9 2380 0 \nport 10.0.0.2 22 0 \nhello')).toEqual([]);
});

it('says what the firewall of either end has to do with it', () => {
  const [pair] = filtered(parsePorts('etcd01', OTHERS, 'port 10.0.0.2 2380 124 '), () => true);
  const said = (rules: readonly [string, string][]) => pair && filteredSaid(pair, new Map(rules));
  expect(said([])).toBe('etcd01 → etcd02:2380 filtered');
  expect(said([['etcd02', '2380 no-rule firewalld\n2379 rule tcp dport 2379 drop']])).toBe(
    'etcd01 → etcd02:2380 filtered; firewalld on etcd02 has no rule for it',
  );
  expect(said([['etcd02', '2380 rule tcp dport 2380 drop']])).toBe(
    'etcd01 → etcd02:2380 filtered; etcd02 has the rule "tcp dport 2380 drop"',
  );
  expect(said([['etcd01', '2380 rule tcp dport 2380 reject']])).toBe(
    'etcd01 → etcd02:2380 filtered; etcd01 has the rule "tcp dport 2380 reject"',
  );
  expect(said([['etcd02', '2380 own tcp dport 2380 drop']])).toBe(
    'etcd01 → etcd02:2380 filtered; etcd02 has the rule "tcp dport 2380 drop"',
  );
  expect(ruleSaid('etcd02', 2380, '', ['no-rule', 'rule', 'own'])).toBeUndefined();
});

it('takes our own rules, which let members in, for a cause where nobody else has one at either end', () => {
  const [pair] = filtered(parsePorts('etcd01', OTHERS, 'port 10.0.0.2 2380 124 '), () => true);
  const rules = new Map([
    ['etcd01', '2380 no-rule firewalld\n2380 rule tcp dport 2380 reject'],
    ['etcd02', '2380 own tcp dport 2380 drop'],
  ]);
  expect(pair && filteredSaid(pair, rules)).toMatch(/; etcd01 has the rule "tcp dport 2380 reject"$/);
});

it('does not take our own rules of the sending end for a cause', () => {
  const [pair] = filtered(parsePorts('etcd01', OTHERS, 'port 10.0.0.2 2380 124 '), () => true);
  const rules = new Map([['etcd01', '2380 own tcp dport 2380 drop']]);
  expect(pair && filteredSaid(pair, rules)).toBe('etcd01 → etcd02:2380 filtered');
});

it('does not call a host that is down one behind a firewall', () => {
  expect(filtered(parsePorts('etcd01', OTHERS, 'port 10.0.0.2 2380 124 '), () => false)).toEqual([]);
});

it.each(SHELLS)('tries ports side by side under %s', async (_name, shell, ...args) => {
  const server = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as { port: number };
  const others = [member('here', '127.0.0.1', port, 1)];
  const child = spawn(shell ?? 'sh', [...args, '-c', probePorts(others).text]);
  let out = '';
  child.stdout.setEncoding('utf8').on('data', (text) => {
    out += text;
  });
  await new Promise((resolve) => child.once('close', resolve));
  server.close();
  const states = parsePorts('a', others, out).map(
    (one) => `${one.port === port ? 'client' : 'peer'} ${one.state}`,
  );
  expect(states.sort()).toEqual(['client open', 'peer refused']);
});

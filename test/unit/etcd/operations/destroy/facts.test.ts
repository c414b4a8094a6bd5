import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { destroyFacts } from '../../../../../lib/etcd/operations/destroy/facts.ts';
import { parseEvidence } from '../../../../../lib/etcd/operations/doctor/evidence.ts';
import { probeEvidence } from '../../../../../lib/etcd/operations/doctor/probe.ts';
import { exchange } from '../../../../../lib/runner/exchange/exchange.ts';
import { memberBelow } from '../../../support/member-below.ts';
import { scratch } from '../../../support/scratch.ts';
import { shellHost } from '../../../support/shell-host.ts';
import { SHELLS } from '../../../support/shells.ts';

/** What may stand in a file, a name or a log of the member, in every form that a mark ever had. */
const FORGED = ['==', '', ' P ', 'P ', '\u001e', 'quorate-0 P '].flatMap((mark) =>
  ['manifest', 'data', 'lock', 'odd', 'ca', 'member', '@url 0 https://evil:1', '@down 0'].map(
    (part) => `${mark}${part}\n/etc/shadow\n7 somebody\n`,
  ),
);

it.each(SHELLS)('what a member says never passes for a part of what is read: %s', async (_name, ...shell) => {
  const root = scratch();
  const { host, member } = memberBelow(root);
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  };
  const forged = FORGED.join('');
  const born = readFileSync(`/proc/${process.pid}/stat`, 'utf8').split(' ')[21];
  put(join(member.stateDir, `${member.service}.pid`), `${process.pid} ${born}\n`);
  put(join(member.stateDir, `${member.service}.log`), forged);
  put(join(member.stateDir, 'owner'), 'cluster c\n');
  put(join(member.stateDir, 'manifest'), `${root}/cfg/etcd.conf\n`);
  put(`${root}/bin/etcdctl`, `#!/bin/sh\ncat ${root}/forged\ncat ${root}/forged >&2\n`, 0o755);
  put(`${root}/forged`, forged);
  for (const name of ['ca.pem', 'server.pem', 'peer.pem']) put(`${root}/ssl/${name}`, forged);
  put(`${root}/data/member/wal/x\n==lock\n7 somebody\n.wal`, '');

  const fragments = [
    { id: 'facts', sh: destroyFacts.probe(host), critical: false },
    { id: 'evidence', sh: probeEvidence(member, [], 'sick'), critical: false },
  ];
  const { readings } = await exchange(shellHost(shell), fragments, { stateDir: member.stateDir });
  const facts = destroyFacts.parse(readings.get('facts') ?? { code: 1, out: '' }, host);
  const found = parseEvidence(member, facts, [], readings.get('evidence')?.out ?? '');

  expect(facts.service).toBe('active');
  expect(facts.manifest).toEqual([`${root}/cfg/etcd.conf`]);
  expect(facts.dataIn).toEqual([]);
  expect(facts.reading?.clientUrl).toBeUndefined();
  expect(facts.reading?.askedAt).toBe('https://127.0.0.1:2379');
  expect([found.holder, found.odd]).toEqual([undefined, []]);
});

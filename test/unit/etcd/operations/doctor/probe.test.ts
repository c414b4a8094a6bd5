import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { PRELUDE, PROCESSES } from '../../../../../lib/dsl/shell/prelude.ts';
import { quote } from '../../../../../lib/dsl/shell/sh.ts';
import { ORDINARY } from '../../../../../lib/etcd/facts/index.ts';
import { dataDirOf, hasLog, otherData, ownLogs } from '../../../../../lib/etcd/operations/doctor/data.ts';
import { parseEvidence } from '../../../../../lib/etcd/operations/doctor/evidence.ts';
import { unreadLogs } from '../../../../../lib/etcd/operations/doctor/index.ts';
import { probeEvidence } from '../../../../../lib/etcd/operations/doctor/probe.ts';
import { marked } from '../../../support/marks.ts';
import { memberBelow } from '../../../support/member-below.ts';
import { scratch } from '../../../support/scratch.ts';
import { SHELLS } from '../../../support/shells.ts';

it.each(SHELLS)('pipes in the place of files keep nobody waiting: %s', (_name, file = 'sh', ...args) => {
  const root = scratch();
  const { member } = memberBelow(root);
  const log = join(member.stateDir, `${member.service}.log`);
  const pipes = [
    `${root}/ssl/server.pem`,
    `${root}/ssl/peer.pem`,
    `${root}/cfg/etcd.conf`,
    log,
    `${root}/key`,
  ];
  for (const path of pipes) {
    mkdirSync(dirname(path), { recursive: true });
    execFileSync('mkfifo', [path]);
  }
  writeFileSync(`${member.stateDir}/issued`, `${'0'.repeat(64)} ${root}/key\n`);
  const script = `${PRELUDE}\nq_state=${member.stateDir}\n${probeEvidence(member, [], 'sick').text}`;
  const out = execFileSync(file, args, {
    input: script,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    timeout: 10_000,
  });
  const { certificates, journal, unread } = parseEvidence(member, ORDINARY, [], marked(out));
  expect([certificates, journal, unread]).toEqual([[], [], `${log} is not a file`]);
});

it.each([
  ['a login that sees its own messages alone', 'Hint: You are not seeing messages from other users.', true],
  ['a journal that is closed', 'No journal files were opened due to insufficient permissions.', true],
  ['a journal without a line', '-- No entries --', false],
  ['a journal that is read', '', false],
])('a journal that could not be read is not taken for an empty one: %s', (_, said, unread) => {
  const root = scratch();
  const { member } = memberBelow(root);
  const tools = { journalctl: `printf '%s' ${quote(said)} >&2`, systemctl: 'echo NRestarts=0' };
  for (const [name, text] of Object.entries(tools)) {
    writeFileSync(join(root, name), `#!/bin/sh\n${text}\n`, { mode: 0o755 });
  }
  const script = `${PRELUDE}\nq_state=${member.stateDir}\n${probeEvidence({ ...member, manager: 'systemd' }, [], 'sick').text}`;
  const out = execFileSync('sh', {
    input: script,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
    env: { ...process.env, PATH: `${root}:${process.env.PATH}` },
  });
  const found = parseEvidence(member, ORDINARY, [], marked(out));
  expect(found.unread).toBe(unread ? said : undefined);
  const sick = { ...found, reading: undefined };
  expect(unreadLogs([sick])).toEqual(
    unread ? [`etcd01: what it wrote could not be read, become root (-b): ${said}`] : [],
  );
});

it.each(SHELLS)('what a host says of a member is read alike: %s', async (_name, file = 'sh', ...args) => {
  const root = scratch();
  const { member } = memberBelow(root);
  const put = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    chmodSync(path, mode);
  };
  const denied = `open ${root}/it's/a key.pem: permission denied`;
  put(`${root}/bin/etcd`, '#!/bin/sh\n', 0o755);
  put(
    `${root}/cfg/etcd.conf`,
    `ETCD_DATA_DIR="${root}/typo"\nETCD_LOG_OUTPUTS="stderr,${root}/own.log"\nETCD_NAME="x"\n`,
  );
  put(`${root}/ssl/ca.pem`, 'x', 0o640);
  put(`${root}/data/member/wal/0.wal`, 'log');
  put(`${root}/typo/member/wal/0.wal`, '');
  const db = `${root}/typo/member/snap/db`;
  put(db, 'data');
  const locker = spawn('flock', [db, 'sh', '-c', 'echo locked; exec sleep 9'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  await once(locker.stdout, 'data');
  put(`${root}/data.kept-17/member/wal/0.wal`, 'old');
  put(join(member.stateDir, `${member.service}.log`), `{"level":"fatal","msg":"x","error":"${denied}"}\n`);
  put(`${root}/own.log`, '{"level":"panic","msg":"nobody knows this"}\n');
  put(`${member.stateDir}/issued`, `${'0'.repeat(64)} ${root}/ssl/ca.pem\n`);

  const born = execFileSync('sh', ['-c', `${PROCESSES}\nq_born ${process.pid}`], { encoding: 'utf8' }).trim();
  symlinkSync(`${process.pid}:${born}:alice@laptop`, `${member.stateDir}/lock`);

  const script = `${PRELUDE}\nq_state=${member.stateDir}\n${probeEvidence(member, [], 'sick').text}`;
  const out = execFileSync(file, args, {
    input: script,
    encoding: 'utf8',
    stdio: ['pipe', 'pipe', 'ignore'],
  });
  locker.kill();
  const found = parseEvidence(member, ORDINARY, [], marked(out));

  expect(found.lockers).toEqual([{ pid: locker.pid, program: 'flock' }]);
  expect(found.journal.map(({ cause }) => cause)).toEqual(['unreadable', 'fatal']);
  expect([dataDirOf(found), hasLog(found), ownLogs(found)[0]?.size]).toEqual([`${root}/typo`, true, 0]);
  expect(otherData(found)).toEqual([`${root}/data`]);
  const states = Object.fromEntries(
    found.paths.map(({ path, state, mode }) => [path, `${state} ${mode}`.trim()]),
  );
  expect(states).toMatchObject({
    [`${root}/bin/etcd`]: 'there 0755',
    [`${root}/ssl/ca.pem`]: 'there 0640',
    [`${root}/ssl/peer-key.pem`]: 'missing',
    [dirname(root)]: expect.stringMatching(/^there/),
    [`${root}/typo`]: expect.stringMatching(/^there/),
  });
  expect(found.odd).toEqual([`${root}/ssl/ca.pem`]);
  expect(found.mounts.map(({ path }) => path)).toEqual([`${root}/typo`, `${root}/bin`, `${root}/ssl`]);
  expect(found.free?.kiB).toBeGreaterThan(0);
  expect(found.unread).toBeUndefined();
  expect(found.holder).toEqual({ who: 'alice@laptop', pid: process.pid });
  expect([found.process, found.dropIns]).toEqual([undefined, []]);
});

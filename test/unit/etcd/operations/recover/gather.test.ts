import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { GATHER } from '../../../../../lib/etcd/operations/recover/shell.ts';
import { scratch } from '../../../support/scratch.ts';

const status = (leader: number, applied?: number) =>
  JSON.stringify([
    {
      Status: {
        header: { cluster_id: 1, member_id: 2 },
        raftTerm: 3,
        version: applied === undefined ? '3.3.25' : '3.6.16',
        leader,
        raftIndex: 120,
        // Whatever is 0 is left out.
        ...(applied && { raftAppliedIndex: applied }),
      },
    },
  ]);

/** Gathers with an etcd that waits to be ended, and an etcdctl that answers with these in turn, the last one for ever. */
function gathered(
  answers: readonly string[],
  users?: { readonly knows: boolean },
): { readonly said: string; readonly asked: number } {
  const root = scratch();
  const files = ['ca.pem', 'server.pem', 'server-key.pem'].map((name) => join(root, name));
  for (const file of files) writeFileSync(file, '');
  mkdirSync(join(root, 'copy/member/wal'), { recursive: true });
  mkdirSync(join(root, 'bin'));
  writeFileSync(join(root, 'copy/member/wal/x.wal'), 'whole and torn');
  for (const [i, answer] of answers.entries()) writeFileSync(join(root, `answer${i + 1}`), answer);
  const program = (name: string, script: string) => {
    writeFileSync(join(root, 'bin', name), `#!/bin/sh\n${script}\n`);
    chmodSync(join(root, 'bin', name), 0o755);
  };
  program('etcd', 'exec sleep 60');
  program('etcdutl', ':');
  program(
    'etcdctl',
    `case "$*" in *version) echo 'etcdctl version: 3.9.0'; exit ;; esac
${users ? `case "$*" in *${users.knows ? 'unix:' : ''}*) echo null; echo 'etcdserver: user name is empty' >&2; exit 1 ;; esac` : ''}
n=$(($(cat ${root}/count 2>/dev/null || echo 0) + 1)); echo "$n" >${root}/count
if [ "$n" -gt ${answers.length} ]; then n=${answers.length}; fi; cat "${root}/answer$n"`,
  );
  const args = [
    join(root, 'copy'),
    'x.wal',
    '5',
    '\\055end',
    '100',
    join(root, 'bin/etcd'),
    join(root, 'bin/etcdctl'),
    ...files,
  ];
  const said = execFileSync('sh', ['-c', GATHER, 'q_own', ...args], { encoding: 'utf8' }).trim();
  expect(readFileSync(join(root, 'copy/member/wal/x.wal'), 'utf8')).toBe('whole-end');
  return { said, asked: Number(readFileSync(join(root, 'count'), 'utf8')) };
}

describe('data that has users of etcd in force', () => {
  it('is asked as the member, whose certificate names its user', () => {
    expect(gathered([status(7, 112)], { knows: true }).said).toBe(status(7, 112));
  });

  it('is given up at once where that user may not ask', () => {
    const failed = () => gathered([status(7, 112)], { knows: false });
    expect(failed).toThrow(
      expect.objectContaining({ stdout: expect.stringContaining('authentication is enabled in this data') }),
    );
  });
});

describe('an etcd whose status is in no shape known here', () => {
  it('is given up, which is said with the version', () => {
    const failed = () => gathered([status(7, 112).replace('leader', 'leads').replace('raftIndex', 'raft')]);
    const said = 'etcdctl 3.9.0 answered `endpoint status` in a shape not known here';
    expect(failed).toThrow(expect.objectContaining({ stdout: expect.stringContaining(said) }));
  });
});

describe('a log is carried out', () => {
  it('once its last entry is, however long the answers were alike before', () => {
    const { said, asked } = gathered([
      status(0, 40),
      ...Array.from({ length: 12 }, () => status(7, 0)),
      ...[status(7, 60), status(7, 60), status(7, 60)],
      ...[status(7, 110), status(7, 112), status(7, 112)],
    ]);
    expect([said, asked]).toEqual([status(7, 112), 19]);
  });

  it('where 3.3 does not say how far it is, once nothing has changed for seconds', () => {
    const { said, asked } = gathered([status(7), status(7), status(7), status(0), status(8)]);
    expect([said, asked]).toEqual([status(8), 15]);
  }, 20_000);
});

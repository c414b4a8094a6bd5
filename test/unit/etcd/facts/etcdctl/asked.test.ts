import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { ASK, DIGEST, printedByName, SAY, saidLine } from '../../../../../lib/etcd/facts/etcdctl/asked.ts';
import { marked } from '../../../support/marks.ts';
import { SHELLS } from '../../../support/shells.ts';

describe.each(SHELLS)('what is asked by %s', (_name, shell = '', ...args) => {
  const run = (script: string) => {
    const env = { PATH: process.env.PATH ?? '', SHLVL: '1' };
    const { stdout, stderr } = spawnSync(shell, [...args, '-c', script], { encoding: 'utf8', env });
    expect(stderr).toBe('');
    return stdout;
  };
  const TOOL = `tool() { echo '{"level":"warn"}' >&2; printf 'one\\ntwo\\n'; echo 'Error: no' >&2; return "$1"; }`;

  it('keeps its answer, its exit code and what was said beside apart', () => {
    const printed = printedByName(
      marked(run(`${ASK.text}\n${TOOL}\nq_ask first tool 0 && q_ask second tool 4 || echo "ended with $?"`)),
    );
    const err = '{"level":"warn"}\nError: no';
    expect(printed('first')).toEqual({ code: 0, out: 'one\ntwo', err });
    expect(printed('second')).toMatchObject({ code: 4, err });
    expect(printed('second')?.out).toMatch(/^one\ntwo\nended with 4$/);
    expect(printed('third')).toBe(undefined);
  });

  it('is one line where there are no marks, or the digest of all that was printed', () => {
    const said = run(`${SAY}\n${DIGEST}\n${TOOL}
say status echo '{"a":1}'; say count tool 4; digest read tool 0; digest none tool 4`);
    expect(saidLine(said, 'status')).toEqual({ code: 0, out: '{"a":1}', err: '' });
    expect(saidLine(said, 'count')).toMatchObject({ code: 4 });
    expect(saidLine(said, 'hash')).toBe(undefined);
    expect(said.split('\n').slice(-2)).toEqual([expect.stringMatching(/^read [0-9a-f]{64}$/), '']);
  });
});

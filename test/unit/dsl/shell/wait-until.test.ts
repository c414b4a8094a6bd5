import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { type Sh, sh } from '../../../../lib/dsl/shell/sh.ts';
import { LOOK_SECONDS, waitUntil, within } from '../../../../lib/dsl/shell/wait-until.ts';
import { READ_SECONDS } from '../../../../lib/runner/exchange/script.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

describe.each(SHELLS)('what is waited for under %s', (_name, file = 'sh', ...args) => {
  const run = ({ text }: Sh) => {
    const began = Date.now();
    const { status, stdout } = spawnSync(file, [...args, '-c', `${PRELUDE}( ${text} ) 2>&1`], {
      encoding: 'utf8',
      timeout: 20_000,
    });
    return { status, stdout, seconds: (Date.now() - began) / 1000 };
  };
  /** Shell that hangs, by a program of a program; `late` is made where nobody ends it. */
  const hangs = (late: string) => sh`echo asking; sh -c "sleep 8; : >"${late}'; :'; sleep 60`;

  it('is there, or comes', () => {
    const path = join(scratch(), 'x');
    expect(run(waitUntil(sh`echo said`, 5, sh`exit 3`))).toMatchObject({ status: 0, stdout: '' });
    expect(run(waitUntil(sh`[ -e ${path} ]`, 5, sh`: >${path}`))).toMatchObject({ status: 0, stdout: '' });
  });

  it('does not come: its last try is told, and what goes on meanwhile may give up', () => {
    const { status, stdout } = run(waitUntil(sh`echo said; false`, 1, sh`:`));
    expect([status, stdout]).toEqual([1, 'not there after 1 s; the last try said:\nsaid\n']);
    expect(run(waitUntil(sh`false`, 5, sh`exit 3`))).toMatchObject({ status: 3, stdout: '' });
  });

  it('does not answer: the try is ended with all that it has started', () => {
    const late = join(scratch(), 'late');
    const { status, stdout, seconds } = run(waitUntil(hangs(late), 1, sh`:`));
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^not there after 1 s.*\nasking\n/)]);
    expect(seconds).toBeLessThan(12);
    expect(run(within(hangs(late), 1)).seconds).toBeLessThan(12);
    run(sh`sleep 8`);
    expect(existsSync(late)).toBe(false);
  }, 60_000);

  it('does not heed a polite end', () => {
    const deaf = sh`sh -c 'trap "" TERM; echo asking; while :; do sleep 1; done'`;
    const { status, stdout, seconds } = run(waitUntil(deaf, 1, sh`:`));
    expect([status, stdout]).toEqual([1, expect.stringMatching(/^not there after 1 s.*\nasking\n/)]);
    expect(seconds).toBeLessThan(12);
    expect(run(sh`${within(deaf, 1)} >/dev/null 2>&1`).seconds).toBeLessThan(12);
  }, 60_000);

  it('leaves something in the background that holds its output', () => {
    expect(run(waitUntil(sh`sleep 18 & :`, 5, sh`:`)).seconds).toBeLessThan(12);
    const { status, stdout, seconds } = run(waitUntil(sh`sleep 18 & echo said; false`, 1, sh`:`));
    expect([status, stdout]).toEqual([1, 'not there after 1 s; the last try said:\nsaid\n']);
    expect(seconds).toBeLessThan(12);
  }, 60_000);

  it('answers within its time, with its own output and exit status', () => {
    expect(run(within(sh`echo said; exit 4`, 5))).toMatchObject({ status: 4, stdout: 'said\n' });
  });
});

it('a look may take nearly all the time in which a host has to answer', () => {
  expect(READ_SECONDS - LOOK_SECONDS).toBe(5);
});

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { plainPlay } from '../../../lib/dsl/plain-play.ts';
import { role } from '../../../lib/dsl/role.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { recordsProblem } from '../../../lib/runner/records.ts';
import { startRun } from '../../../lib/runner/run.ts';
import { recorder } from '../support/recorder.ts';
import { WHOLE_RUN } from '../support/run-options.ts';
import { scratch } from '../support/scratch.ts';
import { shellHost } from '../support/shell-host.ts';

/** Of a host whose records would lie below a file; a play for each path. */
async function run(check: boolean, root: string, ...paths: readonly string[]) {
  const sink = recorder();
  const host = {
    name: 'web1',
    groups: [],
    vars: { ansible_connection: 'local', inventory_dir: root },
    connect: async () => shellHost(['sh'], 'web1'),
  };
  const plays = paths.map((path, i) =>
    plainPlay({
      name: `play ${i}`,
      id: 'site',
      hosts: 'all',
      roles: [role({ name: 'web', tasks: () => [directory(path)] })],
    }),
  );
  const code = await startRun(
    { name: 'site', description: '', plays },
    {
      ...WHOLE_RUN,
      select: () => [host],
      check,
      sink,
    },
  ).done;
  return {
    code,
    errors: sink.events.flatMap((event) => (event.event === 'error' ? [event.message] : [])),
    changed: sink.events.flatMap((event) =>
      event.event === 'task' && event.status === 'changed' ? [event.task] : [],
    ),
  };
}

it('where no records can be kept a check fails as a run does, if something is to be changed', async () => {
  const root = join(scratch(), 'file');
  writeFileSync(root, '');
  const path = join(scratch(), 'made');
  const said = (found: string) => ({ code: 2, errors: [expect.stringMatching(found)] });
  expect(await run(true, root, path)).toMatchObject(
    said(`^web1: cannot keep records in ${root}/.quorate/site/web1: ${root} is not a directory$`),
  );
  expect(await run(false, root, path)).toMatchObject(
    said('^web1: the run lock .* cannot be written: mkdir: '),
  );
  expect(existsSync(path)).toBe(false);
  mkdirSync(path);
  expect(await run(true, root, path)).toEqual({ code: 0, errors: [], changed: [] });
});

it('a check plans all plays where no records can be kept, and says so once after them', async () => {
  const root = join(scratch(), 'file');
  writeFileSync(root, '');
  const { code, errors, changed } = await run(true, root, join(scratch(), 'a'), join(scratch(), 'b'));
  expect([code, errors.length, changed.length]).toEqual([2, 1, 2]);
});

it('a login that may write nothing there is told to become root', () => {
  const problem = recordsProblem('web1', '/var/lib/quorate/site', { code: 0, out: 'sealed /var/lib\n' });
  expect(problem).toMatchObject({
    exitCode: 2,
    message: 'web1: cannot keep records in /var/lib/quorate/site: /var/lib lets this login write nothing',
    hint: expect.stringMatching(/become root \(-b\)$/),
  });
  expect(recordsProblem('web1', '/x', { code: 0, out: 'directory /var/lib\n' })).toBeUndefined();
});

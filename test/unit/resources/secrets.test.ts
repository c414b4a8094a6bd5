import { execFileSync } from 'node:child_process';
import { statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { file } from '../../../lib/resources/file.ts';
import { line } from '../../../lib/resources/line.ts';
import { systemdUnit } from '../../../lib/resources/systemd-unit.ts';
import { timer } from '../../../lib/resources/timer.ts';
import { run } from '../support/cycle.ts';
import { scratch } from '../support/scratch.ts';

/** Both sides of the change of a file that has `before` and is to have `after`. */
function sides(before: string, after: string | Secret) {
  const path = join(scratch(), 'file');
  writeFileSync(path, before);
  const task = file(path, { content: after, mode: '0644' });
  const out = execFileSync('sh', { input: `${PRELUDE}\n${task.probe?.text}`, encoding: 'utf8' });
  const [change] = task.diff({ code: 0, out }, new World()).filter(({ property }) => property === 'content');
  return [change?.before, change?.after];
}

const password = new Secret('guess-me-if-you-can').reveal();
const odd = new Secret('hunter$2%"rocks').reveal();
const DIGEST = expect.stringMatching(/^sha256:[0-9a-f]{12}$/);

describe('of a file that changes nobody can test a guess of a secret in it:', () => {
  it.each<[string, string, string | Secret, unknown]>([
    ['a file without any', 'a\n', 'b\n', DIGEST],
    ['the file is one', 'a\n', new Secret('something else\n'), '(secret)'],
    ['the text holds one that is known', 'a\n', `ETCD_NAME="a"\nX="${password}"\n`, '(secret)'],
    ['the text holds one by its name', 'a\n', 'discovery-password: abc\n', '(secret)'],
    ['what is there holds one', 'ETCD_DISCOVERY_PASSWORD="old"\n', 'ETCD_NAME="a"\n', '(secret)'],
    ['the password alone differs', `p=${password}\n`, 'p=x\n', '(secret)'],
  ])('%s', (_what, before, after, said) => {
    expect(sides(before, after)).toEqual([said, said]);
  });
});

it.each<[string, string, object, number]>([
  ["with a secret in it is the owner's alone", `PW=${password}\n`, {}, 0o600],
  ['without one is for all', 'PW=x\n', {}, 0o644],
  ['with a mode of its own has that', `PW=${password}\n`, { mode: '0640' }, 0o640],
])('a new file %s, be it whole or a line', async (_what, text, more, mode) => {
  const dir = scratch();
  const [whole, edited] = [join(dir, 'whole'), join(dir, 'edited')];
  const tasks = [
    file(whole, { content: text, ...more }),
    line(edited, { line: text.trim(), create: true, ...more }),
  ];
  await run(tasks, { dir });
  expect([whole, edited].map((path) => statSync(path).mode & 0o777)).toEqual([mode, mode]);
});

it.each([
  ['a unit', 1, () => systemdUnit('a.service', { content: `[Service]\nEnvironment=PW=${password}\n` })],
  [
    'a timer with a secret that is spelt otherwise there',
    2,
    () => timer('a', { calendar: 'daily', run: { ...sh`:`, text: `x -p ${odd}` } }),
  ],
  ['a timer', 2, () => timer('a', { calendar: 'daily', run: { ...sh`:`, text: `x -p ${password}` } })],
])('%s with a secret has no digest that guesses could be tested with', (_what, files, make) => {
  const task = make();
  const systemd = 'Version=252\nNeedDaemonReload=no\nActiveState=inactive\nUnitFileState=disabled\n';
  const out = `${`${MARK}\n`.repeat(files)}${systemd}`;
  const changes = task.diff({ code: 0, out }, new World());
  expect(changes.map(({ after }) => after)).toContain('(secret)');
});

import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';

const PLAYBOOK = join(import.meta.dirname, 'wrongPlaybook.ts');

/** From source, as a user without a compiler runs it: what it says of errors, with hints, and its exit code. */
function run(wrong: string) {
  const inventory = join(scratch(), 'inventory.yaml');
  writeFileSync(inventory, 'all: { hosts: { here: { ansible_connection: local } } }\n');
  const args = ['--import', 'tsx', PLAYBOOK, '-i', inventory, '--output', 'json'];
  const { status, stdout } = spawnSync(process.execPath, args, {
    encoding: 'utf8',
    env: { ...process.env, WRONG: wrong },
  });
  const events = stdout
    .trim()
    .split('\n')
    .map((one) => JSON.parse(one));
  const errors = events.filter(({ event }) => event === 'error');
  return {
    status,
    last: events.at(-1)?.event,
    said: errors.map(({ message, hint }) => `${message} / ${hint}`),
    at: errors.flatMap(({ position }) => (position ? `${basename(position.file)}:${position.line}` : [])),
  };
}

it.each([
  [
    'role',
    [
      'here: role web is wrong: file "/nonexistent/a": it has no option mdoe / did you mean mode?',
      'here: role web is wrong: command "it is done": it needs creates, unless or changedWhen: \'always\' / give one of them',
    ],
    ['wrongPlaybook.ts:13', 'wrongPlaybook.ts:14'],
  ],
  [
    'meta',
    [
      'playbook: its first argument is import.meta, by which it knows its file / write playbook(import.meta, { plays: [play({ hosts, roles })] })',
    ],
    [],
  ],
  [
    'vars',
    [
      'role web: variable port: its default "x" does not fit its own schema: it must be integer / change the one or the other',
    ],
    ['wrongPlaybook.ts:9'],
  ],
  [
    'play',
    [
      'play: it has no option host / did you mean hosts?',
      'play: it has no option role / did you mean roles?',
    ],
    ['wrongPlaybook.ts:19', 'wrongPlaybook.ts:19'],
  ],
])(
  'what is wrong with a %s ends a run that no compiler has seen with 1, and its place',
  (wrong, said, at) => {
    expect(run(wrong)).toEqual({ status: 1, last: 'recap', said, at });
  },
  30_000,
);

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { completeCommands } from '../../../../lib/cli/start/complete-commands.ts';
import { howStarted, lineOf } from '../../../../lib/cli/start/started.ts';
import { commandLine } from '../../../../lib/command-line.ts';
import { scratch } from '../../support/scratch.ts';

const PLAIN = { inventory: [], user: undefined, become: false, askBecomePass: false };
const STARTED = { file: '/x/playbooks/site.ts', typed: 'playbooks/site.ts', launcher: 'npx tsx' };

it.each([
  ['are whole without flags', PLAIN, 'next: npx tsx playbooks/doctor.ts -r certs'],
  [
    'get the inventories',
    { ...PLAIN, inventory: ['inventory/prod.yaml', "my lab's.yaml"] },
    "next: npx tsx playbooks/doctor.ts -i inventory/prod.yaml -i 'my lab'\\''s.yaml' -r certs",
  ],
  [
    'get the login',
    { inventory: ['a.yaml'], user: 'ops', become: true, askBecomePass: true },
    'next: npx tsx playbooks/doctor.ts -i a.yaml -u ops -b -K -r certs',
  ],
])('command lines in hints %s', (_name, options, hint) => {
  const event = { event: 'error', message: commandLine('site'), exitCode: 7 } as const;
  const marked = { ...event, hint: `next: ${commandLine('doctor')} -r certs` };
  const written = completeCommands(marked, STARTED, options);
  expect(written).toMatchObject({ hint, message: expect.stringMatching(/^npx tsx playbooks\/site\.ts/) });
});

it('text that only looks like a command line stays as it is', () => {
  const event = { event: 'error', message: 'x', exitCode: 7, hint: 'npx tsx playbooks/site.ts' } as const;
  expect(completeCommands(event, STARTED, { ...PLAIN, inventory: ['a.yaml'] })).toEqual(event);
});

it.each(['\u2063destroy\u2063 -y --purge', '\u2061\u2062destroy\u2061\u2062'])(
  'what a host says is not a command line, whatever it looks like: %j',
  (said) => {
    const event = { event: 'error', message: `it said: ${said}`, exitCode: 2, hint: said } as const;
    expect(completeCommands(event, STARTED, PLAIN)).toEqual(event);
  },
);

it.each([
  [
    '/p/site.ts',
    ['--require', '/m/tsx/dist/preflight.cjs', '--import', 'file:///m/tsx/dist/loader.mjs'],
    'npx tsx',
  ],
  ['/p/site', ['--require', '/m/tsx/dist/preflight.cjs'], 'npx tsx'],
  ['/p/site.ts', ['--import', 'tsx'], 'node --import tsx'],
  ['/p/site.ts', ['--import=tsx/esm'], 'node --import tsx'],
  ['/p/site.ts', [], 'node'],
])('a run of %s by node %j is told of as %s', (typed, execArgv, launcher) => {
  const started = howStarted('/p/site.ts', ['node', typed], execArgv);
  expect(lineOf(started, 'site')).toBe(`${launcher} ${typed}`);
});

it('names the playbook beside the one that runs, else the one of ours', () => {
  const folder = join(scratch(), 'my books');
  mkdirSync(folder);
  writeFileSync(join(folder, 'site.ts'), '');
  const started = { file: '', typed: join(folder, 'motd.ts'), launcher: 'node' };
  expect(lineOf(started, 'site')).toBe(`node '${join(folder, 'site.ts')}'`);
  expect(lineOf(started, 'doctor')).toBe('node playbooks/doctor.ts');
});

it.each(['site.mts', 'site.js', 'site'])('names ours as it is called, whatever the ending of %s', (typed) => {
  const started = { file: `/x/${typed}`, typed: join(scratch(), typed), launcher: 'npx tsx' };
  expect(lineOf(started, 'lock')).toBe('npx tsx playbooks/lock.ts');
});

it('no message writes a command line of ours itself', () => {
  const root = new URL('../../../../', import.meta.url).pathname;
  const files = ['lib', 'roles'].flatMap((folder) =>
    readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => join(folder, name)),
  );
  const code = (file: string) =>
    readFileSync(join(root, file), 'utf8').replaceAll(/\/\*[\s\S]*?\*\/|\/\/.*/g, '');
  const guilty = files.filter((file) => /npx tsx|playbooks\/\w+\.ts/.test(code(file)));
  expect(guilty.sort()).toEqual(['lib/cli/quorate/own-command.ts', 'lib/cli/start/started.ts']);
});

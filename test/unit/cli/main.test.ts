import { spawnSync } from 'node:child_process';
import { closeSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { scratch } from '../support/scratch.ts';

const ROOT = fileURLToPath(new URL('../../..', import.meta.url));

it.each([
  ['without its ending', 'playbooks/site'],
  ['from its folder', './playbooks/../playbooks/site.ts'],
])('a playbook runs when it is named %s', (_, path) => {
  const { stdout, stderr, status } = start(path, '--version');
  expect({ stdout, stderr, status }).toMatchObject({
    stdout: expect.stringMatching(/^\d+\./),
    stderr: '',
    status: 0,
  });
});

it.each([
  ['json', false],
  ['--output json --nonsense', true],
  ['--output=json --nonsense', true],
  ['--nonsense --output', false],
])('an error on the command line "%s" is JSON: %s', (words, json) => {
  const { stdout, status } = startCompiled(program('playbooks/site.ts'), ...words.split(' '));
  expect(status).toBe(1);
  expect(stdout.startsWith('{')).toBe(json);
});

it.each([
  ['inventory.ts', '--list'],
  ['site.ts', '--plan-format=json'],
])(
  'a document that cannot be written is an error: %s %s',
  (name, flag) => {
    const full = openSync('/dev/full', 'w');
    const given = ['-i', join(ROOT, 'inventory/local.yaml'), flag];
    const { status, stderr } = spawnSync(process.execPath, [program(`playbooks/${name}`), ...given], {
      cwd: ROOT,
      encoding: 'utf8',
      stdio: ['ignore', full, 'pipe'],
    });
    closeSync(full);
    expect([status, stderr]).toEqual([1, expect.stringContaining('cannot write to standard output: ENOSPC')]);
  },
  20_000,
);

it.each(['--help', '--version'])('%s is fine where nobody reads it', (flag) => {
  const line = '"$0" "$1" "$2" 2>&1 >&3 3>&- | cat; exit "${PIPESTATUS[0]}"';
  const ended = [
    '-c',
    `{ sleep 0.2; ${line}; } 3> >(exec true)`,
    process.execPath,
    program('playbooks/site.ts'),
  ];
  const { status, stdout } = spawnSync('bash', [...ended, flag], { encoding: 'utf8' });
  expect([status, stdout]).toEqual([0, '']);
});

/** As users of a clone start it. */
function start(...args: string[]) {
  return spawnSync(process.execPath, ['--import', 'tsx', ...args], { cwd: ROOT, encoding: 'utf8' });
}

/** A playbook that is compiled: a start takes a fifth. */
function startCompiled(file: string, ...args: string[]) {
  return spawnSync(process.execPath, [file, ...args], { cwd: ROOT, encoding: 'utf8' });
}

it('members of a cluster have no --prune: what they leave behind is for destroy', () => {
  const { status, stderr } = startCompiled(program('playbooks/site.ts'), '--prune');
  expect([status, stderr]).toEqual([1, expect.stringContaining('this playbook has no --prune')]);
});

it.each(['--role', '--tags', '--skip-tags'])(
  '--prune with %s is refused: it would take away what others declare',
  (flag) => {
    const { status, stderr } = startCompiled(
      program('test/unit/cli/plainPlaybook.ts'),
      '--prune',
      flag,
      'role',
    );
    expect([status, stderr]).toEqual([1, expect.stringContaining('--prune looks at whole plays')]);
  },
);

describe('a playbook without -i', () => {
  const write = (folder: string) => {
    const file = join(folder, 'motd.js');
    writeFileSync(join(folder, 'package.json'), '{ "type": "module" }\n');
    writeFileSync(
      file,
      `import { command, play, playbook, role, sh } from '${program('test/unit/cli/dslPlaybook.ts')}';
const motd = role({
  name: 'motd',
  description: 'Runs a command.',
  tasks: () => [command('command', { run: sh\`:\`, changedWhen: 'always' })],
});
await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [motd] })] });
`,
    );
    return file;
  };

  it('names no host by itself: 1, before any contact', () => {
    const { status, stderr } = startCompiled(write(scratch()), '--list-hosts');
    expect(status).toBe(1);
    expect(stderr).toMatch(/no inventory is named[\s\S]*name an inventory with -i/);
  });

  it('takes the inventory beside it', () => {
    const folder = scratch();
    writeFileSync(
      join(folder, 'inventory.yaml'),
      'all: { hosts: { mine: { ansible_connection: local } } }\n',
    );
    const { status, stdout } = startCompiled(write(folder), '--list-hosts');
    expect([status, stdout]).toEqual([0, expect.stringContaining('mine')]);
  });

  it('is named after its file, in its help as in its records', () => {
    const folder = scratch();
    writeFileSync(
      join(folder, 'inventory.yaml'),
      'all: { hosts: { mine: { ansible_connection: local } } }\n',
    );
    const file = write(folder);
    expect(start(file, '--help').stdout).toContain(`node --import tsx ${file} [-i INVENTORY]`);
    const { status, stdout } = startCompiled(file, '--output', 'json');
    expect(JSON.parse(stdout.split('\n')[0] ?? '')).toMatchObject({ event: 'start', playbook: 'motd' });
    expect(status).toBe(0);
    expect(readFileSync(join(folder, '.quorate/motd/mine/owner'), 'utf8')).toBe('playbook motd\n');
  });

  it("takes the sample cluster of this machine if it is etcd's", () => {
    expect(start('playbooks/site.ts', '--list-hosts').stdout).toMatch(/hosts \(3\)/);
  });
});

it.each([
  ['prod.yml', 'prod.yaml'],
  ['prod.yaml', 'prod.yml'],
])('-i %s is told of the %s that is there', (given, there) => {
  const folder = scratch();
  writeFileSync(join(folder, there), 'all: {}\n');
  const { status, stderr } = startCompiled(program('playbooks/site.ts'), '-i', join(folder, given));
  expect(status).toBe(1);
  expect(stderr).toContain(`did you mean ${join(folder, there)}?`);
});

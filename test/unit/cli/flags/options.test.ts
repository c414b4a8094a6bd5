import { describe, expect, it } from 'vitest';
import { FLAGS, flagsOf, OF_CHANGES } from '../../../../lib/cli/flags/flags.ts';
import { helpText } from '../../../../lib/cli/flags/help.ts';
import { type Options, parseOptions } from '../../../../lib/cli/flags/options.ts';
import { chooseRoles } from '../../../../lib/cli/flags/roles.ts';
import { loadOwnPlaybooks } from '../../../../lib/cli/quorate/own-playbooks.ts';
import type { Playbook } from '../../../../lib/dsl/play.ts';
import { VERSION } from '../../../../lib/version.ts';
import packageJson from '../../../../package.json' with { type: 'json' };

const parse = (...args: string[]) => parseOptions(args, []) as Options;

const playbook = {
  name: 'site',
  description: 'd',
  plays: [
    {
      roles: [
        { name: 'certs', description: 'c' },
        { name: 'verify', description: 'v' },
      ],
    },
  ],
} as unknown as Playbook;

const STARTED = { file: '/x/site.ts', typed: 'site.ts', launcher: 'node' };

describe('the command line', () => {
  it('takes --vault-id as Ansible does: before password files, with a prompt for a file', () => {
    const args = ['--vault-password-file', 'f', '--vault-id', 'a@b', '--vault-id=c', '--vault-id', 'prompt'];
    expect(parse(...args).vaultPasswordFiles).toEqual(['a@b', '@c', '@prompt', 'f']);
  });

  it('takes the flags of ansible-playbook, short and long', () => {
    const options = parse(
      '-i',
      'a.yaml',
      '--inventory=b.yaml',
      '-l',
      'x',
      '-CD',
      '-f',
      '7',
      '-e',
      'a=1',
      '-bkKvv',
      '-t',
      'a,b',
    );
    expect(options).toMatchObject({
      inventory: ['a.yaml', 'b.yaml'],
      limit: 'x',
      check: true,
      diff: true,
      forks: 7,
      extraVars: ['a=1'],
      become: true,
      askPass: true,
      askBecomePass: true,
      verbosity: 2,
      tags: ['a', 'b'],
    });
  });

  const refused: readonly (readonly [readonly string[], RegExp])[] = [
    [['--chek'], /^unknown option --chek$/],
    [['-f', '0'], /--forks takes a whole number from 1 to 500, not "0"/],
    [['-f', 'many'], /--forks takes a whole number/],
    [['--output', 'xml'], /--output is pretty, plain or json, not "xml"/],
    [['stray'], /^unexpected argument stray$/],
    [['--dry-run'], /^unknown option --dry-run$/],
    [['-i'], /^--inventory needs a value: FILE$/],
  ];
  it.each(refused)('%j is refused with exit code 1', (args, message) => {
    expect(() => parseOptions(args, [])).toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.stringMatching(message) }),
    );
  });

  it.each([
    [['--dry-run'], 'did you mean --check? --help lists the options'],
    [['--chek'], 'did you mean --check? --help lists the options'],
    [['prod.yaml'], 'did you mean -i prod.yaml? --help lists the options'],
    [['--utterly-else'], '--help lists the options'],
    [['--private-key', 'x'], 'did you mean -e ansible_ssh_private_key_file=FILE? --help lists the options'],
    [['-c', 'local'], 'did you mean -e ansible_connection=ssh|local? --help lists the options'],
    [['-T', '5'], 'did you mean -e ansible_timeout=SECONDS? --help lists the options'],
    [['--flush-cache'], 'leave it out: facts are read in each run; --help lists the options'],
  ])('%j has the hint: %s', (args, hint) => {
    expect(() => parseOptions(args, [])).toThrow(expect.objectContaining({ hint }));
  });

  it('leaves what a playbook does not have out of its help, and shows its examples', () => {
    const own = {
      ...playbook,
      hides: ['yes', 'check', 'role'],
      inventory: '../inventory/local.yaml',
      examples: [['-l a', 'one host']] as const,
    };
    const text = helpText(own, STARTED);
    expect(text).not.toMatch(/--yes|--check,|--role|^roles:/m);
    expect(text).toContain('(default: inventory/local.yaml)');
    expect(text).toContain('examples:\n  # one host\n  node site.ts -l a\n');
  });

  it('promises no pending changes, and no hosts that change, where a playbook only looks', () => {
    const pending = /8 changes pending/;
    expect(helpText(playbook, STARTED, 999)).toMatch(pending);
    const text = helpText({ ...playbook, hides: OF_CHANGES }, STARTED, 999);
    expect(text).not.toMatch(/changes pending|detailed-exitcode|hosts to change|be changed/);
    expect(text).toContain('7 the cluster is not healthy, 70 a bug');
  });

  it.each([
    [['-C'], '--check'],
    [['--check', '-i', 'a.yaml'], '--check'],
    [['-r', 'certs'], '--role'],
    [['--list-tasks'], '--list-tasks'],
    [['-y'], undefined],
    [['-l', 'a', '-v'], undefined],
    [['-C', '--help'], undefined],
  ])('%j, of a playbook that only looks: refused with %s', (args, refused) => {
    const parsing = () => parseOptions(args, [], OF_CHANGES);
    if (refused === undefined) expect(parsing).not.toThrow();
    else {
      const message = `this playbook has no ${refused}`;
      expect(parsing).toThrow(expect.objectContaining({ exitCode: 1, message }));
    }
  });

  it('names every flag in its help', () => {
    const text = helpText({ ...playbook, inventory: '../inventory/local.yaml' }, STARTED);
    for (const { name } of FLAGS) expect(text).toContain(`--${name}`);
  });

  it.each([80, 120])('breaks its help between words on a screen of %i columns', (columns) => {
    const lines = helpText(playbook, STARTED, columns).split('\n');
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThan(columns);
    expect(lines.join(' ').replaceAll(/ +/g, ' ')).toContain(
      FLAGS.find(({ name }) => name === 'output')?.description,
    );
  });

  it('has the version of the package', () => {
    expect(VERSION).toBe(packageJson.version);
  });
});

describe('the choice of roles', () => {
  const cases: readonly (readonly [string[], readonly string[]])[] = [
    [[], ['certs', 'verify']],
    [['-r', 'certs'], ['certs']],
    [['-t', 'verify'], ['verify']],
    [
      ['-t', 'all'],
      ['certs', 'verify'],
    ],
    [
      ['-t', 'tagged'],
      ['certs', 'verify'],
    ],
    [['-t', 'untagged'], []],
    [['-t', 'untagged,certs'], ['certs']],
    [['--skip-tags', 'verify'], ['certs']],
    [
      ['--skip-tags', 'untagged'],
      ['certs', 'verify'],
    ],
    [['--skip-tags', 'all'], []],
    [['-t', 'certs', '--skip-tags', 'tagged'], []],
    [
      ['-r', 'certs', '-t', 'verify'],
      ['certs', 'verify'],
    ],
  ];
  it.each(cases)('%j', (args, roles) => {
    const includes = chooseRoles(playbook, parse(...args));
    expect(['certs', 'verify'].filter(includes)).toEqual(roles);
  });

  it.each(['all', 'tagged', 'untagged'])('has no role %s, which is a word of tags', (word) => {
    expect(() => chooseRoles(playbook, parse('-r', word))).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it('suggests the role that was meant', () => {
    expect(() => chooseRoles(playbook, parse('-r', 'cert'))).toThrow(
      expect.objectContaining({ exitCode: 1, hint: 'did you mean certs? roles: certs, verify' }),
    );
  });
});

describe('exit code 8', () => {
  it('is told by the help of playbooks that have --detailed-exitcode, and of no others', async () => {
    for (const playbook of await loadOwnPlaybooks()) {
      const has = flagsOf(playbook).some(({ name }) => name === 'detailed-exitcode');
      expect(helpText(playbook, STARTED, 1000).includes('8 changes pending'), playbook.name).toBe(has);
    }
  });

  it.each(['members', 'recover', 'restore', 'upgrade', 'certs'])('comes of a check of %s', async (name) => {
    const playbook = (await loadOwnPlaybooks()).find((one) => one.name === name);
    const args = ['--check', '--detailed-exitcode', '--from', 'x'].slice(0, name.startsWith('re') ? 4 : 2);
    const options = parseOptions(args, playbook?.flags ?? [], playbook?.hides) as Options;
    expect(options.detailedExitcode).toBe(true);
  });
});

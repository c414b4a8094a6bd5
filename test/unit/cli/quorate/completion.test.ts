import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { completed } from '../../../../lib/cli/quorate/completed.ts';
import { completion } from '../../../../lib/cli/quorate/completion.ts';
import { hear } from '../../support/hear.ts';

const ROOT = new URL('../../../..', import.meta.url).pathname;
const folder = mkdtempSync(join(tmpdir(), 'quorate-completion-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Names of hosts that a shell would make something of. */
const BAD = ['$(touch ran)', '`touch ran`', '$HOME', '*', 'web;x'];

/**
 * A project whose `quorate` is not on the PATH. To keep the test short it is a stand-in, that knows what it is asked as
 * `completed` does, and asks for `-i ../inventory.yaml` in a folder below.
 */
beforeAll(async () => {
  mkdirSync(join(folder, 'node_modules/.bin'), { recursive: true });
  mkdirSync(join(folder, 'sub'));
  const program = join(folder, 'node_modules/.bin/quorate');
  writeFileSync(
    program,
    `#!/bin/sh
case "$*" in
  'completion words roles run site.ts '*) printf 'base\\nwebserver\\n' ;;
  'completion words roles site '*) printf 'firewall\\ncerts\\n' ;;
  'completion words hosts exec -i bad.yaml') printf '%s\\n' ${BAD.map((name) => `'${name}'`).join(' ')} ;;
  'completion words hosts '*) printf 'all\\nweb\\nweb01\\nweb02\\n' ;;
esac
`,
  );
  chmodSync(program, 0o755);
  writeFileSync(join(folder, 'package.json'), '{ "type": "module" }');
  writeFileSync(
    join(folder, 'site.ts'),
    `import { play, playbook, role } from '${ROOT}package/index.ts';
const named = (name: string) => role({ name, description: name, tasks: () => [] });
export default await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [named('base'), named('webserver')] })] });
`,
  );
  writeFileSync(join(folder, 'inventory.yaml'), 'web: { hosts: { web01: , web02: } }\n');
  for (const shell of ['bash', 'zsh', 'fish']) {
    const said = hear();
    await completion([shell], 'npx quorate');
    vi.restoreAllMocks();
    writeFileSync(join(folder, `.quorate.${shell}`), said.join(''));
  }
}, 60_000);

describe('words for a shell', () => {
  it('are the hosts and groups of the inventory that is meant', async () => {
    const inventory = join(folder, 'inventory.yaml');
    const wanted = expect.arrayContaining(['all', 'web', 'web01', 'web02']);
    expect(await completed(['hosts', 'site', '-i', inventory, '-l'])).toEqual(wanted);
    expect(await completed(['hosts', 'run', join(folder, 'site.ts'), '-l'])).toEqual(wanted);
  });

  it.each([
    [['-i', 'hosts.ini']],
    [['-ihosts.ini']],
    [['--inventory=hosts.ini']],
    [['--inventory', '=', 'hosts.ini']],
    [['-Di', 'hosts.ini']],
  ])('are the hosts of hosts.ini with %j', async (typed) => {
    writeFileSync(join(folder, 'hosts.ini'), '[db]\ndb01\n');
    const found = await completed([
      'hosts',
      'site',
      ...typed.map((word) => word.replace('hosts.ini', `${folder}/hosts.ini`)),
      '-l',
    ]);
    expect(found).toContain('db01');
    expect(found).not.toContain('web01');
  });

  it('are the roles of the playbook', async () => {
    expect(await completed(['roles', 'run', join(folder, 'site.ts')])).toEqual(['base', 'webserver']);
    expect(await completed(['roles', 'site'])).toContain('firewall');
  });

  it('are none where nothing can be read', async () => {
    expect(await completed(['hosts', 'site', '-i', '/no/such'])).toEqual([]);
    expect(await completed(['roles', 'run', '/no/such.ts'])).toEqual([]);
    expect(await completed([])).toEqual([]);
  });
});

type Complete = (line: string, cwd: string) => readonly string[];

/** Words after `line`, as the function that bash would call for its first word gives them. */
function inBash(line: string, cwd: string): readonly string[] {
  const words = line
    .split(' ')
    .flatMap((word) => word.split(/(?<=.)(=)/).filter((part, i) => part !== '' || i === 0))
    .map((word) => `'${word}'`);
  return said(
    'bash',
    [
      '--norc',
      '-c',
      `source ${folder}/.quorate.bash; COMP_WORDS=(${words.join(' ')}); COMP_CWORD=${words.length - 1}
how=$(complete -p "\${COMP_WORDS[0]}"); [[ $how =~ -F\\ ([^ ]+) ]]; "\${BASH_REMATCH[1]}"; printf '%s\\n' "\${COMPREPLY[@]}"`,
    ],
    cwd,
  );
}

function inFish(line: string, cwd: string): readonly string[] {
  const script = `source ${folder}/.quorate.fish; complete -C '${line}'`;
  return said('fish', ['--no-config', '-c', script], cwd).map((one) =>
    (one.split('\t')[0] ?? '').replace(/^--\w+=/, ''),
  );
}

/** A zsh with a terminal, where the key of completion tells what it would offer. */
function inZsh(line: string, cwd: string): readonly string[] {
  const setup = `autoload -Uz compinit; compinit -u -D; source ${folder}/.quorate.zsh
zstyle ':completion:*' verbose no
compadd() {
  local -a hits; builtin compadd -A hits "$@"
  [[ " $* " == *' -'[OAD]' '* ]] || print -rl -- "hit:"\${^hits}
  builtin compadd "$@"
}
ended() { print ENDED }
comppostfuncs=(ended)
PROMPT=; unsetopt zle_bracketed_paste; cd ${cwd}; print READY`;
  writeFileSync(join(folder, '.setup.zsh'), setup);
  const script = `zmodload zsh/zpty; zpty z zsh -f -i; zpty -w z 'stty -echo; . ${folder}/.setup.zsh'
zpty -r z out '*READY*'; zpty -w -n z $'${line}\\t'; zpty -r z out '*ENDED*'; print -r -- "$out"; zpty -d z`;
  const all = said('zsh', ['-f', '-c', script], cwd);
  return all.flatMap((one) => /hit:([^\r]+)/.exec(one)?.[1] ?? []);
}

function said(shell: string, args: readonly string[], cwd: string): readonly string[] {
  const env = { ...process.env, TERM: 'dumb', HOME: folder };
  const { stdout, stderr } = spawnSync(shell, args, { encoding: 'utf8', cwd, timeout: 20_000, env });
  expect(stderr).toBe('');
  return stdout.split('\n').filter(Boolean);
}

const SHELLS: readonly (readonly [string, Complete])[] = [
  ['bash', inBash],
  ['zsh', inZsh],
  ['fish', inFish],
];

describe.each(SHELLS)('completion in %s', (shell, complete) => {
  const isHere = spawnSync(shell, ['--version']).status === 0;

  it.skipIf(!isHere).each([
    ['quorate ru', ['run']],
    ['npx quorate ru', ['run']],
    ['npx quo', ['quorate']],
    ['npx quorate run si', ['site.ts']],
    ['npx quorate run site.ts --output ', ['pretty', 'plain', 'json']],
    ['npx quorate run site.ts --detailed', ['--detailed-exitcode']],
    ['npx quorate run site.ts -r ', ['base', 'webserver']],
    ['npx quorate run site.ts -l web', ['web', 'web01', 'web02']],
    ['quorate site -r fire', ['firewall']],
    ['quorate site --limit=web0', ['web01', 'web02']],
    ['quorate site --limit=', ['all', 'web', 'web01', 'web02']],
    ['quorate exec we', ['web', 'web01', 'web02']],
    ['quorate explain lin', ['line', 'link']],
  ])('%s', (line, wanted) => {
    expect([...new Set(complete(line, folder))].sort()).toEqual([...wanted].sort());
  });

  it.skipIf(!isHere)('offers names from an inventory as they are, and runs nothing of them', () => {
    const found = complete('quorate exec -i bad.yaml ', folder);
    const plain = found.map((one) => one.replaceAll('\\', ''));
    expect(plain).toEqual(expect.arrayContaining(BAD));
    expect(existsSync(join(folder, 'ran'))).toBe(false);
  });

  it.skipIf(!isHere)('finds the command of the project from a folder below', () => {
    const found = complete('npx quorate site -i ../inventory.yaml -l web0', join(folder, 'sub'));
    expect([...found].sort()).toEqual(['web01', 'web02']);
  });

  it.skipIf(!isHere)('offers no --prune where a playbook has none', () => {
    expect(complete('quorate backup --pru', folder)).toEqual([]);
    expect(complete('quorate run site.ts --pru', folder)).toContain('--prune');
  });
});

describe('the scripts', () => {
  it.each(['bash', 'zsh', 'fish'])('of %s have no gap left to fill', (shell) => {
    const text = readFileSync(join(folder, `.quorate.${shell}`), 'utf8');
    expect(text).not.toContain('{inventory}');
    expect(text.length).toBeGreaterThan(1000);
  });
});

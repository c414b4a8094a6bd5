import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { guideCommands, guideFiles } from '../../unit/docs/guide.ts';
import { must, run } from '../support/host/process.ts';
import { isWhole } from '../support/long.ts';
import { fetchNode, NODES, node } from '../support/nodes.ts';

const ROOT = new URL('../../..', import.meta.url).pathname;
const TOOL = (name: string) => join(ROOT, 'node_modules/.bin', name);

/** Settings of a user that are stricter than ours. */
const STRICT =
  '--noEmit --strict --noUncheckedIndexedAccess --exactOptionalPropertyTypes --verbatimModuleSyntax --module nodenext --target es2022 --allowImportingTsExtensions'.split(
    ' ',
  );

const ROLE = `import { directory, file, role } from 'quorate';
export const mine = role({
  name: 'mine',
  description: 'a role of my own',
  facts: ['distribution'],
  vars: {
    mine_dir: { type: 'string', required: true, description: 'Where.' },
    mine_n: { type: 'integer', default: 3, description: 'How many.' },
  },
  tasks: ({ vars, facts }) => [
    directory(vars.mine_dir),
    file(\`\${vars.mine_dir}/n\`, { content: \`\${vars.mine_n * 2} on \${facts.distribution}\\n\` }),
  ],
});
`;

/** Writes that role, a playbook and an inventory with its variable, which may be given another name. */
function writeMine(made: string): (variable: string) => void {
  mkdirSync(join(own, 'roles'), { recursive: true });
  writeFileSync(join(own, 'roles/mine.ts'), ROLE);
  writeFileSync(
    join(own, 'mine.ts'),
    "import { play, playbook } from 'quorate';\nimport { mine } from './roles/mine.ts';\nawait playbook(import.meta, { plays: [play({ hosts: 'all', roles: [mine] })] });\n",
  );
  const inventory = (variable: string) =>
    writeFileSync(
      join(own, 'mine.yaml'),
      `all: { hosts: { here: { ansible_connection: local, ${variable}: ${made} } } }\n`,
    );
  inventory('mine_dir');
  return inventory;
}

/** Under vitest in a project of a user's: the version that this project has. */
const VITE: string = JSON.parse(readFileSync(join(ROOT, 'node_modules/vite/package.json'), 'utf8')).version;

const dir = mkdtempSync(join(tmpdir(), 'quorate-package-'));
const own = join(dir, 'own');
afterAll(() => rmSync(dir, { recursive: true, force: true }));

/** The tarball, installed into a folder of a user's own. */
beforeAll(async () => {
  await must('npm', ['pack', '--pack-destination', dir], { cwd: ROOT, timeoutMs: 120_000 });
  mkdirSync(own);
  await must('npm', ['init', '-y'], { cwd: own });
  // Not the newest, which may need what a mirror of the registry does not have yet.
  await must('npm', ['pkg', 'set', `overrides.vite=${VITE}`], { cwd: own });
  await must('npm', ['install', '--no-audit', '--no-fund', tarball()], { cwd: own, timeoutMs: 300_000 });
  await must('npx', ['quorate', 'init'], { cwd: own });
}, 450_000);

function tarball(): string {
  return join(dir, readdirSync(dir).find((name) => name.endsWith('.tgz')) ?? 'none');
}

const bin = join(own, 'node_modules/.bin/quorate');

/** As `npx` starts it, without the second of CPU that `npx` itself takes. */
function quorate(...args: readonly string[]) {
  return run(bin, args, { cwd: own, timeoutMs: 60_000 });
}

/** Changes that the last line of JSON counts. */
function changed(out: string): number {
  const { hosts } = JSON.parse(out.trim().split('\n').at(-1) ?? '{}');
  return Object.values<{ changed: number }>(hosts).reduce((sum, host) => sum + host.changed, 0);
}

const DIST = 'node_modules/quorate/dist';

/** The files that Node loads with these before anything runs, and what they import of other packages. */
function startOf(first: readonly string[]) {
  const files = new Set(first);
  const imported = new Set<string>();
  const statement = /(?:^|[;}\n])(?:import|export)\b(?:[^'"`;()]*?\bfrom)?\s*["'`]([^"'`]+)["'`]/g;
  for (const file of files)
    for (const [, name = ''] of readFileSync(join(own, DIST, file), 'utf8').matchAll(statement)) {
      if (name.startsWith('.')) files.add(join(dirname(file), name));
      else if (!name.startsWith('node:')) imported.add(name);
    }
  return { files: [...files], imported: [...imported] };
}

describe('the package', () => {
  it('is right in the eyes of publint and of attw', async () => {
    await must(TOOL('publint'), ['run', '--strict', tarball()], { cwd: ROOT });
    await must(TOOL('attw'), ['--profile', 'esm-only', tarball()], { cwd: ROOT });
  });

  it('is less than 1.7 MiB, and its types import nothing but Node', () => {
    const files = filesBelow(join(own, 'node_modules/quorate'));
    const texts = files.map((file) => [file, readFileSync(file, 'utf8')] as const);
    expect(files.reduce((sum, file) => sum + statSync(file).size, 0)).toBeLessThan(1.7 * 2 ** 20);
    const imported = texts.flatMap(([file, text]) =>
      file.endsWith('.d.ts')
        ? [
            ...text.matchAll(/^(?:import|export)\b[^;]*? from ['"]([^'"]+)['"]|import\(['"]([^'"]+)['"]\)/gm),
          ].map(([, one, two]) => one ?? two ?? '')
        : [],
    );
    expect(imported.filter((name) => !/^(\.|node:)/.test(name))).toEqual([]);
  });

  it.each([
    ['quorate --help', ['quorate', 'lib/_overview'], 16, 150, ['fastest-levenshtein']],
    ['quorate site', ['playbooks/site'], 14, 520, ['fastest-levenshtein']],
  ])(
    'begins %s with few files, none of them a package that is slow to load',
    (_what, names, most, kib, packages) => {
      const { files, imported } = startOf(names.map((name) => `${name}.js`));
      expect(imported.filter((name) => !packages.includes(name))).toEqual([]);
      expect(files.length, files.join(' ')).toBeLessThanOrEqual(most);
      const size = files.reduce((sum, file) => sum + statSync(join(own, DIST, file)).size, 0);
      expect(size).toBeLessThan(kib * 1024);
    },
  );

  it('init overwrites nothing, and an installation has nothing to warn of', async () => {
    writeFileSync(join(own, 'README.md'), 'mine\n');
    const { stdout } = await quorate('init');
    expect(stdout).toContain('kept  README.md');
    expect(readFileSync(join(own, 'README.md'), 'utf8')).toBe('mine\n');
    const install = ['install', '--no-audit', '--no-fund'];
    const { code, stdout: out, stderr } = await run('npm', install, { cwd: own, timeoutMs: 300_000 });
    expect({ code, warned: /warn.*/i.exec(`${out}${stderr}`)?.[0] }).toEqual({ code: 0, warned: undefined });
  }, 310_000);

  it('a fresh clone of what init wrote installs as CI does, and has no file from outside', async () => {
    const clone = join(dir, 'ci/build/clone');
    cpSync(own, clone, { recursive: true, filter: (path) => !path.includes('node_modules') });
    await must('npm', ['ci', '--no-audit', '--no-fund'], { cwd: clone, timeoutMs: 300_000 });
    expect(await must('npx', ['quorate', 'run', 'site.ts', '--list-tasks'], { cwd: clone })).toContain(
      'hello',
    );
  }, 310_000);

  it('has a README whose commands are those of the package', () => {
    const readme = readFileSync(join(own, 'node_modules/quorate/README.md'), 'utf8');
    expect(readme).not.toMatch(/npx tsx|playbooks\//);
    expect(readFileSync(join(ROOT, 'README.md'), 'utf8')).toContain('npx tsx playbooks/site.ts');
  });

  it('what init wrote checks', async () => {
    expect((await quorate('run', 'site.ts', '--check', '--output', 'plain')).code).toBe(0);
  });

  it('runs the first role of the guide; its types are right as those of init, and both tests pass', async () => {
    // Until here nothing is installed but what the guide has its reader install.
    expect(guideCommands()).toContain('npm install');
    for (const [name, text] of guideFiles()) writeFileSync(join(own, name), text);
    const made = join(dir, 'motd.d');
    const motd = (...args: string[]) =>
      quorate('run', 'motd.ts', '--output', 'json', '-e', `motd_dir=${made}`, ...args);
    expect(changed((await motd('--check')).stdout)).toBe(2);
    expect((await motd()).code).toBe(0);
    expect(readFileSync(join(made, 'quorate'), 'utf8')).toMatch(/^This is here, /);
    expect(changed((await motd()).stdout)).toBe(0);
    await must('npm', ['run', 'types'], { cwd: own });
    const { code, stdout, stderr } = await run('npm', ['test'], { cwd: own, timeoutMs: 60_000 });
    expect({ code, said: `${stdout}${stderr}` }).toMatchObject({ code: 0 });
    expect(`${stdout}${stderr}`).not.toContain('getcwd');
  }, 120_000);

  it('takes a role of the user, whose mistakes are red before they are a run', async () => {
    const made = join(dir, 'made');
    const inventory = writeMine(made);
    const tsc = (file: string) => run(join(own, 'node_modules/.bin/tsc'), [...STRICT, file], { cwd: own });
    expect(await tsc('mine.ts')).toMatchObject({ code: 0 });
    for (const [right, wrong] of [
      ['vars.mine_n *', 'vars.mine_m *'],
      ['facts.distribution', 'facts.mounts'],
    ] as const) {
      writeFileSync(join(own, 'roles/bad.ts'), ROLE.replace(right, wrong));
      expect((await tsc('roles/bad.ts')).code, wrong).not.toBe(0);
    }
    rmSync(join(own, 'roles/bad.ts'));
    const mine = (...args: string[]) =>
      quorate('run', 'mine.ts', '-i', 'mine.yaml', '--output', 'json', ...args);
    expect(changed((await mine('--check')).stdout)).toBe(2);
    expect(existsSync(made)).toBe(false);
    expect((await mine()).code).toBe(0);
    expect(readFileSync(join(made, 'n'), 'utf8')).toMatch(/^6 on /);
    expect(changed((await mine()).stdout)).toBe(0);
    inventory('mine_dri');
    const missing = await mine();
    expect(missing.code).toBe(1);
    expect(missing.stdout).toContain('mine_dir');
  }, 120_000);

  it.each(isWhole('NODES') ? NODES : [24 as const])(
    'runs on Node %i, too',
    async (major) => {
      await fetchNode(major);
      const made = join(dir, `made-${major}`);
      writeMine(made);
      const env = { ...process.env, PATH: `${dirname(node(major))}${delimiter}${process.env.PATH}` };
      const mine = (...args: string[]) =>
        run(node(major), [bin, 'run', 'mine.ts', '-i', 'mine.yaml', '--output', 'json', ...args], {
          cwd: own,
          env,
        });
      expect(changed((await mine('--check')).stdout)).toBe(2);
      expect((await mine()).code).toBe(0);
      expect(readFileSync(join(made, 'n'), 'utf8')).toMatch(/^6 on /);
      expect(changed((await mine()).stdout)).toBe(0);
    },
    420_000,
  );

  it('explains a resource, from what it brings along', async () => {
    const { code, stdout } = await quorate('explain', 'directory');
    expect({ code, stdout }).toMatchObject({
      code: 0,
      stdout: expect.stringContaining("directory('/srv/www'"),
    });
  });

  it('gives roles of etcd that only the play of etcd takes', async () => {
    const text = (roles: string) =>
      `import { play, role } from 'quorate';\nimport { etcdPlay, verify } from 'quorate/etcd';\nconst mine = role({ name: 'mine', description: 'x', tasks: () => [] });\nexport default [etcdPlay('etcd', [${roles}]), play({ hosts: 'all', roles: [mine] })];\n`;
    const tsc = (file: string) => run(join(own, 'node_modules/.bin/tsc'), [...STRICT, file], { cwd: own });
    writeFileSync(join(own, 'right.ts'), text('verify'));
    writeFileSync(join(own, 'wrong.ts'), text('verify, mine'));
    expect(await tsc('right.ts')).toMatchObject({ code: 0 });
    expect((await tsc('wrong.ts')).code).not.toBe(0);
  });

  it('names commands as this user types them', async () => {
    const { stdout: help } = await run('npx', ['quorate', 'status', '--help'], { cwd: own });
    expect(help).toContain('npx quorate status -i inventory/prod.yaml');
    const empty = mkdtempSync(join(dir, 'empty-'));
    const { code, stdout, stderr } = await run(bin, ['site'], { cwd: empty });
    expect(code).toBe(1);
    expect(`${stdout}${stderr}`).toContain('npx quorate site --local');
  });

  it('has the sample cluster below ./.quorate/local, and writes nothing into itself', async () => {
    const before = filesBelow(join(own, 'node_modules/quorate')).length;
    const { code, stdout } = await quorate('site', '--local', '--check');
    expect({ code, stdout }).toMatchObject({ code: 0, stdout: expect.stringContaining('etcd03') });
    const { stdout: vars } = await quorate(...['site', '--local', '--check', '--output', 'json', '--diff']);
    expect(vars).toContain(`${own}/.quorate/local/etcd01/`);
    expect(vars).not.toContain('node_modules/quorate/.quorate');
    expect(filesBelow(join(own, 'node_modules/quorate'))).toHaveLength(before);
  });
});

function filesBelow(folder: string): readonly string[] {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
}

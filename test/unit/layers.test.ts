import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = new URL('../..', import.meta.url).pathname;

/** Packages of others that an installation has. */
const PACKAGES = Object.keys(JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8')).dependencies);

/** Folder → folders of this project that its files may import from, itself left out. */
const MAY_IMPORT: Readonly<Record<string, readonly string[]>> = {
  package: ['roles', 'lib', 'lib/cli', 'lib/dsl', 'lib/etcd', 'lib/kit', 'lib/resources', 'lib/runner'],
  playbooks: ['roles', 'lib/cli', 'lib/dsl', 'lib/etcd', 'lib/fleet'],
  'lib/fleet': ['lib', 'lib/cli', 'lib/dsl', 'lib/inventory', 'lib/report', 'lib/runner'],
  roles: ['lib', 'lib/dsl', 'lib/resources', 'lib/etcd', 'lib/pki', 'lib/release'],
  'lib/cli': [
    'lib',
    'lib/dsl',
    'lib/inventory',
    'lib/report',
    'lib/resources',
    'lib/runner',
    'lib/transport',
  ],
  'lib/kit': ['lib', 'lib/cli', 'lib/dsl', 'lib/inventory', 'lib/resources', 'lib/transport'],
  'lib/report': ['lib', 'lib/dsl', 'lib/runner'],
  'lib/runner': ['lib', 'lib/dsl', 'lib/transport'],
  'lib/resources': ['lib', 'lib/dsl', 'lib/inventory', 'lib/pki', 'lib/release'],
  'lib/etcd': ['lib', 'lib/dsl', 'lib/pki', 'lib/resources'],
  'lib/pki': ['lib', 'lib/dsl'],
  'lib/release': ['lib', 'lib/dsl'],
  'lib/inventory': ['lib', 'lib/dsl', 'lib/transport'],
  'lib/transport': ['lib', 'lib/dsl'],
  'lib/dsl': ['lib'],
  lib: [],
};

/** Package → the one folder that may import it. */
const OWNER: Readonly<Record<string, string>> = {
  'node-ssh': 'lib/transport',
  ssh2: 'lib/transport',
  zx: 'lib/transport',
  listr2: 'lib/report',
  yaml: 'lib/inventory',
  ajv: 'lib/inventory',
  '@peculiar/x509': 'lib/pki',
  bullmq: 'lib/fleet',
  ioredis: 'lib/fleet',
};

const files = ['package', 'playbooks', 'roles', 'lib'].flatMap((folder) =>
  readdirSync(join(ROOT, folder), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.ts'))
    .map((name) => join(folder, name)),
);

/** Folders that may know what etcd is; whatever else a run needs of it is handed to the others. */
const DOMAIN = ['package', 'playbooks', 'roles', 'lib/etcd'];

describe('a function of the shell', () => {
  it('has one definition: scripts of a host are one text, and a later one would stand for the earlier', () => {
    const places = new Map<string, Set<string>>();
    for (const file of files)
      for (const [, name = ''] of readFileSync(join(ROOT, file), 'utf8').matchAll(/\b(q_\w+)\(\)/g))
        places.set(name, (places.get(name) ?? new Set()).add(file));
    expect(places.size).toBeGreaterThan(50);
    expect([...places].filter(([, found]) => found.size > 1)).toEqual([]);
  });
});

describe('the word etcd', () => {
  const general = files.filter((file) => !DOMAIN.some((folder) => file.startsWith(`${folder}/`)));

  it.each(general)('is not part of a name or a string in %s', (file) => {
    const source = withoutComments(readFileSync(join(ROOT, file), 'utf8'));
    expect(source.split('\n').filter((line) => /etcd/i.test(line))).toEqual([]);
  });

  it('may stand in a comment, but not beside one', () => {
    expect(withoutComments("/** etcd */ const a = 'x'; // etcd\nconst url = 'http://etcd';")).toBe(
      " const a = 'x'; \nconst url = 'http://etcd';",
    );
  });
});

/** Shell and patterns that take apart what etcd's tools print. */
const READS_ANSWERS = [
  // Fields of their JSON, by name or by a name to come.
  /\\*"(?:cluster_id|member_id|memberID|raftTerm|raftIndex|raftAppliedIndex|dbSize|totalKey|(?:create|mod|compact|hash)_revision|kvs|succeeded|leader|count|version|revision|hash|\$\{?\w+\}?)\\*":(?!"?%s)/,
  /['"`](?:totalKey|create_revision|mod_revision|cluster_id|member_id|dbSize)['"`]/,
  // Words of theirs.
  /granted with|remaining\(|authentication failed|user name is empty|--bump-revision\*/,
  // Their output, piped into what takes it apart, compared as it is, or captured for that.
  /\b(?:q_etcdctl|q_utl|etcdctl|etcdutl)\b[^|\n]*[^|]\|\s*(?:sed|grep|awk|cut|head|tail|tr|jq|while)\b/,
  /(?:case|\[)\s+"?\$\((?:[^()]*\s)?(?:q_etcdctl|q_utl|ask)\b/,
];

describe("what etcd's tools print", () => {
  // What members write into their journals is the doctor's to read.
  const others = files.filter(
    (file) => file.startsWith('lib/etcd/') && !/^lib\/etcd\/(?:facts|operations\/doctor)\//.test(file),
  );
  const takesApart = (line: string) => READS_ANSWERS.some((pattern) => pattern.test(line));

  it.each(others)('is not taken apart in %s', (file) => {
    const source = withoutComments(readFileSync(join(ROOT, file), 'utf8'));
    expect(source.split('\n').filter(takesApart)).toEqual([]);
  });

  it.each([
    'q_revision=$(q_etcdctl get "$q_key" -w json | sed -n \'s/.*"create_revision":\\([0-9]*\\).*/\\1/p\')',
    '[ "$(q_etcdctl get "$q_key" --print-value-only)" = one ] || q_fail',
    'case $(q_etcdctl lease timetolive "$q_lease") in *remaining*) ;; esac',
    'q_of() { printf \'%s\' "$q_status" | sed -n "s/.*\\"$1\\":\\"*\\([0-9a-z.-]*\\).*/\\1/p"; }',
    'case $now in *\'"leader":\'[1-9]*) return ;; esac',
    "*'authentication failed'*) echo on ;;",
    'new RegExp(`"${name}":(\\d+)`).exec(said)',
    "const [revision, keys] = [number('revision'), number('totalKey')];",
    'case $(q_etcdctl snapshot restore --help 2>&1) in *--bump-revision*) ;; esac',
  ])('is found where it is taken apart: %s', (line) => {
    expect(takesApart(line)).toBe(true);
  });
});

it('what is printed goes through lib/report, which knows a reader that has gone', () => {
  const all = files.filter((file) => !file.startsWith('lib/report/'));
  const direct = all.filter((file) =>
    /process\.stdout\.write|console\.(log|info)/.test(
      withoutComments(readFileSync(join(ROOT, file), 'utf8')),
    ),
  );
  expect(direct).toEqual([]);
});

describe('imports go one way', () => {
  it.each(files)('%s', (file) => {
    const from = layerOf(file);
    const source = readFileSync(join(ROOT, file), 'utf8');
    for (const target of importsOf(source)) {
      if (target.startsWith('.')) {
        const to = layerOf(normalize(join(dirname(file), target)));
        if (to !== from) expect(MAY_IMPORT[from], `${file} imports ${target}`).toContain(to);
        expect(target, `${file}: imports carry their ending`).toMatch(/\.ts$/);
      } else if (!target.startsWith('node:')) {
        const owner = OWNER[packageOf(target)];
        if (owner !== undefined) expect(from, `${file} imports ${target}`).toBe(owner);
      }
    }
  });

  it('and never in a circle, types included', () => {
    expect(circles(new Map(files.map((file) => [file, filesImportedBy(file)])))).toEqual([]);
  });

  it('finds a circle', () => {
    const graph = { a: ['b'], b: ['c', 'd'], c: ['a'], d: [] };
    expect(circles(new Map(Object.entries(graph)))).toEqual(['a → b → c → a']);
  });

  it('what few inventories need is loaded when it is met', () => {
    const folder = 'lib/inventory';
    const late = ['jinja/', 'vault', 'constructed', 'formats/script', 'formats/ini', 'formats/plain-groups'];
    const loaded = loadedWith(`${folder}/index.ts`);
    expect(loaded).toContain(`${folder}/tree.ts`);
    expect(loaded.filter((file) => late.some((start) => file.startsWith(`${folder}/${start}`)))).toEqual([]);
  });

  it.each([
    ['the help', ['package/quorate.ts', 'lib/cli/quorate/overview.ts'], 30, ['fastest-levenshtein']],
    ['a playbook', ['playbooks/site.ts'], 270, ['fastest-levenshtein']],
    ['roles', ['package/index.ts'], 205, ['fastest-levenshtein', 'jsonc-parser']],
    ['a run', ['lib/cli/execute.ts'], 215, ['fastest-levenshtein', 'jsonc-parser', 'picocolors', 'yaml']],
  ])('%s begins with few files and packages', (_what, first, most, packages) => {
    const loaded = first.flatMap(loadedWith);
    expect(new Set(loaded).size).toBeLessThanOrEqual(most);
    expect(loaded.flatMap(packagesLoadedBy).filter((name) => !packages.includes(name))).toEqual([]);
  });

  it('finds imports of every form', () => {
    expect(
      importsOf("import a from 'a';\nexport { b } from './b.ts';\nawait import('c');\nimport 'd';"),
    ).toEqual(['a', './b.ts', 'c', 'd']);
  });
});

function importsOf(source: string): readonly string[] {
  return [...source.matchAll(/(?:\bfrom|\bimport)\s*\(?\s*'([^']+)'/g)].map((match) => match[1] as string);
}

/** The files that come with one, without what it imports when it needs it. */
function loadedWith(first: string): readonly string[] {
  const found = new Set([first]);
  for (const file of found) {
    for (const target of loadedBy(file))
      if (target.startsWith('.')) found.add(normalize(join(dirname(file), target)));
  }
  return [...found];
}

/** Packages that come with a file itself. */
function packagesLoadedBy(file: string): readonly string[] {
  return loadedBy(file).filter((target) => PACKAGES.includes(packageOf(target)));
}

/** What a file names in imports that are no types, and are not made when it is needed. */
function loadedBy(file: string): readonly string[] {
  const source = withoutComments(readFileSync(join(ROOT, file), 'utf8'));
  const statements = source.matchAll(/^(?:import|export)\b(?! type)[^;]*?'([^']+)';/gm);
  return [...statements].map(([, target = '']) => target);
}

/** Source text without comments; strings stay as they are. */
function withoutComments(source: string): string {
  return source.replace(
    /('(?:[^'\\\n]|\\.)*'|"(?:[^"\\\n]|\\.)*"|`(?:[^`\\]|\\.)*`)|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_, text) => text ?? '',
  );
}

function filesImportedBy(file: string): readonly string[] {
  const source = readFileSync(join(ROOT, file), 'utf8');
  return importsOf(source).flatMap((target) =>
    target.startsWith('.') ? [normalize(join(dirname(file), target))] : [],
  );
}

/** One circle for each import that leads back to where it came from, as `a → b → a`. */
function circles(graph: ReadonlyMap<string, readonly string[]>): readonly string[] {
  const found: string[] = [];
  const done = new Set<string>();
  const visit = (file: string, path: readonly string[]) => {
    if (path.includes(file)) found.push([...path.slice(path.indexOf(file)), file].join(' → '));
    else if (!done.has(file)) {
      for (const next of graph.get(file) ?? []) visit(next, [...path, file]);
      done.add(file);
    }
  };
  for (const file of graph.keys()) visit(file, []);
  return found;
}

/** The longest folder of the table that the file is in. */
function layerOf(file: string): string {
  const layers = Object.keys(MAY_IMPORT).filter((layer) => file.startsWith(`${layer}/`));
  return layers.sort((a, b) => b.length - a.length)[0] ?? file;
}

function packageOf(target: string): string {
  return target
    .split('/')
    .slice(0, target.startsWith('@') ? 2 : 1)
    .join('/');
}

import { linesOf, oneLine, textOfLines } from '../../dsl/edit.ts';
import { is, must, type Shape } from '../../dsl/options/options.ts';
import { type Difference, defineResource, type Resource } from '../../dsl/resource.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import {
  filesDifferences,
  filesReads,
  filesTraces,
  foreseeFiles,
  type ObservedFiles,
  type OwnFile,
  parseFiles,
  prepareFiles,
  writeFiles,
} from '../common/own-files.ts';
import { type Content, completeContent } from '../content/content.ts';
import { aptUnlocked } from '../packages/apt-locks.ts';
import { expectFreshLists } from '../packages/sources.ts';
import {
  commonSource,
  type OtherFile,
  otherFiles,
  parseOtherFiles,
  requireSole,
  type Source,
} from './apt-sources.ts';

/** The key that signs a repository: its text, a file on control, or an address with the digest of what is there. */
export type RepositoryKey = string | { readonly url: string; readonly sha256: string };

export interface AptRepositoryOptions {
  readonly uris: string | readonly string[];
  /** `bookworm`, `stable`; a path that ends in `/` stands for itself, without components. */
  readonly suites: string | readonly string[];
  /** `main` unless said. */
  readonly components?: string | readonly string[];
  /** As text that begins with `-----BEGIN PGP`, a file (`./nginx.asc`), or `{ url, sha256 }`. */
  readonly key: RepositoryKey;
  readonly architectures?: readonly string[];
}

export interface YumRepositoryOptions {
  /** `$releasever` and `$basearch` are filled in by dnf. */
  readonly baseurl: string;
  /** As text that begins with `-----BEGIN PGP`, a file (`./nginx.asc`), or `{ url, sha256 }`. */
  readonly key: RepositoryKey;
  /** What people read; the name unless said. */
  readonly description?: string;
}

const WORDS = is.either(is.text, is.list(is.text));
const KEY: Shape<RepositoryKey> = is.either(is.text, is.object<Exclude<RepositoryKey, string>>());

interface RepositoryDesired {
  readonly name: string;
  readonly files: readonly OwnFile[];
  /** undefined where nothing is to be read: dnf does by itself. */
  readonly refresh: Sh | undefined;
  /** Exits 0 where its lists have been read. */
  readonly isRead: Sh;
  /** Shell that prints other files with the same source, where that is an error. */
  readonly others: Sh;
  /** What apt must have from nowhere else. */
  readonly sources: readonly Source[];
}

interface ObservedRepository extends ObservedFiles {
  readonly isRead: boolean;
  readonly others: readonly OtherFile[];
}

/**
 * A repository of Debian packages with the key that signs it, in files of its own (deb822), whose lists have been read:
 * `packages` after it finds what it brings.
 *
 * @example
 * aptRepository('nginx', { uris: 'https://nginx.org/packages/debian', suites: 'bookworm', components: 'nginx', key: './nginx.asc' })
 * packages('nginx')
 */
export const aptRepository = defineRepository<AptRepositoryOptions>({
  kind: 'apt-repository',
  options: {
    uris: must(WORDS),
    suites: must(WORDS),
    components: WORDS,
    key: must(KEY),
    architectures: is.list(is.text),
  },
  complete(name, { uris, suites, components = 'main', key, architectures }) {
    const words = (what: string, value: string | readonly string[]) =>
      [value]
        .flat()
        .map((one) => word(what, one))
        .join(' ');
    if (suites === undefined)
      throw wrong(`${name}: its suites are not said`, "name them: suites: 'bookworm'");
    const suite = words('suite', suites);
    const content = keyContent(checkedName(name), key);
    const keyPath = `/etc/apt/keyrings/${name}.${isArmoured(content, key) ? 'asc' : 'gpg'}`;
    const path = `/etc/apt/sources.list.d/${name}.sources`;
    const text = textOfLines([
      'Types: deb',
      `URIs: ${words('address', uris)}`,
      `Suites: ${suite}`,
      ...(suite.endsWith('/') ? [] : [`Components: ${words('component', components)}`]),
      ...(architectures === undefined ? [] : [`Architectures: ${words('architecture', architectures)}`]),
      `Signed-By: ${keyPath}`,
    ]);
    const all = [uris].flat();
    return {
      name,
      others: otherFiles(path, all),
      sources: all.flatMap((uri) => [suites].flat().map((one) => ({ uri, suite: one }))),
      files: [
        { path: keyPath, content },
        { path, content: text },
      ],
      isRead: sh`q_lists=$(apt-get indextargets --format '$(SOURCESENTRY) $(FILENAME)' 'Created-By: Packages' 2>/dev/null | sed -n ${`s#^${path}:[0-9]* ##p`})
[ -n "$q_lists" ] && printf '%s\n' "$q_lists" | while IFS= read -r q_list; do ls "$q_list"* >/dev/null 2>&1 || exit 1; done`,
      refresh: sh`${aptUnlocked}
apt-get -q -y -o DPkg::Lock::Timeout=300 -o ${`Dir::Etc::sourcelist=${path}`} -o Dir::Etc::sourceparts=/dev/null -o APT::Get::List-Cleanup=0 -o APT::Update::Error-Mode=any update </dev/null 2>&1`,
    };
  },
});

/**
 * A repository of rpm packages with the key that signs it, in files of its own.
 *
 * @example
 * yumRepository('nginx', { baseurl: 'https://nginx.org/packages/centos/$releasever/$basearch/', key: './nginx.asc' })
 */
export const yumRepository = defineRepository<YumRepositoryOptions>({
  kind: 'yum-repository',
  options: { baseurl: must(is.text), key: must(KEY), description: is.text },
  complete(name, { baseurl, key, description = name }) {
    const keyPath = `/etc/pki/rpm-gpg/RPM-GPG-KEY-${checkedName(name)}`;
    const text = textOfLines([
      `[${name}]`,
      `name=${oneLine('description', description)}`,
      `baseurl=${word('address', baseurl)}`,
      'enabled=1',
      'gpgcheck=1',
      `gpgkey=file://${keyPath}`,
    ]);
    const files = [
      { path: keyPath, content: keyContent(name, key) },
      { path: `/etc/yum.repos.d/${name}.repo`, content: text },
    ];
    return { name, files, isRead: sh`:`, refresh: undefined, others: sh`:`, sources: [] };
  },
});

/** What the two kinds share. */
function defineRepository<Options extends object>({
  ...resource
}: Pick<Resource<Options, RepositoryDesired, unknown>, 'kind' | 'options' | 'complete'>) {
  return defineResource<Options, RepositoryDesired, ObservedRepository>({
    ...resource,
    name: ({ name }) => name,
    title: ({ name }) => `packages come from ${name}`,
    owns: ({ files }) => files.map(({ path }) => path),
    traces: ({ files }, changes) => filesTraces(files, changes),
    probe: ({ files, isRead, others }) =>
      probe(
        filesReads(files),
        sh`if (${isRead}); then echo read; fi
${others}`,
      ),
    parse({ out }, { files }) {
      const parts = partsOf(out);
      const own = parts.at(-1) ?? '';
      return { ...parseFiles(parts, files), isRead: /^read$/m.test(own), others: parseOtherFiles(own) };
    },
    // With two keys for one source apt reads nothing any more.
    contradicts: (one, other) =>
      one.name !== other.name && commonSource(one.sources, other.sources) !== undefined,
    diff({ files, refresh, sources }, observed, world) {
      const differences = filesDifferences(files, observed, world);
      const lists: Difference = { kind: 'run', property: 'lists', before: 'not read', after: 'read' };
      const isDue = refresh !== undefined && (differences.length > 0 || !observed.isRead);
      if (isDue) requireSole(files.at(-1)?.path ?? '', sources, observed.others, world);
      return [...differences, ...(isDue ? [lists] : [])];
    },
    foresee({ files }, _observed, changes, world) {
      foreseeFiles(files, world);
      if (changes.length > 0) expectFreshLists(world);
    },
    prepare: ({ files }, changes, context) => prepareFiles(files, changes, context),
    apply: ({ files, refresh }, changes) => sh`${writeFiles(files, changes)}
${refresh ?? sh`:`}`,
  });
}

function keyContent(name: string, key: RepositoryKey): Content {
  const path = `the key of ${name}`;
  if (typeof key !== 'string') return completeContent(path, key);
  if (key.includes('PRIVATE KEY')) throw wrong(`${path} is a private one`, 'give the public key');
  if (key.startsWith('-----BEGIN PGP')) return textOfLines(linesOf(key));
  return completeContent(path, { source: key });
}

/** apt tells the two forms of a key by the name of its file. */
function isArmoured(content: Content, key: RepositoryKey): boolean {
  if (typeof content === 'string') return true;
  return typeof key !== 'string' && !/\.(gpg|pgp)$/.test(new URL(key.url).pathname);
}

function checkedName(name: string): string {
  if (/^[A-Za-z0-9][\w.-]*$/.test(name)) return name;
  throw wrong(
    `${JSON.stringify(name)} is not the name of a repository`,
    'it names its files: letters, digits, _ . and -',
  );
}

function word(what: string, value: string): string {
  if (!/\s/.test(oneLine(what, value))) return value;
  throw wrong(`the ${what} ${JSON.stringify(value)} has white space in it`, 'give several as a list');
}

function wrong(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}

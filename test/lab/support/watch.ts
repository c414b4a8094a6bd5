import { createHash } from 'node:crypto';
import {
  closeSync,
  constants,
  type FSWatcher,
  fstatSync,
  openSync,
  readdirSync,
  readFileSync,
  watch,
} from 'node:fs';
import { join } from 'node:path';
import { leaderOf } from './host/cgroups.ts';
import type { Lab } from './lab.ts';

/** One content of a managed file that was seen on a host. */
export interface Sighting {
  readonly host: string;
  readonly path: string;
  readonly sha256: string;
  /** Content of small files. */
  readonly text?: string;
  /** The file got this content without being replaced by another one. */
  readonly inPlace: boolean;
}

/**
 * Where managed files lie, parents first, and the two places where links to them do. Not here: the data, which
 * is etcd's own, and the record that the unit writes at each start, which counts only when it is whole.
 */
const DIRECTORIES = [
  '/opt',
  '/opt/etcd',
  '/opt/etcd/bin',
  '/opt/etcd/cfg',
  '/opt/etcd/ssl',
  '/etc/systemd/system',
  '/run',
  '/var/lib',
  '/var/lib/quorate',
  '/var/lib/quorate/etcd',
];

/** Of /run one file is managed: that of a bootstrap. */
const BOOTSTRAP = '/run/quorate-etcd.env';

/** Files that go through more contents than the first and the last: each of their lines must be whole. */
const MANIFEST = '/var/lib/quorate/etcd/manifest';
const AUDIT = '/var/lib/quorate/etcd/audit.jsonl';
const BY_LINE = [MANIFEST, AUDIT, '/var/lib/quorate/etcd/issued'];

/** Temporary names, and a store that each write replaces and nobody relies on. */
const PASSING = /^\.|\.next$|^digests$/;

/** Watches every managed file of hosts, from outside of them; `stop` gives every content that was seen. */
export interface Watch {
  stop(): readonly Sighting[];
  /** Watches a host that was powered off and is up again. */
  resume(host: string): void;
}

/**
 * Begins to look at every managed file as soon as the kernel says that it changed. A file that is written in
 * place is caught by that, too, whatever the moment: it has another content and is the same file.
 */
export function watchFiles(lab: Lab): Watch {
  const seen = new Map<string, Sighting>();
  const see = (sighting: Sighting) => seen.set(JSON.stringify(sighting), sighting);
  const watched = new Map(lab.hosts.map(({ name }) => [name, new HostWatch(lab.name, name, see)]));
  return {
    stop() {
      for (const host of watched.values()) host.close();
      return [...seen.values()];
    },
    resume(name) {
      watched.get(name)?.close();
      watched.set(name, new HostWatch(lab.name, name, see));
    },
  };
}

/** The managed files as they are now. */
export function filesNow(lab: Lab): readonly Sighting[] {
  const found: Sighting[] = [];
  for (const { name } of lab.hosts) new HostWatch(lab.name, name, (one) => found.push(one)).close();
  return found;
}

/** Temporary names of ours that are there now. */
export function temporaryFiles(lab: Lab): readonly string[] {
  return lab.hosts.flatMap(({ name: host }) =>
    DIRECTORIES.flatMap((directory) => {
      try {
        const names = readdirSync(join(rootOf(lab.name, host), directory));
        return names
          .filter((name) => /\.quorate-(new|part)$|\.next$/.test(name))
          .map((name) => `${host}:${directory}/${name}`);
      } catch {
        return [];
      }
    }),
  );
}

/** What was seen that is neither how a file was nor how it became, and what was written in place: in words. */
export function brokenFiles(
  seen: readonly Sighting[],
  before: readonly Sighting[],
  after: readonly Sighting[],
): readonly string[] {
  const key = ({ host, path, sha256 }: Sighting) => `${host}:${path} ${sha256}`;
  const whole = new Set([...before, ...after].map(key));
  const lines = new Map<string, ReadonlySet<string>>();
  for (const { host, path, text = '' } of [...before, ...after]) {
    const name = `${host}:${path}`;
    lines.set(name, new Set([...(lines.get(name) ?? []), ...text.split('\n')]));
  }
  const isWhole = (one: Sighting) => {
    if (whole.has(key(one))) return true;
    const { host, path, text } = one;
    if (path === BOOTSTRAP) return /^\w+="new"\n\w+_TOKEN="[^"]+"\n$/.test(text ?? '');
    if (!BY_LINE.includes(path) || text === undefined) return false;
    return /(^|\n)$/.test(text) && text.split('\n').every((line) => lines.get(`${host}:${path}`)?.has(line));
  };
  const inPlace = seen.filter((one) => one.inPlace && ![MANIFEST, AUDIT].includes(one.path));
  return [
    ...new Set([
      ...seen.filter((one) => !isWhole(one)).map(({ host, path }) => `half-written: ${host}:${path}`),
      ...inPlace.map(({ host, path }) => `written in place: ${host}:${path}`),
    ]),
  ];
}

/** Files that became what they are while nobody saw it: then the watch proves nothing. */
export function unseenFiles(
  seen: readonly Sighting[],
  before: readonly Sighting[],
  after: readonly Sighting[],
): readonly string[] {
  const key = ({ host, path, sha256 }: Sighting) => `${host}:${path} ${sha256}`;
  const known = new Set([...seen, ...before].map(key));
  return after.filter((one) => !known.has(key(one))).map(({ host, path }) => `not watched: ${host}:${path}`);
}

/** One host, by way of its own root directory. */
class HostWatch {
  readonly #host: string;
  readonly #root: string;
  readonly #see: (sighting: Sighting) => void;
  readonly #watchers = new Map<string, FSWatcher>();
  readonly #last = new Map<string, { readonly file: string; readonly sha256: string }>();

  constructor(lab: string, host: string, see: (sighting: Sighting) => void) {
    this.#host = host;
    this.#root = rootOf(lab, host);
    this.#see = see;
    this.#enter();
  }

  close(): void {
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  /** Watches the directories that are there by now, and looks at what is in the new ones. */
  #enter(): void {
    for (const directory of DIRECTORIES) {
      if (this.#watchers.has(directory)) continue;
      try {
        const watcher = watch(join(this.#root, directory), (_event, name) => {
          if (name !== null) this.#look(join(directory, name));
        });
        watcher.on('error', () => {});
        this.#watchers.set(directory, watcher);
        for (const name of readdirSync(join(this.#root, directory))) this.#look(join(directory, name));
      } catch {
        // Not there yet.
      }
    }
  }

  #look(path: string): void {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (DIRECTORIES.includes(path)) {
      this.#enter();
      return;
    }
    if (PASSING.test(name) || (path.startsWith('/run/') && path !== BOOTSTRAP)) return;
    const found = readRegular(join(this.#root, path));
    if (!found) {
      this.#last.delete(path);
      return;
    }
    const { file, content } = found;
    const sha256 = createHash('sha256').update(content).digest('hex');
    const last = this.#last.get(path);
    this.#last.set(path, { file, sha256 });
    const small = content.length <= 65536 ? { text: content.toString('utf8') } : {};
    const inPlace = last?.file === file && last.sha256 !== sha256;
    this.#see({ host: this.#host, path, sha256, inPlace, ...small });
  }
}

/** A host's root directory as this machine sees it. */
function rootOf(lab: string, host: string): string {
  const leader = leaderOf(lab, host);
  if (leader === undefined) throw new Error(`Cannot look into ${host}: it is not running`);
  return `/proc/${leader}/root`;
}

/** Content and identity of a regular file, read as one; undefined for anything else. */
function readRegular(path: string): { readonly file: string; readonly content: Buffer } | undefined {
  let descriptor: number | undefined;
  try {
    // Links of systemd's are not files, and a pipe must not hold us up.
    descriptor = openSync(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    const stat = fstatSync(descriptor);
    if (!stat.isFile()) return undefined;
    return { file: `${stat.ino} ${stat.birthtimeMs}`, content: readFileSync(descriptor) };
  } catch {
    return undefined;
  } finally {
    if (descriptor !== undefined) closeSync(descriptor);
  }
}

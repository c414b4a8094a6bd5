import { namedParts } from '../../../dsl/shell/probe.ts';
import { type MemberCertificate, memberCertificate } from '../../facts/found-certificates.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type PortReading, parsePorts } from '../../health/ports.ts';
import type { Member } from '../../model/cluster.ts';
import { type JournalFinding, readJournal } from './journal.ts';
import type { Part } from './probe.ts';

/** What is known of one member, gathered without changing anything. */
export interface Evidence {
  readonly member: Member;
  readonly facts: EtcdFacts;
  readonly journal: readonly JournalFinding[];
  /** Why the journal, or a file that it logs to, could not be read. */
  readonly unread: string | undefined;
  /** When somebody has stopped it in good order of late, seconds before now, the latest last. */
  readonly stops: readonly number[];
  /** From this host to the others. */
  readonly ports: readonly PortReading[];
  /** KiB left where the data is. */
  readonly free: { readonly mount: string; readonly kiB: number } | undefined;
  readonly certificates: readonly MemberCertificate[];
  /** Certificates and keys that are not the ones that were installed: paths. */
  readonly odd: readonly string[];
  /** etcd.conf as it is, of directories, files and URLs. */
  readonly settings: ReadonlyMap<string, string>;
  readonly paths: readonly FoundPath[];
  /** File systems under the data, the program and the certificates. */
  readonly mounts: readonly {
    readonly path: string;
    readonly mount: string;
    readonly options: readonly string[];
  }[];
  /** Segments of the write-ahead log, wherever one lies. */
  readonly logs: readonly { readonly path: string; readonly size: number; readonly changed: number }[];
  /** Where a file system for the data or the raft log is to be mounted, and none is. */
  readonly unmounted: readonly string[];
  /** The unit as systemd has it: its state as in `LoadState`, and its file. */
  readonly unit: { readonly load: string; readonly file: string } | undefined;
  readonly dropIns: readonly string[];
  /** The process of the member, when there is one: its state as in ps, and variables that name a proxy. */
  readonly process:
    | { readonly pid: number; readonly state: string; readonly proxies: readonly string[] }
    | undefined;
  /** Other processes that have locked the database. */
  readonly lockers: readonly { readonly pid: number; readonly program: string }[];
  /** Who holds the run lock of the host, with the process that holds it there. */
  readonly holder: { readonly who: string; readonly pid: number } | undefined;
  readonly addresses: readonly string[];
  /** How packets to the others leave. */
  readonly routes: readonly Route[];
}

/** A path that a member needs, or that its journal names. */
export interface FoundPath {
  readonly path: string;
  /** `hidden`: this login may not look. */
  readonly state: 'there' | 'missing' | 'hidden';
  /** Octal, four digits and more. */
  readonly mode: string;
  readonly owner: string;
  readonly group: string;
  readonly size: number;
  readonly isDirectory: boolean;
}

export interface Route {
  /** As the inventory names it. */
  readonly to: string;
  readonly target: string;
  readonly source: string;
  /** `dev eth0`, `via 10.0.0.1 dev eth0`. */
  readonly way: string;
}

/** Takes apart what `probeEvidence` printed. */
export function parseEvidence(
  member: Member,
  facts: EtcdFacts,
  others: readonly Member[],
  out: string,
): Evidence {
  const parts = namedParts(out);
  const part = (name: Part) => (parts.get(name) ?? '').trim();
  const lines = (name: Part) => part(name).split('\n').filter(Boolean);
  const [, kiB, mount] = /^.* \d+ +\d+ +(\d+) +[\d-]+%? +(\/.*)$/.exec(part('space')) ?? [];
  const [, pid, who] = /^(\d+) (.*)$/.exec(part('lock')) ?? [];
  return {
    member,
    facts,
    journal: readJournal(lastStarts(part('journal'))),
    unread: lines('unread').find((line) => !/^-- |^No entries/.test(line)),
    stops: parseStops(lines('stops').map(Number)),
    ports: parsePorts({ member, facts }, others, part('ports')),
    free: mount === undefined ? undefined : { mount, kiB: Number(kiB) },
    certificates: (['server.pem', 'peer.pem'] as const).flatMap(
      (file) => memberCertificate(file, part(file)) ?? [],
    ),
    odd: lines('odd'),
    settings: new Map(
      lines('settings').flatMap((line) => {
        const [, name, value] = /^(ETCD_\w+)="?([^"]*)"?$/.exec(line) ?? [];
        return name === undefined || value === undefined ? [] : [[name, value] as const];
      }),
    ),
    paths: uniquePaths(lines('paths').flatMap(parsePath)),
    mounts: lines('mounts').flatMap((line) => {
      const [, options = '', on, path] = /^mount (\S*) (\/\S*) (\/.*)$/.exec(line) ?? [];
      return on === undefined || path === undefined ? [] : [{ path, mount: on, options: options.split(',') }];
    }),
    logs: lines('logs').flatMap((line) => {
      const [, changed, size, path] = /^(\d+) (\d+) (\/.*)$/.exec(line) ?? [];
      return path === undefined ? [] : [{ path, size: Number(size), changed: Number(changed) }];
    }),
    unmounted: [...new Set(lines('unmounted'))],
    unit: parseUnit(part('unit')),
    dropIns: (/^DropInPaths=(.*)$/m.exec(part('unit'))?.[1] ?? '').split(' ').filter(Boolean),
    process: parseProcess(part('process')),
    lockers: lines('locks').flatMap((line) => {
      const [, owner, program = ''] = /^(\d+) (.*)$/.exec(line) ?? [];
      return owner === undefined ? [] : [{ pid: Number(owner), program }];
    }),
    holder: who === undefined ? undefined : { who, pid: Number(pid) },
    addresses: lines('addresses'),
    routes: lines('routes').flatMap(parseRoute),
  };
}

function parseStops([now = Number.NaN, ...times]: readonly number[]): readonly number[] {
  return times.map((time) => now - time).filter(Number.isFinite);
}

/** From the last start but one on, by systemd's own lines: the one under way may not have come to its end yet. */
function lastStarts(journal: string): string {
  const starts = [...journal.matchAll(/^Starting .*$/gm)];
  return journal.slice(starts.at(-2)?.index ?? 0);
}

function uniquePaths(paths: readonly FoundPath[]): readonly FoundPath[] {
  return [...new Map(paths.map((one) => [one.path, one])).values()];
}

function parsePath(line: string): readonly FoundPath[] {
  const [, mode, owner, group, size, type, path] =
    /^there (\d+) (\S+) (\S+) (\d+) ([0-9a-f]+) (\/.*)$/.exec(line) ?? [];
  if (path !== undefined) {
    const isDirectory = (Number.parseInt(type ?? '', 16) & 0o170000) === 0o040000;
    const found = { owner: owner ?? '', group: group ?? '', size: Number(size), isDirectory };
    return [{ path, state: 'there', mode: (mode ?? '').padStart(4, '0'), ...found }];
  }
  const [, state, absent] = /^(missing|hidden) (\/.*)$/.exec(line) ?? [];
  if (absent === undefined) return [];
  const nothing = { mode: '', owner: '', group: '', size: 0, isDirectory: false };
  return [{ path: absent, state: state === 'missing' ? 'missing' : 'hidden', ...nothing }];
}

function parseUnit(text: string): Evidence['unit'] {
  const load = /^LoadState=(.+)$/m.exec(text)?.[1];
  return load === undefined ? undefined : { load, file: /^FragmentPath=(.*)$/m.exec(text)?.[1] ?? '' };
}

function parseProcess(text: string): Evidence['process'] {
  const pid = /^pid (\d+)$/m.exec(text)?.[1];
  if (pid === undefined) return undefined;
  return {
    pid: Number(pid),
    state: /^state (\S)/m.exec(text)?.[1] ?? '',
    proxies: [...text.matchAll(/^proxy (\w+)$/gm)].map(([, name = '']) => name),
  };
}

/** `10.0.0.2 10.0.0.2 dev eth0 src 10.0.0.9 uid 0`, `… via 10.0.0.254 dev eth0 src …`. */
function parseRoute(line: string): readonly Route[] {
  const [, to, target, way, source] = /^(\S+) (\S+) ((?:via \S+ )?dev \S+) .*?src (\S+)/.exec(line) ?? [];
  if (to === undefined || target === undefined || way === undefined || source === undefined) return [];
  return [{ to, target, way, source }];
}

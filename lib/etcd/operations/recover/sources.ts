import { MARK } from '../../../dsl/shell/probe.ts';
import { EXIT, QuorateError, withoutHost } from '../../../errors.ts';
import { type Question, type Read, readAnswer } from '../../facts/etcdctl/answers.ts';
import { printedByName } from '../../facts/etcdctl/asked.ts';
import { isUp } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import type { Snapshot } from '../../snapshots/index.ts';
import { type EtcdHost, toolVersion } from '../../surveyed.ts';
import { ageText, contentText, sizeText } from '../backup/wording.ts';
import { progressOf } from '../restore/progress.ts';
import type { RestorePlace } from '../restore/shell.ts';
import { type LogOf, readSegment, sourceFacts } from './shell.ts';
import type { RecoverProgress } from './steps.ts';
import { type LogEnd, readLogEnd } from './wal.ts';

/** What a host has that the cluster could be made of again. */
export interface Source {
  readonly host: string;
  /** Why it is none; undefined where it is one. */
  readonly none?: string;
  /** Nobody has read its raft log: it may have more than that of any other host. */
  readonly isUnread?: true;
  readonly up: boolean;
  /** The one that its database has; its raft log may have more. undefined where nobody can ask. */
  readonly revision?: number;
  readonly keys?: number;
  /** What it answered that nobody here can read: sentences. */
  readonly unread?: readonly string[];
  /** State of its raft log; `committed` is what its member knew a majority to have. */
  readonly log?: {
    readonly term: number;
    readonly lastTerm: number;
    readonly last: number;
    readonly committed: number;
  };
  /** Bytes of database and log together. */
  readonly bytes?: number;
  /** Milliseconds since its log was written last. */
  readonly age?: number;
}

/** How far a host has come, and what it has. */
export interface Found {
  readonly progress: RecoverProgress & { readonly tool: boolean };
  readonly source: Source;
}

/**
 * Looks at a host. The raft log is read only where `withLog`: it is up to 64 MiB.
 *
 * @param before Runs that may have set its data aside, the latest first: that is what it has where it has no other.
 */
export async function lookAt(
  host: EtcdHost,
  place: RestorePlace,
  withLog: boolean,
  before: readonly string[],
): Promise<Found> {
  const { name, facts } = host.target;
  const { out } = await host.read('looking what it has', sourceFacts(place, before));
  const line = (what: string) => new RegExp(`^${MARK}${what} (.*)$`, 'm').exec(out)?.[1];
  const kept = line('kept');
  const progress = {
    ...progressOf(host, out),
    data: facts.data === 'present',
    ...(kept !== undefined && { kept }),
  };
  const up = isUp(facts);
  const none = kept === undefined ? whyNone(host) : undefined;
  if (none !== undefined || !withLog) return { progress, source: { host: name, up, ...(none && { none }) } };
  const [segment = '', , written = ''] = (line('log') ?? '').split(' ');
  const read = await readLog(host, place, segment, { kept, known: facts.reading?.status?.raftIndex });
  if (read.log === undefined) return { progress, source: { host: name, up, ...read } };
  const content = contentOf(host, out);
  const age = (Number(line('now')) - Number(written)) * 1000;
  return {
    progress,
    source: {
      host: name,
      up,
      ...read,
      ...content,
      bytes: Number(line('size') ?? 0) * 1024,
      ...(Number.isFinite(age) && { age }),
    },
  };
}

function whyNone({ target: { facts, ...target } }: EtcdHost): string | undefined {
  if (facts.data !== 'present') return 'it has no data';
  if (facts.walElsewhere !== undefined)
    return `its raft log is in ${facts.walElsewhere}, not where the inventory has it`;
  if (facts.kept.withoutLog) return `its data has no raft log in ${memberOf({ ...target }).dataDir}`;
  return undefined;
}

/** What its member tells of its data, or etcd's tool of a database at rest. */
function contentOf(host: EtcdHost, out: string): Pick<Source, 'revision' | 'keys' | 'unread'> {
  const { reading } = host.target.facts;
  const printed = printedByName(out);
  const read = <Q extends Question>(name: string, question: Q): Read<Q> | undefined => {
    const one = printed(name);
    return one && readAnswer(question, one, toolVersion(host));
  };
  const [counted, told] = [read('count', 'get'), read('content', 'snapshot status')];
  const content = told && 'value' in told ? told.value : undefined;
  const revision = reading?.status?.revision ?? content?.revision;
  const keys = counted && 'value' in counted ? counted.value.count : content?.keys;
  const unread = [
    ...(reading?.unanswered ?? []),
    ...[counted, told].flatMap((one) => (one && 'unanswered' in one ? one.unanswered : [])),
  ].flatMap(({ kind, said }) => (kind === 'unknown' ? said : []));
  return {
    ...(revision !== undefined && { revision }),
    ...(keys !== undefined && { keys }),
    ...(unread.length > 0 && { unread }),
  };
}

/**
 * Read the end of the raft log. A running member writes its commit index down with the next message only, so `known`
 * may be ahead of it.
 */
async function readLog(
  host: EtcdHost,
  place: RestorePlace,
  name: string,
  { kept, known = 0 }: { readonly kept: string | undefined; readonly known: number | undefined },
): Promise<Pick<Source, 'log' | 'none' | 'isUnread'>> {
  const end = await receiveSegment(host, place, name, { kept }).then(
    (segment) => wholeEnd(name, segment),
    (error) => unread(host, error),
  );
  if (typeof end === 'string') return { none: end };
  if ('none' in end) return end;
  const { term, lastTerm, last, commit } = end;
  return {
    log: {
      term: Number(term),
      lastTerm: Number(lastTerm),
      last: Number(last),
      committed: Math.max(Number(commit), known),
    },
  };
}

/** The end of a raft log; in words where nothing is to be made of it. */
export function wholeEnd(name: string, segment: Buffer): LogEnd | string {
  const end = readLogEnd(segment, name);
  if (end === undefined) return 'its raft log cannot be read';
  return end.damaged
    ? `its raft log is damaged at byte ${end.end} of ${name}, after entry ${end.last}: what follows there would be lost`
    : end;
}

/** Only this host is not a source: another one may have all there is. */
function unread({ target }: EtcdHost, error: unknown): Required<Pick<Source, 'none' | 'isUnread'>> {
  if (!(error instanceof QuorateError)) throw error;
  return { none: `its raft log was not read: ${withoutHost(error.message, target.name)}`, isUnread: true };
}

/** A segment of etcd's has 64 MiB, and the record after which the next one begins. */
const MOST = 128 * 2 ** 20;

/** The newest segment of a raft log. Throws where it does not come whole. */
export async function receiveSegment(
  host: EtcdHost,
  place: RestorePlace,
  name: string,
  of: LogOf = {},
): Promise<Buffer> {
  const { code, bytes } = await host.receive('reading its raft log', readSegment(place, name, of), MOST);
  if (code === 0) return bytes;
  const { name: host_ } = host.target;
  throw new QuorateError(`${host_}: ${name} could not be read to its end`, {
    exitCode: EXIT.failed,
    host: host_,
  });
}

/** Those that the cluster could be made of, the one that has most first: by raft's own rule, the later term, then the longer log. */
export function bestFirst(sources: readonly Source[]): readonly Source[] {
  return sources
    .filter(({ none, log }) => none === undefined && log !== undefined)
    .sort((a, b) => later(b) - later(a) || (b.log?.last ?? 0) - (a.log?.last ?? 0));
}

function later({ log }: Source): number {
  return log?.lastTerm ?? 0;
}

/** A snapshot, and where it lies. */
export interface PlacedSnapshot {
  readonly where: string;
  readonly snapshot: Snapshot;
}

/** A line for each choice, with what it would lose. */
export function choiceLines(
  sources: readonly Source[],
  missing: readonly string[],
  snapshots: readonly PlacedSnapshot[],
): readonly string[] {
  const [best] = bestFirst(sources);
  return [
    ...sources.map((source) =>
      source.none === undefined
        ? `${source.host}: ${sourceText(source)}${behindText(source, best)}`
        : `${source.host}: ${source.none}`,
    ),
    ...missing.map((host) => `${host}: not reached, so nobody can say what it has`),
    ...snapshots.map(({ where, snapshot }) => {
      const lost = best?.revision === undefined ? undefined : best.revision - snapshot.revision;
      const behind =
        lost === undefined || lost < 0
          ? ''
          : lost === 0
            ? '; nothing is missing'
            : `; ${lost} revisions behind ${best?.host}`;
      return `${where}: ${contentText(snapshot)}${behind}`;
    }),
  ];
}

/** `revision 1234, 57 keys, raft term 3, index 2200, 20.1 MiB, written 3 min ago` */
export function sourceText({ revision, keys, log, bytes, age, up, unread = [] }: Source): string {
  const unknown = (log?.last ?? 0) - (log?.committed ?? 0);
  return [
    revision === undefined
      ? 'revision not known'
      : `${up && unknown === 0 ? '' : 'at least '}revision ${revision}`,
    ...(keys === undefined ? [] : [`${keys} keys`]),
    `raft term ${log?.lastTerm ?? 0}, index ${log?.last ?? 0}`,
    ...(unknown > 0 ? [`the last ${unknown} of them not known to be acknowledged, and kept`] : []),
    ...(bytes === undefined ? [] : [sizeText(bytes)]),
    ...(age === undefined ? [] : [`written ${ageText(age)} ago`]),
    ...unread,
  ].join(', ');
}

function behindText(source: Source, best: Source | undefined): string {
  if (best === undefined || best === source) return '; the most that was found';
  if (later(source) !== later(best)) return `; an older log than that of ${best.host}`;
  const entries = (best.log?.last ?? 0) - (source.log?.last ?? 0);
  if (entries === 0) return `; as much as ${best.host}`;
  const revisions =
    source.revision !== undefined && best.revision !== undefined
      ? best.revision - source.revision
      : undefined;
  return `; ${entries} entries${revisions ? `, ${revisions} revisions,` : ''} behind ${best.host}`;
}

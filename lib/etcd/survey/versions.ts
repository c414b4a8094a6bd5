import { commandLine } from '../../command-line.ts';
import { EXIT, type QuorateError } from '../../errors.ts';
import type { ClusterFacts } from '../facts/index.ts';
import { isLocal } from '../model/cluster.ts';
import { compareVersions, minorOf, minorsApart, NEWEST_RELEASE } from '../model/versions.ts';
import { refusal } from '../refusal.ts';
import type { Surveyed } from '../surveyed.ts';
import { admission } from './admit-version.ts';

/** A version, and the host that it was found on. */
export interface Placed {
  readonly host: string;
  readonly version: string;
}

/** What there is of versions before one is chosen. */
export interface VersionsFound {
  readonly cluster: string;
  readonly state: ClusterFacts['state'];
  /** The inventory's. */
  readonly wanted: string | undefined;
  /** What members say that answer. */
  readonly running: readonly Placed[];
  /** What the programs of the other members say. */
  readonly installed: readonly Placed[];
  /** Versions of the clusters that wrote the data of stopped members, as far as the data tells: 3.6.0. */
  readonly data: readonly Placed[];
}

/** Chooses the version to run, or refuses; undefined where nothing decides. */
export type VersionPolicy = (found: VersionsFound) => string | undefined | QuorateError;

/** A running version stays, and a program never goes over data that a newer one has written. */
export const keepVersion: VersionPolicy = (found) => {
  const chosen = settled(found);
  return typeof chosen === 'string' ? (unreadable(found, chosen) ?? chosen) : chosen;
};

/**
 * In the middle of an upgrade: who comes gets the oldest version that runs, for the cluster works as that one. Where the
 * upgrade is to end is its own affair.
 */
export const keepOldest: VersionPolicy = (found) => {
  const running = inOrder(found.running);
  const [oldest] = running;
  if (oldest === undefined) return keepVersion(found);
  // No upgrade leaves that behind: one of them says what it does not run, or cannot work with the others.
  if (minorsApart(oldest, running.at(-1) ?? oldest) > 1) return mixed(found);
  return unreadable(found, oldest) ?? oldest;
};

/** Where nobody is started: what certificates are like depends on no version, whatever rests beside those that run. */
export const anyVersion: VersionPolicy = ({ wanted, running, installed }) =>
  inOrder(running)[0] ?? wanted ?? inOrder(installed)[0];

function inOrder(placed: readonly Placed[]): readonly string[] {
  return placed.map(({ version }) => version).sort(compareVersions);
}

/** What one host has, or what may come back there: what the others have makes way. */
export function keepThatOf(host: string): VersionPolicy {
  return (found) => {
    const of = (placed: readonly Placed[]) => placed.filter((one) => one.host === host);
    const running = of(found.running);
    const installed = of(found.installed);
    if (running.length + installed.length === 0) return keepVersion(found);
    const own = { ...found, running, installed, data: of(found.data) };
    const wanted = keepVersion(own);
    return typeof wanted === 'string' ? wanted : keepVersion({ ...own, wanted: undefined });
  };
}

function settled(found: VersionsFound): string | undefined | QuorateError {
  const { state, wanted, running, installed } = found;
  if (state === 'new') return wanted;
  const kept = running.length > 0 ? running : installed;
  const several = distinct(kept).length > 1;
  if (wanted === undefined) return several ? mixed(found) : kept[0]?.version;
  const other = kept.find((one) => one.version !== wanted && !isGoingBack(found, one));
  if (several && (other !== undefined || running.length > 0)) return mixed(found);
  return other === undefined ? wanted : otherVersion(found, other);
}

/** An older program has taken the place of the one that wrote the data: that one may always come back. */
function isGoingBack({ wanted, running, data }: VersionsFound, { host, version }: Placed): boolean {
  const wrote = (data.find((one) => one.host === host) ?? newest(data))?.version;
  if (running.length > 0 || wanted === undefined || wrote === undefined) return false;
  return byMinor(version, wrote) < 0 && byMinor(wanted, wrote) === 0;
}

/** Data at rest that is newer than the chosen version, or may be: its program is, and the data does not tell. */
function unreadable(found: VersionsFound, chosen: string): QuorateError | undefined {
  const { cluster, state, running, installed, data } = found;
  const isNewer = ({ version }: Placed) => byMinor(version, chosen) > 0;
  const newer = data.filter(isNewer);
  if (newer.length > 0) {
    const minor = minorOf(newest(newer)?.version ?? '');
    return refusal(
      { name: cluster },
      `etcd ${chosen} cannot read data that etcd ${minor} has written: ${listed(newer)}`,
      `set etcd_version to the ${minor} release that ran: a newer program may always come back`,
    );
  }
  const untold = installed.filter((one) => isNewer(one) && !data.some(({ host }) => host === one.host));
  return state !== 'new' && running.length > 0 && untold.length > 0 ? mixed(found) : undefined;
}

function otherVersion({ cluster, wanted }: VersionsFound, { version }: Placed): QuorateError {
  return refusal(
    { name: cluster },
    `its members run etcd ${version}, the inventory says ${wanted}`,
    `this playbook never changes a running version: ${commandLine('upgrade')} takes its members there, one after another`,
  );
}

function mixed({ cluster, running, installed }: VersionsFound): QuorateError {
  return refusal(
    { name: cluster },
    `its members are of different versions of etcd: ${listed([...running, ...installed])}`,
    `${commandLine('upgrade')} brings them to one version, one after another`,
  );
}

/** What hosts tell of versions. */
export function versionsFound({ cluster, hosts }: Surveyed, state: ClusterFacts['state']): VersionsFound {
  const of = (pick: (facts: (typeof hosts)[number]['target']['facts']) => string | undefined) =>
    hosts.flatMap(({ target }): Placed[] => {
      const version = pick(target.facts);
      return version === undefined ? [] : [{ host: target.name, version }];
    });
  const running = of(({ reading }) => reading?.status?.version);
  const rests = (host: string) => !running.some((one) => one.host === host);
  return {
    cluster: cluster.name,
    state,
    wanted: cluster.version,
    running,
    installed: of(({ kept, installed }) => kept.program ?? installed).filter(({ host }) => rests(host)),
    data: of(({ kept, data }) => (data === 'present' ? kept.dataVersion : undefined)).filter(({ host }) =>
      rests(host),
    ),
  };
}

/** What is wrong with the chosen version: none where one is needed, or one that must be let in (`admission`). */
export function versionProblems(
  { cluster, hosts }: Surveyed,
  chosen: string | undefined,
  { running, installed, state }: VersionsFound,
): { readonly problems: readonly QuorateError[]; readonly warnings: readonly string[] } {
  const anyWill = hosts.every(({ target: { vars } }) => isLocal(vars) && vars.etcd_source !== 'release');
  if (chosen === undefined) {
    const missing = refusal(
      cluster,
      'etcd_version is required for a new cluster',
      `set it on the group: etcd_version: "${NEWEST_RELEASE}"`,
      EXIT.usage,
    );
    return { problems: anyWill ? [] : [missing], warnings: [] };
  }
  const isThere = running.length > 0 || (state !== 'new' && installed.length > 0);
  return admission(
    cluster,
    chosen,
    hosts.map(({ target }) => target.vars),
    isThere,
  );
}

function distinct(placed: readonly Placed[]): readonly string[] {
  return [...new Set(placed.map(({ version }) => version))];
}

/** `3.5.30 on etcd01, etcd02; 3.6.16 on etcd03` */
function listed(placed: readonly Placed[]): string {
  return distinct(placed)
    .map((version) => {
      const hosts = placed.filter((one) => one.version === version).map(({ host }) => host);
      return `${version} on ${hosts.join(', ')}`;
    })
    .join('; ');
}

function newest(placed: readonly Placed[]): Placed | undefined {
  return [...placed].sort((a, b) => byMinor(a.version, b.version)).at(-1);
}

/** Compares `3.5.30` with `3.6.0` by their first two numbers. */
function byMinor(a: string, b: string): number {
  return minorOf(a).localeCompare(minorOf(b), 'en', { numeric: true });
}

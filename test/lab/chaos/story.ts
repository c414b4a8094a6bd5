import { random } from '../support/random.ts';

/** What a person does to the cluster. */
export type Operation =
  | { readonly name: 'roll' | 'backup' | 'renew' | 'rotate' | 'site' | 'revoke' | 'restore' }
  | { readonly name: 'grow' | 'shrink' | 'replace' | 'move'; readonly host: string }
  | { readonly name: 'upgrade' | 'downgrade'; readonly version: string }
  /** `lost` are gone with their data, and `host` is what the cluster is made of again. */
  | { readonly name: 'recover'; readonly host: string; readonly lost: readonly string[] };

/** What happens meanwhile. `after` is how far the run is, from 0 (its start) to 1 (about its end). */
export type Trouble =
  | { readonly name: 'none' }
  | { readonly name: 'kill' | 'term' | 'asked'; readonly after: number }
  | { readonly name: 'power' | 'cable' | 'half-deaf'; readonly after: number; readonly host: string }
  /** Fewer than half of the members. */
  | { readonly name: 'split'; readonly after: number; readonly apart: readonly string[] }
  | { readonly name: 'full' | 'no-room' | 'expired'; readonly host: string };

/** What a story can be played with. */
export interface Cast {
  /** All that there are; the cluster begins with the first three. */
  readonly hosts: readonly string[];
  /** Of etcd, oldest first: an upgrade goes from one to the next. */
  readonly versions: readonly string[];
}

/** A cluster between two acts. */
export interface Cluster {
  readonly members: readonly string[];
  readonly version: string;
}

export interface Act {
  readonly operation: Operation;
  readonly trouble: Trouble;
  readonly before: Cluster;
  readonly after: Cluster;
}

/** Picks one by the dice of the story. */
type Pick = <T>(items: readonly T[]) => T;

const LEAST = 3;

/**
 * What happens to a cluster, the same for the same seed and cast: as many acts as asked for, each an operation and a
 * trouble. The cluster never has fewer than three members.
 *
 * @example story(7, { hosts: ['etcd01', 'etcd02', 'etcd03', 'etcd04'], versions: ['3.6.16', '3.7.3'] }, 5)
 */
export function story(seed: number, cast: Cast, acts: number): readonly Act[] {
  const next = random(seed);
  const pick: Pick = (items) => items[Math.floor(next() * items.length)] as (typeof items)[number];
  let cluster: Cluster = { members: cast.hosts.slice(0, LEAST), version: pick(cast.versions) };
  return Array.from({ length: acts }, () => {
    const before = cluster;
    const operation = operationOn(before, cast, pick);
    cluster = clusterAfter(operation, before);
    return { operation, trouble: troubleFor(operation, before, pick, next), before, after: cluster };
  });
}

function operationOn({ members, version }: Cluster, { hosts, versions }: Cast, pick: Pick): Operation {
  const spare = hosts.filter((host) => !members.includes(host));
  const at = versions.indexOf(version);
  const [lower, higher] = [versions[at - 1], versions[at + 1]];
  const name = pick<Operation['name']>([
    ...(['roll', 'backup', 'renew', 'rotate', 'site', 'replace', 'move'] as const),
    ...(['revoke', 'restore', 'recover'] as const),
    ...(spare.length > 0 ? (['grow', 'grow'] as const) : []),
    ...(members.length > LEAST ? (['shrink', 'shrink'] as const) : []),
    ...(higher === undefined ? [] : (['upgrade', 'upgrade'] as const)),
    ...(lower === undefined ? [] : (['downgrade'] as const)),
  ]);
  switch (name) {
    case 'grow':
      return { name, host: pick(spare) };
    case 'shrink':
    case 'replace':
    case 'move':
      return { name, host: pick(members) };
    case 'upgrade':
      return { name, version: higher ?? version };
    case 'downgrade':
      return { name, version: lower ?? version };
    case 'recover': {
      const host = pick(members);
      return { name, host, lost: some(sparing(members) + 1, without(members, host), pick) };
    }
    default:
      return { name };
  }
}

function clusterAfter(operation: Operation, { members, version }: Cluster): Cluster {
  switch (operation.name) {
    case 'grow':
      return { members: [...members, operation.host].sort(), version };
    case 'shrink':
      return { members: without(members, operation.host), version };
    case 'upgrade':
    case 'downgrade':
      return { members, version: operation.version };
    default:
      return { members, version };
  }
}

/** Never one that leaves no quorum: where a machine is replaced, no other may go. */
function troubleFor(operation: Operation, { members }: Cluster, pick: Pick, next: () => number): Trouble {
  const after = Math.round(next() * 100) / 100;
  const standing = operation.name === 'recover' ? without(members, ...operation.lost) : members;
  const host = pick(standing);
  const name = pick([
    ...(['none', 'kill', 'kill', 'term', 'asked'] as const),
    ...(operation.name === 'replace'
      ? []
      : (['power', 'cable', 'half-deaf', 'split', 'full', 'no-room', 'expired'] as const)),
  ]);
  switch (name) {
    case 'none':
      return { name };
    case 'kill':
    case 'term':
    case 'asked':
      return { name, after };
    case 'split':
      return { name, after, apart: some(sparing(members), members, pick) };
    case 'full':
    case 'no-room':
    case 'expired':
      return { name, host };
    default:
      return { name, after, host };
  }
}

/** How many of these may go without the quorum. */
function sparing(members: readonly string[]): number {
  return Math.floor((members.length - 1) / 2);
}

function some(count: number, of: readonly string[], pick: Pick): readonly string[] {
  if (count === 0) return [];
  const one = pick(of);
  return [one, ...some(count - 1, without(of, one), pick)].sort();
}

function without(all: readonly string[], ...those: readonly string[]): readonly string[] {
  return all.filter((one) => !those.includes(one));
}

/** `grow etcd04, and etcd02 loses its power at 40 %`. */
export function describeAct({ operation, trouble }: Act): string {
  const what = describeOperation(operation);
  if (trouble.name === 'none') return what;
  const who =
    'host' in trouble ? `${trouble.host} ` : 'apart' in trouble ? `${trouble.apart.join('+')} ` : '';
  const when = 'after' in trouble ? ` at ${Math.round(trouble.after * 100)} %` : '';
  return `${what}, and ${who}${TOLD[trouble.name]}${when}`;
}

function describeOperation(operation: Operation): string {
  switch (operation.name) {
    case 'upgrade':
    case 'downgrade':
      return `${operation.name} to ${operation.version}`;
    case 'recover':
      return `recover from ${operation.host} without ${operation.lost.join('+')}`;
    default:
      return 'host' in operation ? `${operation.name} ${operation.host}` : operation.name;
  }
}

const TOLD = {
  kill: 'the run is killed',
  term: 'the run is asked to end',
  asked: 'status and doctor look on',
  power: 'loses its power',
  cable: 'is unplugged',
  'half-deaf': 'hears no other member',
  split: 'is cut off from the others',
  full: 'has no room for records',
  'no-room': 'has no room for data',
  expired: 'has a certificate that is over',
} satisfies Record<Exclude<Trouble['name'], 'none'>, string>;

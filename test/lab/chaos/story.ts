import { random } from '../support/random.ts';

/** What a person does to the cluster. */
export type Operation =
  | { readonly name: 'roll' | 'backup' | 'renew' | 'rotate' | 'site' }
  | { readonly name: 'grow' | 'shrink' | 'replace' | 'move'; readonly host: string };

/** What happens meanwhile. `after` is how far the run is, from 0 (its start) to 1 (about its end). */
export type Trouble =
  | { readonly name: 'none' }
  | { readonly name: 'kill' | 'term'; readonly after: number }
  | { readonly name: 'power' | 'cable' | 'half-deaf'; readonly after: number; readonly host: string }
  | { readonly name: 'full' | 'expired'; readonly host: string };

export interface Act {
  readonly operation: Operation;
  readonly trouble: Trouble;
  /** Members before it. */
  readonly members: readonly string[];
  /** And after it. */
  readonly then: readonly string[];
}

const LEAST = 3;

/**
 * What happens to a cluster, the same for the same seed: as many acts as asked for, each an operation and a trouble.
 * `hosts` are all that there are; the cluster begins with the first three and never has fewer.
 *
 * @example story(7, ['etcd01', 'etcd02', 'etcd03', 'etcd04'], 5)
 */
export function story(seed: number, hosts: readonly string[], acts: number): readonly Act[] {
  const next = random(seed);
  const pick = <T>(items: readonly T[]): T => items[Math.floor(next() * items.length)] as T;
  let members: readonly string[] = hosts.slice(0, LEAST);
  return Array.from({ length: acts }, () => {
    const operation = operationOn(members, hosts, pick);
    const then = membersAfter(operation, members);
    const act = { operation, trouble: troubleFor(operation, members, pick, next), members, then };
    members = then;
    return act;
  });
}

function operationOn(
  members: readonly string[],
  hosts: readonly string[],
  pick: <T>(items: readonly T[]) => T,
): Operation {
  const spare = hosts.filter((host) => !members.includes(host));
  const name = pick<Operation['name']>([
    ...(['roll', 'backup', 'renew', 'rotate', 'site', 'replace', 'move'] as const),
    ...(spare.length > 0 ? (['grow', 'grow'] as const) : []),
    ...(members.length > LEAST ? (['shrink', 'shrink'] as const) : []),
  ]);
  switch (name) {
    case 'grow':
      return { name, host: pick(spare) };
    case 'shrink':
    case 'replace':
    case 'move':
      return { name, host: pick(members) };
    default:
      return { name };
  }
}

function membersAfter(operation: Operation, members: readonly string[]): readonly string[] {
  if (operation.name === 'grow') return [...members, operation.host].sort();
  if (operation.name === 'shrink') return members.filter((host) => host !== operation.host);
  return members;
}

/** Never one that leaves no quorum: where a machine is replaced, no other may go. */
function troubleFor(
  operation: Operation,
  members: readonly string[],
  pick: <T>(items: readonly T[]) => T,
  next: () => number,
): Trouble {
  const after = Math.round(next() * 100) / 100;
  const host = pick(members);
  const name = pick([
    'none',
    'kill',
    'kill',
    'term',
    ...(operation.name === 'replace' ? [] : (['power', 'cable', 'half-deaf', 'full', 'expired'] as const)),
  ] as const);
  switch (name) {
    case 'none':
      return { name };
    case 'kill':
    case 'term':
      return { name, after };
    case 'full':
    case 'expired':
      return { name, host };
    default:
      return { name, after, host };
  }
}

/** `grow etcd04, and etcd02 without power at 40 %`. */
export function describeAct({ operation, trouble }: Act): string {
  const done = 'host' in operation ? `${operation.name} ${operation.host}` : operation.name;
  const who = 'host' in trouble ? `${trouble.host} ` : '';
  const when = 'after' in trouble ? ` at ${Math.round(trouble.after * 100)} %` : '';
  return trouble.name === 'none' ? done : `${done}, and ${who}${TOLD[trouble.name]}${when}`;
}

const TOLD = {
  kill: 'the run is killed',
  term: 'the run is asked to end',
  power: 'loses its power',
  cable: 'is unplugged',
  'half-deaf': 'hears no other member',
  full: 'has no room for records',
  expired: 'has a certificate that is over',
} satisfies Record<Exclude<Trouble['name'], 'none'>, string>;

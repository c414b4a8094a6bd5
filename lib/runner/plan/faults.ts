import type { Play } from '../../dsl/play.ts';
import type { FactSource, Role, Target } from '../../dsl/role.ts';
import { EXIT, errorsOf, QuorateError, QuorateErrors } from '../../errors.ts';
import type { RoleTask } from '../exchange/wire.ts';
import { tasksOf } from './tasks.ts';
import { refuseContradictions } from './wishes.ts';

/** A host that nobody has asked. */
export type Unread = Omit<Target, 'facts'>;

/**
 * What is wrong with the roles of a play, found with ordinary facts and without contacting any host; a fault that hosts
 * share once. What only real facts bring out is not looked for here.
 */
export function faultsOf<Facts>(
  { gather, roles: all }: Pick<Play<Facts>, 'gather' | 'roles'>,
  roles: readonly Role<Facts>[],
  hosts: readonly Unread[],
): readonly QuorateError[] {
  const { ordinary } = gather;
  if (ordinary === undefined) return [];
  const faults = new Map<string, QuorateError>();
  const noting = (name: string, look: () => void) => {
    for (const fault of usageFaults(look)) {
      const key = fault.message.replaceAll(name, '');
      if (!faults.has(key)) faults.set(key, fault);
    }
  };
  const built = new Map<string, readonly RoleTask[]>();
  for (const host of hosts) {
    const build = (some: readonly Role<Facts>[]) => {
      const isWhole = some.length === all.length;
      built.set(host.name, tasksOf(some, { ...host, facts: ordinary }, EXIT.usage, { isWhole }));
    };
    noting(host.name, () => {
      if (usageFaults(() => build(roles)).length > 0)
        build(roles.filter((role) => !hangsOnFacts(role, host, gather)));
    });
  }
  noting('', () => refuseContradictions(built));
  return [...faults.values()];
}

/** A role cannot be built with ordinary facts, and may be with those of a host: it is for another system, or for what a host has. */
export function hangsOnFacts<Facts>(
  role: Role<Facts>,
  host: Unread,
  { ordinary, others = [] }: Pick<FactSource<Facts>, 'ordinary' | 'others'>,
): boolean {
  const faultsWith = (facts: Facts, hears: () => void) => {
    const target = { ...host, facts: heard(facts, hears) };
    if (host.fleet) target.fleet = { ...host.fleet, hostfacts: heard(host.fleet.hostfacts, hears) };
    return usageFaults(() => tasksOf([role], target, EXIT.usage, { isWhole: false }));
  };
  let isRead = false;
  const faults = faultsWith(ordinary as Facts, () => {
    isRead = true;
  });
  if (faults.length === 0 || !isRead) return false;
  // What it throws itself may be about any fact.
  return (
    faults.some(({ cause }) => cause !== undefined) ||
    others.some((facts) => faultsWith(facts, () => {}).length === 0)
  );
}

/** Hears each look at them, be it at one or at which there are. */
function heard<Values>(values: Values, hears: () => void): Values {
  if (typeof values !== 'object' || values === null) return values;
  return new Proxy(values, {
    get(own, name) {
      hears();
      return Reflect.get(own, name);
    },
    has(own, name) {
      hears();
      return Reflect.has(own, name);
    },
    ownKeys(own) {
      hears();
      return Reflect.ownKeys(own);
    },
  });
}

/** What is wrong with what a user wrote; throws anything else. */
function usageFaults(look: () => void): readonly QuorateError[] {
  try {
    look();
    return [];
  } catch (error) {
    if (!(error instanceof QuorateError || error instanceof QuorateErrors)) throw error;
    return errorsOf(error).filter(({ exitCode }) => exitCode === EXIT.usage);
  }
}

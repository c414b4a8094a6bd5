import { AsyncLocalStorage } from 'node:async_hooks';

/** What one run keeps for itself, by who keeps it. */
type Scope = Map<object, unknown>;

const current = new AsyncLocalStorage<Scope>();

/** For what is made outside of runs. */
const outside: Scope = new Map();

/** Scopes of runs, for as long as something of them is under way. */
const scopes = new Set<WeakRef<Scope>>();

/**
 * Gives work a scope of its own: what it learns (secrets, answers, connections to jump hosts, opened PKIs, downloads)
 * is unknown to another run in this process. Work that is part of a run already stays in its scope.
 */
export function asOneRun<T>(work: () => T): T {
  if (current.getStore() !== undefined) return work();
  const scope: Scope = new Map();
  for (const ref of scopes) if (ref.deref() === undefined) scopes.delete(ref);
  scopes.add(new WeakRef(scope));
  return current.run(scope, work);
}

/**
 * A thing that each run has for itself; made when it is first asked for.
 *
 * @example
 * const answers = new PerRun(() => new Map<string, boolean>());
 * answers.own.set('host', true);
 */
export class PerRun<T> {
  readonly #make: () => T;

  constructor(make: () => T) {
    this.#make = make;
  }

  /** That of the run under way. */
  get own(): T {
    return this.#in(current.getStore() ?? outside);
  }

  /** Inside a run: its own value and the one made outside of runs. Outside: the values of all runs. */
  get visible(): readonly T[] {
    const scope = current.getStore();
    const all = scope ? [scope] : [...scopes].flatMap((ref) => ref.deref() ?? []);
    return [outside, ...all].map((one) => this.#in(one));
  }

  #in(scope: Scope): T {
    if (!scope.has(this)) scope.set(this, this.#make());
    return scope.get(this) as T;
  }
}

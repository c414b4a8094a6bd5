import type { Fleet, Target } from '../../dsl/role.ts';

/**
 * What a role sees of the hosts around, and which of them it asked for facts that this run has not read: those outside of
 * `--limit`, of a later batch or play, or out of reach. For all hosts at once it means those of its play.
 */
export function watchingFacts(
  fleet: Fleet,
  { hostvars }: Pick<Target, 'hostvars'>,
): { readonly fleet: Fleet; readonly unread: ReadonlySet<string> } {
  const unread = new Set<string>();
  let names: ReadonlySet<string | undefined> | undefined;
  const isHost = (name: string) => {
    names ??= new Set([...Object.keys(hostvars), ...Object.values(fleet.groups).flat()]);
    return names.has(name);
  };
  const hostfacts = new Proxy(fleet.hostfacts, {
    get(known, name) {
      if (typeof name === 'string' && !(name in known) && isHost(name)) unread.add(name);
      return Reflect.get(known, name);
    },
    ownKeys(known) {
      for (const name of Object.keys(hostvars)) if (!(name in known)) unread.add(name);
      return Reflect.ownKeys(known);
    },
  });
  return { fleet: { ...fleet, hostfacts }, unread };
}

/** Says, once, which hosts a role asked in vain. */
export class MissedFacts {
  readonly #tell: (message: string) => void;
  readonly #told = new Set<string>();

  constructor(tell: (message: string) => void) {
    this.#tell = tell;
  }

  add(role: string, hosts: readonly string[]): void {
    const fresh = hosts.filter((host) => !this.#told.has(`${role} ${host}`));
    for (const host of fresh) this.#told.add(`${role} ${host}`);
    if (fresh.length === 0) return;
    this.#tell(
      `role ${role} asks for facts of ${fresh.join(', ')}, which this run has not read, so its result lacks them: include those hosts (--limit, serial), or read them in an earlier play`,
    );
  }
}

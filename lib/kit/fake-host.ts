import { factSource } from '../dsl/facts.ts';
import type { HostFacts } from '../dsl/host-facts.ts';
import type { Role, VarSchema, Vars } from '../dsl/role.ts';

/** A host that is data: what a role is to see of it. */
export interface FakeHostOptions {
  readonly name?: string;
  /** Those that are not given are of an ordinary host: Debian 12, systemd, one CPU. */
  readonly facts?: Partial<HostFacts>;
  /** Over the defaults of the role. */
  readonly vars?: Vars;
  /** The groups of the inventory that it is in. */
  readonly groups?: readonly string[];
}

/** One task of a role as it was built. */
export interface BuiltTask {
  readonly title: string;
  /** `kind:name`: `file:/etc/motd`. */
  readonly resource: string;
}

export interface FakeHost {
  /** The tasks that a role gives for this host, in their order; nothing is contacted. Throws what the role throws. */
  tasks(role: Role<HostFacts>): readonly BuiltTask[];
}

/**
 * A host that is data, to test what a role decides: which tasks, for which facts and variables.
 *
 * @example
 * const titles = fakeHost({ facts: { family: 'redhat' } }).tasks(nginx).map(({ resource }) => resource);
 */
export function fakeHost({
  name = 'fake',
  facts = {},
  vars = {},
  groups = [],
}: FakeHostOptions = {}): FakeHost {
  return {
    tasks(role) {
      const asked = role.facts ?? [];
      const ordinary = factSource(asked).ordinary;
      const known = Object.fromEntries(asked.map((fact) => [fact, facts[fact] ?? ordinary?.[fact]]));
      const all = { ...defaultsOf(role.vars), ...vars };
      const missing = (role.required ?? []).filter((one) => all[one] === undefined);
      if (missing.length > 0) throw new Error(`role ${role.name} needs a value for ${missing.join(', ')}`);
      const fleet = {
        groups: Object.fromEntries(['all', ...groups].map((group) => [group, [name]])),
        hostvars: { [name]: all },
        hostfacts: { [name]: known },
      };
      const target = {
        name,
        vars: all,
        hostvars: { [name]: all },
        facts: known as Partial<HostFacts> as HostFacts,
        fleet,
      };
      return role.tasks(target).map(({ title, resource }) => ({ title, resource }));
    },
  };
}

function defaultsOf(schema: VarSchema): Vars {
  const entries = Object.entries(schema).filter(([, property]) => 'default' in property);
  return Object.fromEntries(entries.map(([name, property]) => [name, property.default]));
}

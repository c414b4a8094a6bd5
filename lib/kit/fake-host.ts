import type { HostFacts } from '../dsl/host-facts.ts';
import { wrongList } from '../dsl/options/task-list.ts';
import type { Role, Vars } from '../dsl/role.ts';
import { loadAll } from '../dsl/trace/lazy.ts';
import { loadJudge } from '../inventory/checks/judged.ts';
import { fakeFacts } from './fake-facts.ts';
// What resources load only where it is used must be there: a list of tasks is given at once.
import '../resources/index.ts';

await loadAll();
const judge = await loadJudge();

/** A host that is data: what a role is to see of it. */
export interface FakeHostOptions {
  readonly name?: string;
  /**
   * Those that are not given are of an ordinary host: Debian 12, systemd, one CPU. What one of `family` and
   * `distribution` says, holds for the other: `{ family: 'redhat' }` is a Rocky Linux.
   */
  readonly facts?: Partial<HostFacts>;
  /** Over the defaults of the role; judged by its schema, as those of an inventory are. */
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
  /** The tasks that a role gives for this host, in their order; nothing is contacted. Throws what the role throws, and what is wrong with a variable or with the list. */
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
      const known = fakeFacts(role.facts ?? [], facts);
      const all = judge(name, role, vars);
      const fleet = {
        groups: Object.fromEntries(['all', ...groups].map((group) => [group, [name]])),
        hostvars: { [name]: all },
        hostfacts: { [name]: known },
      };
      const target = {
        name,
        vars: all,
        hostvars: { [name]: all },
        facts: known,
        fleet,
      };
      const tasks = role.tasks(target);
      const wrong = wrongList(tasks);
      if (wrong) throw new Error(`role ${role.name} ${wrong.join('; ')}`);
      return tasks.map(({ title, resource }) => ({ title, resource }));
    },
  };
}

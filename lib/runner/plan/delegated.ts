import type { Play, PlayInventoryHost } from '../../dsl/play.ts';
import type { Fleet, Role, Target } from '../../dsl/role.ts';
import type { Task } from '../../dsl/task.ts';
import { withLoaded } from '../../dsl/trace/lazy.ts';
import { EXIT, QuorateError, QuorateErrors } from '../../errors.ts';
import { tasksOf } from './tasks.ts';
import { actorOf } from './wishes.ts';

interface Delegating {
  // biome-ignore lint/suspicious/noExplicitAny: plays of one playbook may differ in their facts
  readonly plays: readonly Play<any>[];
  readonly select: (pattern: string) => readonly PlayInventoryHost[];
  readonly fleet: Fleet;
}

/**
 * What hosts of a run have others do (`delegateTo`), those included that it leaves out or has not come to: they are
 * taken for ordinary ones then, of any system. No host is asked.
 */
export class Delegations {
  readonly #run: Delegating;
  readonly #facts = new Map<unknown, Map<string, unknown>>();
  #found: Promise<ReadonlyMap<string, readonly Task[]>> | undefined;

  constructor(run: Delegating) {
    this.#run = run;
  }

  /** Takes note of the facts of hosts as a play has read them. */
  read(play: unknown, targets: readonly Target[]): void {
    const known = this.#facts.get(play) ?? new Map();
    for (const { name, facts } of targets) known.set(name, facts);
    this.#facts.set(play, known);
    this.#found = undefined;
  }

  /** What others have this host do. */
  async to(host: string): Promise<readonly Task[]> {
    this.#found ??= withLoaded(() => this.#all());
    return (await this.#found).get(host) ?? [];
  }

  #all(): ReadonlyMap<string, readonly Task[]> {
    const { plays, select, fleet } = this.#run;
    const found = new Map<string, Task[]>();
    for (const play of plays) {
      const hosts = select(play.hosts);
      const hostvars = Object.fromEntries(hosts.map(({ name, vars }) => [name, vars]));
      const { ordinary, others = [] } = play.gather;
      const usual = ordinary === undefined ? [] : [ordinary, ...others];
      for (const { name, vars } of hosts) {
        const read = this.#facts.get(play)?.get(name);
        for (const facts of read === undefined ? usual : [read])
          for (const task of tasksElsewhere(play.roles, { name, vars, hostvars, fleet, facts })) {
            const actor = actorOf(name, task);
            found
              .set(actor, found.get(actor) ?? [])
              .get(actor)
              ?.push(task);
          }
      }
    }
    return found;
  }
}

/** Nothing is known of roles that cannot be built with these facts. */
function tasksElsewhere(roles: readonly Role<unknown>[], target: Target): readonly Task[] {
  return roles.flatMap((role) => {
    try {
      const tasks = tasksOf([role], target, EXIT.usage, { isWhole: false }).map(({ task }) => task);
      return tasks.filter((task) => actorOf(target.name, task) !== target.name);
    } catch (error) {
      if (error instanceof QuorateError || error instanceof QuorateErrors) return [];
      throw error;
    }
  });
}

import type { Task } from '../../dsl/task.ts';
import { World } from '../../dsl/world/world.ts';
import type { Host } from '../../transport/host.ts';
import type { Slots } from '../../transport/slots.ts';
import type { EventSink } from '../events.ts';
import { wordsOf } from '../exchange/task-shell.ts';
import { type RoleTask, Wire } from '../exchange/wire.ts';

/** A host that acts for others. */
export interface Actor {
  readonly host: Host;
  readonly stateDir: string;
  readonly owner: string;
  connect(): Promise<Host>;
  /** One at a time, its own tasks among them: what it is asked by several is read, changed and proven in one go. */
  readonly slots: Slots;
  /** Takes its run lock, unless this run has it. */
  lock(): Promise<void>;
}

/** Where a task is read and carried out. */
export interface Site {
  readonly wire: Wire;
  readonly world: World;
  /** undefined: the host itself. */
  readonly actor: Actor | undefined;
  /** Other hosts have the host itself do something about the same thing or path. */
  isAsked?(task: Task): boolean;
}

/** The hosts that act for one that asks (`delegateTo`), as far as its tasks name them. */
export class Elsewhere {
  readonly #sites = new Map<string, Site>();
  readonly #asker: string;
  readonly #actor: (name: string) => Promise<Actor>;
  readonly #sink: EventSink;

  constructor(asker: string, actor: (name: string) => Promise<Actor>, sink: EventSink) {
    this.#asker = asker;
    this.#actor = actor;
    this.#sink = sink;
  }

  /** Connects what tasks name, and forgets what was foreseen there. */
  async meet(tasks: readonly RoleTask[]): Promise<void> {
    for (const { task } of tasks) {
      const name = this.#nameOf(task);
      if (name === undefined) continue;
      const known = this.#sites.get(name);
      const actor = known?.actor ?? (await this.#actor(name));
      const wire = known?.wire ?? new Wire(actor.host, actor.stateDir, this.#sink, this.#asker);
      const world = new World();
      world.provides(actor.stateDir);
      this.#sites.set(name, { actor, wire, world });
    }
  }

  /** Where a task is carried out; undefined: on the host itself. */
  of(task: Pick<Task, 'words'>): Site | undefined {
    const name = this.#nameOf(task);
    return name === undefined ? undefined : this.#sites.get(name);
  }

  get wires(): readonly Wire[] {
    return [...this.#sites.values()].map(({ wire }) => wire);
  }

  #nameOf(task: Pick<Task, 'words'>): string | undefined {
    const { delegateTo, when } = wordsOf(task);
    return when === false || delegateTo === this.#asker ? undefined : delegateTo;
  }
}

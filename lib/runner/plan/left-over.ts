import { Ledger, type OtherMaker } from '../../dsl/ledger/ledger.ts';
import type { TakeAway, Verdict } from '../../dsl/ledger/left-over.ts';
import { forget, type Kept, rewriteLedger } from '../../dsl/ledger/records.ts';
import type { PlannedTask, Play, PlayHost, PlayInventoryHost } from '../../dsl/play.ts';
import { isDue } from '../../dsl/play.ts';
import type { HostData } from '../../dsl/role.ts';
import { joinSh } from '../../dsl/shell/sh.ts';
import type { Task } from '../../dsl/task.ts';
import { World } from '../../dsl/world/world.ts';
import type { RunEvent } from '../events.ts';
import { wordsOf } from '../exchange/task-shell.ts';
import type { RoleTask } from '../exchange/wire.ts';
import { actorOf } from './wishes.ts';

/** The role that events name for what no role declares any more. */
const LEFT_OVER = 'left over';

export interface LeftOverOptions {
  // biome-ignore lint/suspicious/noExplicitAny: plays of one playbook may differ in their facts
  readonly plays: readonly Play<any>[];
  readonly select: (pattern: string) => readonly PlayInventoryHost[];
  readonly includes: (role: string) => boolean;
  /** Sources of the inventory, as given with `-i`. */
  readonly inventory: readonly string[];
  /** Take away what is left over, instead of naming it. */
  readonly prune: boolean;
  /** Loaded where something is left over. */
  readonly takeAway?: () => Promise<TakeAway>;
  /** What other hosts have one do, whether they take part or not: asked where something would be left over. */
  readonly delegatedTo?: (host: string) => Promise<readonly Task[]>;
}

/** What the plays of a run declare on each host, and so what is left over there. */
export class LeftOvers {
  readonly #options: LeftOverOptions;
  readonly #declared = new Map<string, RoleTask[]>();
  readonly #found = new Map<string, Finding>();
  /** Plays that keep records, each with the hosts that its pattern names. */
  #named:
    | readonly { readonly play: LeftOverOptions['plays'][number]; readonly hosts: ReadonlySet<string> }[]
    | undefined;

  constructor(options: LeftOverOptions) {
    this.#options = options;
  }

  /** The records of a host, as `out` has them; undefined where its play keeps none. */
  ledgerOf<Facts>(play: Play<Facts>, host: HostData, out: string): Ledger | undefined {
    const place = play.ledger?.(host);
    const dirs = this.#playsOf(host.name).flatMap((one) => one.ledger?.(host).dir ?? []);
    return place && new Ledger(place, out, dirs, this.#options.inventory);
  }

  /**
   * Tasks that see to what is left over once `tasks` are added to those that earlier plays of the run want of the host.
   * Only whole plays can tell, and only the last one of a host; none for others.
   */
  async tasksFor<Facts>(
    play: Play<Facts>,
    host: string,
    ledger: Ledger,
    tasks: readonly RoleTask[],
  ): Promise<readonly RoleTask[]> {
    const { plays, includes, takeAway, prune, delegatedTo } = this.#options;
    // What another host carries out declares nothing here.
    const here = tasks.filter(({ task }) => actorOf(host, task) === host);
    const declared = [...(this.#declared.get(host) ?? []), ...here];
    this.#declared.set(host, declared);
    const finding = new Finding(ledger, here, prune);
    this.#found.set(host, finding);
    const isWhole = plays.every(({ roles }) => roles.every(({ name }) => includes(name)));
    if (!isWhole || this.#playsOf(host).at(-1) !== play) return [];
    const own = declared.map(({ task }) => task);
    const { foreign, makers, ...found } = ledger.undeclared(own);
    finding.stale.push(...foreign);
    finding.makers.push(...makers);
    if (found.ours.length === 0 || takeAway === undefined) return [];
    const all = [...own, ...((await delegatedTo?.(host)) ?? [])];
    const { ours } = ledger.undeclared(all);
    if (ours.length === 0) return [];
    const isForeign = ledger.isForeign.bind(ledger);
    const gone = finding.tasksOf((await takeAway())(ours, { declared: all, isForeign }));
    return prune ? [...gone, ...judgedAgain(own)] : gone;
  }

  /** What is left over on a host, and stays for now: to be told once it is planned. */
  named(host: string): readonly Named[] {
    return [...(this.#found.get(host)?.named.values() ?? [])];
  }

  /** Whose things on a host lie among ours, and are left alone. */
  makers(host: string): readonly OtherMaker[] {
    return this.#found.get(host)?.makers ?? [];
  }

  /** Brings the records of a host up to date with what was found there: an exchange where they are not. */
  async keepRecords(host: Pick<PlayHost, 'target' | 'act'>): Promise<void> {
    const finding = this.#found.get(host.target.name);
    this.#found.delete(host.target.name);
    const steps = finding?.steps() ?? [];
    if (steps.length > 0) await host.act('keeping records', joinSh(steps, ' &&\n'));
  }

  #playsOf(host: string): LeftOverOptions['plays'] {
    const { plays, select } = this.#options;
    // Selecting goes through all hosts, and every host asks.
    this.#named ??= plays
      .filter(({ ledger }) => ledger !== undefined)
      .map((play) => ({ play, hosts: new Set(select(play.hosts).map(({ name }) => name)) }));
    return this.#named.flatMap(({ play, hosts }) => (hosts.has(host) ? [play] : []));
  }
}

/** What may have read what goes: the last task for each such thing, outside of its blocks. */
function judgedAgain(declared: readonly Task[]): readonly RoleTask[] {
  const last = new Map<string, Task>();
  for (const task of declared) {
    const isRescue = task.within?.some(({ part }) => part === 'rescue') ?? false;
    if (!task.heedsLeftOver || isRescue || wordsOf(task).when === false) continue;
    const { within: _, ...alone } = task;
    last.set(task.thing, alone);
  }
  return [...last.values()].map((task) => ({ role: LEFT_OVER, task }));
}

type Named = Omit<Extract<RunEvent, { event: 'left-over' }>, 'event' | 'host'>;

/** Leaves out of a plan what only had to be looked at. */
export function withoutLooks(plan: readonly PlannedTask[]): readonly PlannedTask[] {
  return plan.filter((one) => one.role !== LEFT_OVER || isDue(one));
}

/** It takes away what no role declares. */
export function isLeftOver({ role }: RoleTask): boolean {
  return role === LEFT_OVER;
}

/** The task only looked at a left-over thing and had nothing to do: do not report it as skipped. */
export function isLook({ role, task }: RoleTask, plan: readonly PlannedTask[]): boolean {
  return role === LEFT_OVER && !plan.some((one) => one.task === task);
}

/** What was found on one host by its last plan. */
class Finding {
  readonly named = new Map<Kept, Named>();
  /** What is not there any more, or is others' business: it only goes from the records. */
  readonly stale: Kept[] = [];
  /** See `Undeclared`. */
  readonly makers: OtherMaker[] = [];
  readonly #ledger: Ledger;
  readonly #tasks: readonly RoleTask[];
  readonly #prune: boolean;
  /**
   * Without `prune`: a copy of each world in which left-over things are gone, so that judging one of them sees the
   * others gone while the real world keeps them.
   */
  readonly #foreseen = new WeakMap<World, World>();

  constructor(ledger: Ledger, tasks: readonly RoleTask[], prune: boolean) {
    this.#ledger = ledger;
    this.#tasks = tasks;
    this.#prune = prune;
  }

  tasksOf(left: ReturnType<TakeAway>): readonly RoleTask[] {
    return left.map(({ made, task, judge }) => {
      const diff: typeof task.diff = (reading, world) => {
        const goes = this.#prune && this.#ledger.isKnown(made);
        const verdict = this.#orStaying(made, judge(reading, goes ? world : this.#copyOf(world)));
        if (!world.isProof) this.#note(made, verdict);
        return goes && verdict.is === 'due' ? verdict.changes : [];
      };
      const from = this.#ledger.from(made);
      const title = from === undefined ? task.title : `${task.title}; it is from ${from}, which is not here`;
      return { role: LEFT_OVER, task: { ...task, title, diff } };
    });
  }

  /** What another project may have made, whose playbook has our name, is not taken away. */
  #orStaying(made: Kept, verdict: Verdict): Verdict {
    if (verdict.is !== 'due' || this.#ledger.isKnown(made)) return verdict;
    return { is: 'staying', why: 'it is not on record which project made it' };
  }

  #note(made: Kept, verdict: Verdict): void {
    const { role, kind, name } = made;
    const from = this.#ledger.from(made);
    const named = { role, kind, name, ...(from !== undefined && { from }) };
    if (verdict.is === 'gone') this.stale.push(made);
    else if (verdict.is === 'staying') this.named.set(made, { ...named, stays: verdict.why });
    else if (verdict.is === 'due' && !this.#prune) this.named.set(made, named);
  }

  #copyOf(world: World): World {
    const copy = this.#foreseen.get(world) ?? new World(world, world.isProof);
    this.#foreseen.set(world, copy);
    return copy;
  }

  steps() {
    const claims = this.#ledger.claim(this.#tasks);
    return [
      ...(claims ? [rewriteLedger(this.#ledger.dir, claims)] : []),
      ...(this.stale.length > 0 ? [forget(this.stale)] : []),
    ];
  }
}

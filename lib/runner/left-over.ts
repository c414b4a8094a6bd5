import { forget, type Kept, Ledger, rewriteLedger } from '../dsl/ledger.ts';
import type { LeftOver, TakeAway, Verdict } from '../dsl/left-over.ts';
import type { PlannedTask, Play, PlayInventoryHost } from '../dsl/play.ts';
import type { HostData } from '../dsl/role.ts';
import { joinSh, type Sh } from '../dsl/sh.ts';
import type { Reading } from '../dsl/task.ts';
import { World } from '../dsl/world.ts';
import type { RoleTask } from './wire.ts';

/** The role that events name for what no role declares any more. */
export const LEFT_OVER = 'left over';

export interface LeftOverOptions {
  // biome-ignore lint/suspicious/noExplicitAny: plays of one playbook may differ in their facts
  readonly plays: readonly Play<any>[];
  readonly select: (pattern: string) => readonly PlayInventoryHost[];
  readonly includes: (role: string) => boolean;
  /** Take away what is left over, instead of naming it. */
  readonly prune: boolean;
  /** Loaded where something is left over. */
  readonly takeAway?: () => Promise<TakeAway>;
}

/** What the plays of a run declare on each host, and so what is left over there. */
export class LeftOvers {
  readonly prune: boolean;
  readonly #options: LeftOverOptions;
  readonly #isWhole: boolean;
  readonly #declared = new Map<string, RoleTask[]>();

  constructor(options: LeftOverOptions) {
    this.#options = options;
    this.prune = options.prune;
    this.#isWhole = options.plays.every(({ roles }) => roles.every(({ name }) => options.includes(name)));
  }

  /** The records of a host, as `out` has them. */
  ledgerOf<Facts>(play: Play<Facts>, host: HostData, out: string): Ledger | undefined {
    const place = play.ledger?.(host);
    const dirs = this.#playsOf(host.name).flatMap((one) => one.ledger?.(host).dir ?? []);
    return place && new Ledger(place, out, dirs);
  }

  /**
   * What is left over once these tasks are added to those that earlier plays of the run want of the host. Only whole
   * plays can tell, and only the last one of a host; undefined for others.
   */
  async find<Facts>(
    play: Play<Facts>,
    host: string,
    ledger: Ledger,
    tasks: readonly RoleTask[],
  ): Promise<Found | undefined> {
    const declared = [...(this.#declared.get(host) ?? []), ...tasks];
    this.#declared.set(host, declared);
    const isLast = this.#playsOf(host).at(-1) === play;
    if (!this.#isWhole || !isLast) return undefined;
    const all = declared.map(({ task }) => task);
    const { ours, foreign } = ledger.undeclared(all);
    const { takeAway } = this.#options;
    if (ours.length === 0 || takeAway === undefined) return { left: [], foreign };
    return { left: (await takeAway())(ours, { declared: all }), foreign };
  }

  #playsOf(host: string): readonly LeftOverOptions['plays'][number][] {
    const { plays, select } = this.#options;
    return plays.filter(
      ({ ledger, hosts }) => ledger !== undefined && select(hosts).some(({ name }) => name === host),
    );
  }
}

/** What is left over on a host, before it was looked at. */
export interface Found {
  readonly left: readonly LeftOver[];
  /** It is made for others as well, so it only goes from the records. */
  readonly foreign: readonly Kept[];
}

/** A thing that is left over, and stays for now. */
export interface Named {
  readonly made: Kept;
  /** Why it stays with `--prune`, too. */
  readonly stays?: string;
}

export interface Sorted {
  /** What is taken away: planned like any task. */
  readonly planned: readonly PlannedTask[];
  readonly named: readonly Named[];
  /** What is not there any more, or is others' business. */
  readonly stale: readonly Kept[];
}

/** Sorts out what is there by what was read of it. Without `prune` nothing of it is foreseen to go. */
export function sortOut(
  { left, foreign }: Found,
  reading: (index: number) => Reading,
  world: World,
  prune: boolean,
): Sorted {
  const planned: PlannedTask[] = [];
  const named: Named[] = [];
  const stale = [...foreign];
  const foreseen = prune ? world : new World(world);
  for (const [i, { made, task, judge }] of left.entries()) {
    const verdict: Verdict = judge(reading(i), foreseen);
    if (verdict.is === 'gone') stale.push(made);
    else if (verdict.is === 'staying') named.push({ made, stays: verdict.why });
    else if (prune) planned.push({ role: LEFT_OVER, task, changes: verdict.changes });
    else named.push({ made });
  }
  return { planned, named, stale };
}

/** Shell that brings the records up to date with what was found; undefined where they are. */
export function keepingRecords(
  ledger: Ledger,
  tasks: readonly RoleTask[],
  stale: readonly Kept[],
): Sh | undefined {
  const claims = ledger.claim(tasks);
  const steps = [
    ...(claims ? [rewriteLedger(ledger.dir, claims)] : []),
    ...(stale.length > 0 ? [forget(stale)] : []),
  ];
  return steps.length === 0 ? undefined : joinSh(steps, ' &&\n');
}

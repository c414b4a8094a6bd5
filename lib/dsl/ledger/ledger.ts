import { isSame } from '../common/same.ts';
import type { Change, Task } from '../task.ts';
import type { Made, Trace } from '../trace/trace.ts';
import { normalPath } from '../world/normal-path.ts';
import { PerNames } from '../world/per-names.ts';
import type { World } from '../world/world.ts';
import { declaredBy } from './declared.ts';
import { keyOf, lineOf, madeOf, parseMade } from './made.ts';
import type { Kept, LedgerChange } from './records.ts';

/** Where a play keeps what it has made on a host. */
export interface LedgerPlace {
  /** Its own records lie here; plays that share it do not see each other's things as left over. */
  readonly dir: string;
  /** Folder of all records of ours on the host: one level below, or two on this machine. */
  readonly root: string;
  /** Without it nothing is known to be ours, and all that is left over stays. */
  readonly maker?: Maker | undefined;
}

/** Which playbook of which project made a thing, the same on every machine: two projects may call a playbook the same. */
export interface Maker {
  /** `shop playbooks/site` */
  readonly by: string;
  /** The name is this one, or one that it had before. */
  isOurs(by: string): boolean;
  /** Its runs on an inventory, whose sources are given as with `-i`. */
  on?(inventory: readonly string[]): Sources;
}

/** What a run reads its hosts from: what it made from one inventory, a run on another one does not declare. */
export interface Sources {
  /** Paths in the project, the same on every machine; of files elsewhere their own. */
  readonly names: readonly string[];
  /** The run reads all of these. */
  has(names: readonly string[]): boolean;
  /** What it does not read of these is there, for other runs. */
  isThere(names: readonly string[]): boolean;
}

/** The same, and who else in its project: a play with an `id` is known by that in whatever playbook it stands. */
export interface ProjectMaker extends Maker {
  isOfProject(by: string): boolean;
}

/** What no role declares any more. */
export interface Undeclared {
  readonly ours: readonly Kept[];
  /** Made for others as well: it stays for them. */
  readonly foreign: readonly Kept[];
  /** Others whose things lie among ours, and are none of our business; from which inventory, where that is what tells us apart. */
  readonly makers: readonly OtherMaker[];
}

export type OtherMaker = Pick<Made, 'by' | 'inventory'>;

/**
 * What runs have made on one host, by the records in `dir`, and in those of other plays of the run; and what is made for
 * others, by the records beside them.
 */
export class Ledger {
  readonly dir: string;
  readonly #maker: Maker | undefined;
  readonly #sources: Sources | undefined;
  readonly #own = new Map<string, Kept>();
  /** What was made by other projects whose playbook has our name, or from another inventory. */
  readonly #beside: Made[] = [];
  readonly #others = new Set<string>();
  readonly #foreign = new PerNames((world) => new Set([...this.#others].map((one) => world.thing(one))));

  constructor(
    { dir, maker }: LedgerPlace,
    out: string,
    ofRun: readonly string[] = [dir],
    inventory: readonly string[] = [],
  ) {
    this.dir = normalPath(dir);
    this.#maker = maker;
    this.#sources = maker?.on?.(inventory);
    const dirs = ofRun.map(normalPath);
    let own: string | undefined;
    for (const line of out.split('\n')) {
      if (line.startsWith('of ')) own = dirs.find((one) => one === normalPath(line.slice(3)));
      if (line.startsWith('needs ')) for (const key of keysNeeded(line.slice(6))) this.#others.add(key);
      const made = parseMade(line);
      if (made === undefined) continue;
      // What was there before is nobody's to take away.
      const key = keyOf(made);
      const isOurs = this.#isOurs(made);
      if (own !== undefined && !isOurs) this.#beside.push(made);
      if (own !== undefined && isOurs)
        this.#own.set(key, together(this.#own.get(key), { ...made, kept: [{ dir: own, line }] }));
      else if (!made.there) this.#others.add(key);
    }
  }

  #isOurs({ by, inventory }: Made): boolean {
    if (by === undefined) return true;
    if (this.#maker?.isOurs(by) !== true) return false;
    return this.from({ inventory }) === undefined || !this.#sources?.isThere(inventory ?? []);
  }

  /** The inventory that a thing was made from, where this run does not read it. */
  from({ inventory }: OtherMaker): string | undefined {
    if (inventory === undefined || this.#sources?.has(inventory) !== false) return undefined;
    return inventory.join(' and ');
  }

  /** Note what tasks are about to create, before they do; undefined when it is on record already. */
  record(
    planned: readonly {
      readonly role: string;
      readonly task: Task;
      readonly changes: readonly Change[];
    }[],
  ): LedgerChange | undefined {
    return this.#keep(
      planned.flatMap(({ role, task, changes }) =>
        (task.traces?.(changes) ?? []).map((trace) => ({ role, trace })),
      ),
    );
  }

  /** It is known that this playbook made it. */
  isKnown({ by }: Made): boolean {
    return by !== undefined && this.#maker !== undefined;
  }

  /** Takes note of what is declared here and was made for others, or by nobody knows whom: it is needed here, too. */
  claim(tasks: readonly { readonly role: string; readonly task: Task }[]): LedgerChange | undefined {
    const named = this.#nameMaker(tasks.map(({ task }) => task));
    const claimed = this.#claimOthers(tasks);
    if (named.length === 0) return claimed;
    return {
      ...claimed,
      gone: [...named.map(({ was }) => was), ...(claimed?.gone ?? [])],
      come: [...named.map(({ made }) => lineOf(made)), ...(claimed?.come ?? [])],
    };
  }

  /** Find things that are declared here, and recorded without a maker or under an earlier name of ours. */
  #nameMaker(tasks: readonly Task[]): readonly { readonly was: string; readonly made: Made }[] {
    const by = this.#maker?.by;
    if (by === undefined) return [];
    const { names = [] } = this.#sources ?? {};
    const isNamed = (made: Made) => made.by === by && (made.inventory !== undefined || names.length === 0);
    const unnamed = [...this.#own.values()].filter((made) => !isNamed(made));
    if (unnamed.length === 0) return [];
    return unnamed.filter(declaredBy(tasks)).flatMap((made) =>
      made.kept.flatMap(({ dir, line }) => {
        const before = parseMade(line);
        return dir === this.dir && before ? [{ was: line, made: this.#named(before, before) }] : [];
      }),
    );
  }

  /** With our name and inventory; where a part of it was enough before, that: two runs by turns write nothing. */
  #named(made: Made, before: Made | undefined): Made {
    if (this.#maker === undefined) return made;
    const { names = [], has } = this.#sources ?? {};
    const known = before?.inventory && has?.(before.inventory) ? before.inventory : names;
    return { ...made, by: this.#maker.by, ...(known.length > 0 && { inventory: known }) };
  }

  #claimOthers(tasks: readonly { readonly role: string; readonly task: Task }[]): LedgerChange | undefined {
    const wanted = tasks.flatMap(({ role, task }) =>
      (task.traces?.() ?? []).map((trace) => ({ role, trace })),
    );
    return this.#keep(
      wanted.filter(({ trace }) => this.#others.has(keyOf(trace)) && !this.#own.has(keyOf(trace))),
    );
  }

  #keep(traces: readonly { readonly role: string; readonly trace: Trace }[]): LedgerChange | undefined {
    const gone: string[] = [];
    const come = new Map<string, string>();
    const implied = new Map<string, string>();
    for (const { role, trace } of traces) {
      const key = keyOf(trace);
      const before = this.#own.get(key);
      const about = madeOf(trace, role, before);
      const made = about && this.#named(about, before);
      const line = made && lineOf(made);
      const lines = before?.kept.flatMap(({ dir, line: old }) => (dir === this.dir ? [old] : [])) ?? [];
      if (made === undefined || line === undefined || isSame(lines, [line])) continue;
      if (trace.implied) {
        if (before === undefined) implied.set(trace.name, line);
        continue;
      }
      if (!come.has(key)) gone.push(...lines);
      come.set(key, line);
      this.#own.set(key, { ...made, kept: [{ dir: this.dir, line }] });
    }
    if (come.size + implied.size === 0) return undefined;
    return {
      gone,
      come: [...come.values()],
      implied: [...implied].filter(([path]) => !come.has(`path ${path}`)),
    };
  }

  /** What none of these tasks declares. */
  undeclared(tasks: readonly Task[]): Undeclared {
    const declared = declaredBy(tasks);
    const left = [...this.#own.values()].filter((made) => !declared(made));
    const isForeign = (made: Made) => this.#others.has(keyOf(made));
    return {
      ours: left.filter((made) => !isForeign(made)),
      foreign: left.filter(isForeign),
      makers: this.#beside
        .filter((made) => !declared(made))
        .map(({ by, inventory }) =>
          this.#maker?.isOurs(by ?? '') && inventory ? { by, inventory } : { by },
        ),
    };
  }

  /** It was made for others as well, by some name that the world knows of it. */
  isForeign(made: Made, world: World): boolean {
    return this.#foreign.of(world).has(world.thing(keyOf(made)));
  }
}

/** The keys of what a manifest lists: a path, which may be that of a unit, or `user:NAME`. */
function keysNeeded(line: string): readonly string[] {
  const [, user] = /^user:(.+)$/.exec(line) ?? [];
  const [, unit] = /^\/etc\/systemd\/system\/([^/]+)$/.exec(line) ?? [];
  if (user !== undefined) return [`user ${user}`];
  return [`path ${line}`, ...(unit === undefined ? [] : [`unit ${unit}`])];
}

/** Two runs may have taken note of one thing. */
function together(before: Kept | undefined, next: Kept): Kept {
  if (before === undefined) return next;
  const digests = [...new Set([...next.digests, ...before.digests])];
  const { there: _, ...made } = { ...before, ...next };
  const isOurs = before.there === undefined || next.there === undefined;
  return { ...(isOurs ? made : { ...made, there: true }), digests, kept: [...before.kept, ...next.kept] };
}

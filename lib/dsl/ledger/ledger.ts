import { alone } from '../alone.ts';
import { isSame } from '../common/same.ts';
import { joinSh, type Sh, sh } from '../shell/sh.ts';
import type { Change, Task } from '../task.ts';
import type { Made, Trace } from '../trace/trace.ts';
import { normalPath } from '../world/normal-path.ts';
import { PerNames } from '../world/per-names.ts';
import type { World } from '../world/world.ts';
import { declaredBy } from './declared.ts';
import { keyOf, lineOf, madeOf, parseMade } from './made.ts';

/** Where a play keeps what it has made on a host. */
export interface LedgerPlace {
  /** Its own records lie here; plays that share it do not see each other's things as left over. */
  readonly dir: string;
  /** Folder of all records of ours on the host: one level below, or two on this machine. */
  readonly root: string;
}

/** A record as it was read, with its lines. */
export type Kept = Made & { readonly kept: readonly { readonly dir: string; readonly line: string }[] };

/** Lines to take out of the records, and to put in. */
export interface LedgerChange {
  readonly gone: readonly string[];
  readonly come: readonly string[];
  /** Lines to put in where nothing is at their path yet. */
  readonly implied?: readonly (readonly [path: string, line: string])[];
}

/**
 * Reads all records of things made on a host. Of those who keep none, a member of a cluster say, all that their
 * manifest lists counts as needed.
 */
export function readLedgers({ root }: LedgerPlace): Sh {
  return sh`for q_file in ${root}/*/manifest; do
  q_file=\${q_file%/manifest}
  if [ -f "$q_file/owner" ] && read -r q_line <"$q_file/owner"; then
    case $q_line in 'playbook '*) continue ;; esac
    while IFS= read -r q_line; do printf 'needs %s\n' "$q_line"; done <"$q_file/manifest"
  fi
done 2>/dev/null
for q_file in ${root}/*/made ${root}/*/*/made; do
  if [ -f "$q_file" ]; then printf 'of %s\n' "\${q_file%/made}"; cat -- "$q_file"; fi
done 2>/dev/null`;
}

/** Rewrites records: they are old or new, and lines that another run adds meanwhile stay. */
export function rewriteLedger(dir: string, { gone, come, implied = [] }: LedgerChange): Sh {
  const perhaps = implied.map(([path, line]) => sh`[ -e ${path} ] || printf '%s\n' ${line}`);
  return sh`(
${alone}
[ -d ${dir} ] || mkdir -p -- ${dir} || exit
q_gone=$q_nl${gone.join('\n')}$q_nl
{
  if [ -f ${dir}/made ]; then
    while IFS= read -r q_line; do
      case $q_gone in *"$q_nl$q_line$q_nl"*) ;; *) printf '%s\n' "$q_line" ;; esac
    done <${dir}/made
  fi
  for q_line in ${come}; do printf '%s\n' "$q_line"; done
  ${joinSh(perhaps)}
} | q_write ${dir}/made 0600 '' ''
)`;
}

/** Lets records be added to, also behind one that a full disk has cut off. */
export function beginLedger(dir: string): Sh {
  return sh`{ [ -d ${dir} ] || mkdir -p -- ${dir}; } && { [ -f ${dir}/made ] || : | q_write ${dir}/made 0600 '' ''; } &&
{ [ -z "$(tail -c 1 ${dir}/made)" ] || echo >>${dir}/made; }`;
}

/** Adds lines to records, each whole: without a process of its own where none takes another one's place. */
export function addToLedger(dir: string, change: LedgerChange): Sh {
  const { gone, come, implied = [] } = change;
  if (gone.length > 0) return rewriteLedger(dir, change);
  const perhaps = implied.map(([path, line]) => sh`[ -e ${path} ] || q_line=$q_line${`${line}\n`}`);
  return sh`q_line=${come.map((line) => `${line}\n`).join('')}
${joinSh(perhaps)}
[ -z "$q_line" ] || printf %s "$q_line" >>${dir}/made`;
}

/** What no role declares any more. */
export interface Undeclared {
  readonly ours: readonly Kept[];
  /** Made for others as well: it stays for them. */
  readonly foreign: readonly Kept[];
}

/** Shell that takes things out of the records. */
export function forget(things: readonly Kept[]): Sh {
  const kept = things.flatMap((one) => one.kept);
  const dirs = [...new Set(kept.map(({ dir }) => dir))];
  const linesIn = (own: string) => kept.flatMap(({ dir, line }) => (dir === own ? [line] : []));
  return joinSh(
    dirs.map((dir) => rewriteLedger(dir, { gone: linesIn(dir), come: [] })),
    ' &&\n',
  );
}

/** Shell that puts them back where they are missing; it does without our functions. */
export function remember(things: readonly Kept[]): Sh {
  return joinSh(
    things
      .flatMap((one) => one.kept)
      .map(({ dir, line }) => sh`grep -qxF -e ${line} ${dir}/made || printf '%s\n' ${line} >>${dir}/made`),
  );
}

/**
 * What runs have made on one host, by the records in `dir`, and in those of other plays of the run; and what is made for
 * others, by the records beside them.
 */
export class Ledger {
  readonly dir: string;
  readonly #own = new Map<string, Kept>();
  readonly #others = new Set<string>();
  readonly #foreign = new PerNames((world) => new Set([...this.#others].map((one) => world.thing(one))));

  constructor({ dir }: LedgerPlace, out: string, ofRun: readonly string[] = [dir]) {
    this.dir = normalPath(dir);
    const dirs = ofRun.map(normalPath);
    let own: string | undefined;
    for (const line of out.split('\n')) {
      if (line.startsWith('of ')) own = dirs.find((one) => one === normalPath(line.slice(3)));
      if (line.startsWith('needs ')) for (const key of keysNeeded(line.slice(6))) this.#others.add(key);
      const made = parseMade(line);
      if (made === undefined) continue;
      // What was there before is nobody's to take away.
      const key = keyOf(made);
      if (own !== undefined)
        this.#own.set(key, together(this.#own.get(key), { ...made, kept: [{ dir: own, line }] }));
      else if (!made.there) this.#others.add(key);
    }
  }

  /** What tasks are about to make, to be written before they do; undefined where that is known. */
  record(
    planned: readonly {
      readonly role: string;
      readonly task: Task;
      readonly changes: readonly Change[];
    }[],
  ): LedgerChange | undefined {
    return this.#keep(
      planned.flatMap(({ role, task, changes }) =>
        (task.leaves?.(changes) ?? []).map((trace) => ({ role, trace })),
      ),
    );
  }

  /** Takes note of what is declared here and was made for others: it is needed here, too. */
  claim(tasks: readonly { readonly role: string; readonly task: Task }[]): LedgerChange | undefined {
    const wanted = tasks.flatMap(({ role, task }) =>
      (task.leaves?.() ?? []).map((trace) => ({ role, trace })),
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
      const made = madeOf(trace, role, before);
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
  const { there: _, ...made } = next;
  const isOurs = before.there === undefined || next.there === undefined;
  return { ...(isOurs ? made : next), digests, kept: [...before.kept, ...next.kept] };
}

import { foundPaths, ownPaths, pathsOf } from '../../dsl/paths-of.ts';
import { isDue, type PlannedTask } from '../../dsl/play.ts';
import { MARK } from '../../dsl/shell/probe.ts';
import { joinSh } from '../../dsl/shell/sh.ts';
import type { Change, Reading, Task } from '../../dsl/task.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError, QuorateErrors } from '../../errors.ts';
import type { Site } from '../apply/elsewhere.ts';
import { awaitGuard, SETTLED_SECONDS } from '../apply/guard.ts';
import { compileLinks, noteLinks, refuseStrangersLinks } from '../exchange/links.ts';
import { compileReads, parseReads } from '../exchange/reads.ts';
import {
  differencesOf,
  handlerOf,
  probeFragment,
  readsWithOthers,
  unknownOf,
  wordsOf,
} from '../exchange/task-shell.ts';
import type { RoleTask, Wire } from '../exchange/wire.ts';
import { refuseUndone } from './undone.ts';

export interface PlanOptions {
  /** Where a task is read and carried out. */
  siteOf(task: Task): Site;
  /** The host that does a task for all (`runOnce`), where that is another one. */
  elsewhere(one: RoleTask): string | undefined;
  /** Keep with each task what its probe printed. */
  readonly keepsReadings: boolean;
  /**
   * Of a check: takes what is wrong with one task, and the others are planned as if that were mended. Without it the first
   * fault is thrown.
   */
  readonly fault?: ((error: unknown) => void) | undefined;
  /** The host, where tasks that take back what others make are refused; not in the middle of a run. */
  readonly first?: string | undefined;
}

/**
 * Probes tasks in one exchange a host and compares them in order, over a world that they foresee.
 */
export async function planTasks(
  tasks: readonly RoleTask[],
  { siteOf, elsewhere, keepsReadings, first, fault }: PlanOptions,
): Promise<readonly PlannedTask[]> {
  const whyNot = (one: RoleTask) => {
    if (wordsOf(one.task).when === false) return 'when: false';
    const other = elsewhere(one);
    return other === undefined ? undefined : `runOnce: ${other} does it`;
  };
  // Asked once: who does a task for all may change while it is read, and what was not read is not judged.
  const why = new Map(tasks.map((one) => [one, whyNot(one)]));
  const wanted = tasks.filter((one) => why.get(one) === undefined);
  const readings = await readAll(wanted, siteOf);
  const found = new Map(wanted.map((one) => [one, foundPaths(one.task, readings(one))]));
  for (const [{ task }, paths] of found) siteOf(task).world.declared.add(task.resource, paths);
  const plan: PlannedTask[] = [];
  const of = new Map<PlannedTask, Reading>();
  for (const one of tasks) {
    const skipped = why.get(one);
    if (skipped !== undefined) plan.push({ ...one, changes: [], skipped });
    else {
      const reading = readings(one);
      const due = plan.filter((before) => isDue(before) || before.failed);
      const site = siteOf(one.task);
      const it = orFault(fault, () => planned(one, reading, { site, due })) ?? { ...one, ...FAILED };
      if (it.failed) one.task.suppose?.(reading, site.world);
      const paths = found.get(one) ?? [];
      const kept = { ...it, ...(paths.length > 0 && { found: paths }), ...(keepsReadings && { reading }) };
      plan.push(kept);
      of.set(kept, reading);
    }
  }
  if (first !== undefined) {
    const at = (one: PlannedTask) => ({ reading: of.get(one) ?? NOTHING, world: siteOf(one.task).world });
    orFault(fault, () => refuseUndone(first, plan, at));
  }
  return plan;
}

/** What comes of it; undefined where `fault` takes what it throws, which is no bug of ours. */
function orFault<T>(fault: PlanOptions['fault'], work: () => T): T | undefined {
  try {
    return work();
  } catch (error) {
    const isKnown = error instanceof QuorateError || error instanceof QuorateErrors;
    if (fault === undefined || !isKnown) throw error;
    fault(error);
    return undefined;
  }
}

interface Where {
  readonly site: Site;
  /** What earlier tasks have to do, or would. */
  readonly due: readonly PlannedTask[];
}

const FAILED = { changes: [], failed: true } as const;
const NOTHING: Reading = { code: 0, out: '' };

function planned(one: RoleTask, reading: Reading, { site, due }: Where): PlannedTask {
  const { world, wire, actor } = site;
  const differences = () => {
    const changes = differencesOf(one.task, reading, world);
    if (changes.length > 0) refuseStrangersLinks(world, one.task);
    return changes;
  };
  const { marks = [] } = one.task;
  const paths = [...ownPaths(one.task), ...marks.map(({ name }) => name)];
  const isHidden = paths.some((path) => world.isRemounted(path));
  const found = (changes: readonly Change[]) => {
    const it = isHidden ? later({ ...one, changes }) : judged({ ...one, changes }, due);
    // Others may ask the same host for something at the same time: it is read again when its turn comes.
    return (actor || site.isAsked?.(one.task)) && isDue(it) ? { ...it, waits: true } : it;
  };
  if (handlerOf(one.task) === undefined && !isHidden) return found(wire.inTask(one, differences));
  try {
    return found(differences());
  } catch (error) {
    // Somebody sees to its failure, or what was read is not what it will find: it fails when its turn comes, or does not.
    if (!(error instanceof QuorateError) || error.exitCode !== EXIT.failed) throw wire.named(error, one);
    if (isHidden) return later({ ...one, changes: [] });
    wire.log('warning', `"${one.task.title}" would fail as things are: ${error.message}`);
    return { ...one, changes: [unknownOf(one.task)], waits: true };
  }
}

/** What each task's probe found, wherever it is carried out. */
async function readAll(
  tasks: readonly RoleTask[],
  siteOf: PlanOptions['siteOf'],
): Promise<(one: RoleTask) => Reading> {
  const grounds = new Map<Wire, { readonly world: World; readonly some: RoleTask[] }>();
  for (const one of tasks) {
    const { wire, world } = siteOf(one.task);
    const { some } = grounds.get(wire) ?? { some: [] as RoleTask[] };
    some.push(one);
    grounds.set(wire, { world, some });
  }
  const found = await Promise.all(
    [...grounds].map(async ([wire, { world, some }]) => {
      const readings = await probeAll(some, wire, world);
      return some.map((one, i) => [one, readings(i)] as const);
    }),
  );
  const all = new Map(found.flat());
  return (one) => all.get(one) ?? { code: 0, out: '' };
}

/** A task that hangs on earlier ones that are due can only be judged when its turn comes. */
function judged(planned: PlannedTask, due: readonly PlannedTask[]): PlannedTask {
  const { task, changes } = planned;
  const { after } = task;
  const isSure = changes.every(({ certainty }) => certainty === 'certain');
  if ((task.late || wordsOf(task).becomeUser !== undefined) && !isSure) return { ...planned, waits: true };
  if (after === undefined || task.unproven || due.length === 0) return planned;
  if (after === 'any')
    return changes.length > 0 ? planned : { ...planned, waits: true, changes: [unknownOf(task)] };
  if (!due.some((one) => after.some(({ thing }) => thing === one.task.thing))) return planned;
  return later(planned);
}

/** What was read decides nothing yet. */
function later(planned: PlannedTask): PlannedTask {
  const { task, changes } = planned;
  if (task.unproven) return planned;
  const conditional = changes.map((one) => ({ ...one, certainty: 'conditional' as const }));
  return { ...planned, waits: true, changes: changes.length > 0 ? conditional : [unknownOf(task)] };
}

/** One exchange for all probes; the looks at paths of all tasks go together. The world hears of links on the way to them. */
async function probeAll(
  tasks: readonly RoleTask[],
  wire: Wire,
  world: World,
): Promise<(index: number) => Reading> {
  const probes = tasks.map(({ task }) => task.probe);
  const shared = tasks.map(({ task: { probe, ...task } }) =>
    probe && 'reads' in probe && readsWithOthers(task) ? probe : undefined,
  );
  const reads = shared.flatMap((one) => one?.reads ?? []);
  const fragments = tasks.flatMap(({ task }, i) => {
    const one = shared[i];
    if (one) return one.rest ? [{ id: String(i), sh: one.rest, critical: false }] : [];
    return probes[i] || !readsWithOthers(task) ? [probeFragment(task, String(i))] : [];
  });
  const paths = tasks.flatMap(({ task }) => pathsOf(task));
  const looked = [
    ...(reads.length > 0 ? [compileReads(reads)] : []),
    ...(paths.length > 0 ? [compileLinks(paths)] : []),
  ];
  const looks = looked.length > 0 ? [{ id: 'reads', sh: joinSh(looked), critical: false }] : [];
  if (fragments.length + looks.length === 0) return () => ({ code: 0, out: '' });
  const settled = { id: 'settled', sh: awaitGuard, critical: false, patience: SETTLED_SECONDS };
  const { readings } = await wire.exchange('reading', [settled, ...looks, ...fragments]);
  const seen = readings.get('reads') ?? { code: 0, out: '' };
  noteLinks(world, paths, seen.out);
  const look = parseReads(seen, reads);
  return (i) => {
    const rest = readings.get(String(i)) ?? { code: 0, out: '' };
    const one = shared[i];
    if (!one) return rest;
    const parts = [...one.reads.map(look), ...(one.rest ? [rest.out] : [])];
    return { code: rest.code, out: parts.join(`\n${MARK}\n`) };
  };
}

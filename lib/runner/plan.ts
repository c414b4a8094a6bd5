import { isDue, type PlannedTask } from '../dsl/play.ts';
import { MARK } from '../dsl/probe.ts';
import type { Reading } from '../dsl/task.ts';
import type { World } from '../dsl/world.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { awaitGuard, SETTLED_SECONDS } from './guard.ts';
import { compileReads, parseReads } from './reads.ts';
import type { RoleTask, Wire } from './wire.ts';
import { differencesOf, handlerOf, probeFragment, readsWithOthers, unknownOf, wordsOf } from './words.ts';

/**
 * Probes tasks in one exchange and compares them in order, over a world that they foresee. `elsewhere` names the host
 * that does for all what is to be done once, where that is another one.
 */
export async function planTasks(
  tasks: readonly RoleTask[],
  {
    world,
    wire,
    elsewhere,
  }: { readonly world: World; readonly wire: Wire; readonly elsewhere: string | undefined },
): Promise<readonly PlannedTask[]> {
  const whyNot = ({ task }: RoleTask) => {
    const { when, runOnce } = wordsOf(task);
    if (when === false) return 'when: false';
    return runOnce && elsewhere !== undefined ? `runOnce: ${elsewhere} does it` : undefined;
  };
  const wanted = tasks.filter((one) => whyNot(one) === undefined);
  const readings = await probeAll(wanted, wire);
  const plan: PlannedTask[] = [];
  for (const one of tasks) {
    const skipped = whyNot(one);
    if (skipped !== undefined) plan.push({ ...one, changes: [], skipped });
    else plan.push(planned(one, readings(wanted.indexOf(one)), { world, wire, due: plan.filter(isDue) }));
  }
  return plan;
}

function planned(
  one: RoleTask,
  reading: Reading,
  { world, wire, due }: { readonly world: World; readonly wire: Wire; readonly due: readonly PlannedTask[] },
): PlannedTask {
  const differences = () => differencesOf(one.task, reading, world);
  if (handlerOf(one.task) === undefined)
    return judged({ ...one, changes: wire.inTask(one, differences) }, due);
  try {
    return judged({ ...one, changes: differences() }, due);
  } catch (error) {
    // Somebody sees to its failure, so it is no reason to begin nothing: it fails when its turn comes, or does not.
    if (!(error instanceof QuorateError) || error.exitCode !== EXIT.failed) throw wire.named(error, one);
    wire.log('warning', `"${one.task.title}" would fail as things are: ${error.message}`);
    return { ...one, changes: [unknownOf(one.task)], waits: true };
  }
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
  const conditional = changes.map((one) => ({ ...one, certainty: 'conditional' as const }));
  return { ...planned, waits: true, changes: changes.length > 0 ? conditional : [unknownOf(task)] };
}

/** One exchange for all probes; the looks at paths of all tasks go together. */
async function probeAll(tasks: readonly RoleTask[], wire: Wire): Promise<(index: number) => Reading> {
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
  const looks = reads.length > 0 ? [{ id: 'reads', sh: compileReads(reads), critical: false }] : [];
  if (fragments.length + looks.length === 0) return () => ({ code: 0, out: '' });
  const settled = { id: 'settled', sh: awaitGuard, critical: false, patience: SETTLED_SECONDS };
  const { readings } = await wire.exchange('reading', [settled, ...looks, ...fragments]);
  const look = parseReads(readings.get('reads') ?? { code: 0, out: '' }, reads);
  return (i) => {
    const rest = readings.get(String(i)) ?? { code: 0, out: '' };
    const one = shared[i];
    if (!one) return rest;
    const parts = [...one.reads.map(look), ...(one.rest ? [rest.out] : [])];
    return { code: rest.code, out: parts.join(`\n${MARK}\n`) };
  };
}

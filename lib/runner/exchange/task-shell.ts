import type { ControlWords } from '../../dsl/options/words.ts';
import { MARK, namedParts } from '../../dsl/shell/probe.ts';
import { quote, type Sh, sh } from '../../dsl/shell/sh.ts';
import { LOOK_SECONDS, within } from '../../dsl/shell/wait-until.ts';
import type { Change, Prepared, Reading, Task } from '../../dsl/task.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { CANNOT_BECOME, NO_USER } from './by-user.ts';
import type { Fragment } from './script.ts';

/** What decides how a task is read and carried out. */
export type Worded = Pick<Task, 'title' | 'resource' | 'words' | 'probe' | 'lookSeconds' | 'unproven'>;

export function wordsOf({ words = {} }: Pick<Task, 'words'>): ControlWords {
  return words;
}

/** Who sees to the failure of a task: its own word, or the `rescue` of a block that it stands in. */
export function handlerOf(task: Pick<Task, 'words' | 'within'>): 'ignored' | 'rescued' | undefined {
  if (wordsOf(task).ignoreErrors) return 'ignored';
  return rescuerOf(task) < 0 ? undefined : 'rescued';
}

/** How deep the block lies whose `rescue` sees to the failure of a task; -1 where there is none. */
export function rescuerOf({ within = [] }: Pick<Task, 'within'>): number {
  return within.findLastIndex(({ block, part }) => part === 'tasks' && block.rescues);
}

/** Its looks go together with those of other tasks: nothing of it is done in another way than theirs. */
export function readsWithOthers({ words = {} }: Pick<Task, 'words'>): boolean {
  return words.environment === undefined && words.becomeUser === undefined && words.until === undefined;
}

/** What is asked of the host about a task; `until` is asked after its own probe. */
export function probeFragment(task: Worded, id: string): Fragment {
  const own = task.probe ?? sh`:`;
  const { until } = wordsOf(task);
  const asked =
    until === undefined
      ? own
      : sh`(
${task.unproven ? sh`:` : own}
)
q_code=$?
q_part until
if ${within(until, LOOK_SECONDS)} >/dev/null 2>&1; then echo yes; else echo no; fi
exit "$q_code"`;
  const lookSeconds = (task.lookSeconds ?? 0) + (until === undefined ? 0 : LOOK_SECONDS);
  return { id, critical: false, ...(lookSeconds > 0 && { lookSeconds }), ...inWords(task, asked) };
}

/** What changes it; nothing where only its `until` does not hold yet. */
export function applyFragment(
  task: Pick<Task, 'apply'> & Worded,
  id: string,
  changes: readonly Change[],
  prepared: Prepared,
): Fragment {
  const own = changes.filter((change) => !isUntil(change));
  const { timeout } = wordsOf(task);
  return {
    id,
    critical: true,
    ...inWords(task, own.length === 0 ? sh`:` : task.apply(own, prepared)),
    ...(timeout !== undefined && { timeout }),
  };
}

/** Shell with the environment of a task, and its user. */
export function inWords({ words = {} }: Pick<Task, 'words'>, asked: Sh): Pick<Fragment, 'sh' | 'user'> {
  const { environment = {}, becomeUser } = words;
  const exports = Object.entries(environment).map(
    ([name, value]) => `export ${name}=${quote(typeof value === 'string' ? value : value.reveal())}\n`,
  );
  return {
    sh: { text: `${exports.join('')}${asked.text}` },
    ...(becomeUser !== undefined && { user: becomeUser }),
  };
}

/**
 * What differs, and whether `until` holds: where nothing else is to do, it is waited for. Where the user of the task is
 * yet to come, only the run can know.
 */
export function differencesOf(
  task: Worded & Pick<Task, 'diff'>,
  reading: Reading,
  world: World,
): readonly Change[] {
  if (mayNotBecome(task, reading, world)) return [unknownOf(task)];
  const { own, holds } = parted(task, reading);
  const changes = task.diff(own, world);
  return changes.length > 0 || holds ? changes : [untilOf(task)];
}

/** What is left to do after the apply: of a task that cannot tell only its `until`. */
export function leftOf(task: Worded & Pick<Task, 'diff'>, reading: Reading, proof: World): readonly Change[] {
  if (!task.unproven) return differencesOf(task, reading, proof);
  return parted(task, reading).holds ? [] : [untilOf(task)];
}

function parted(task: Worded, reading: Reading): { readonly own: Reading; readonly holds: boolean } {
  const at = wordsOf(task).until === undefined ? -1 : reading.out.lastIndexOf(`${MARK}until\n`);
  if (at < 0) return { own: reading, holds: true };
  const out = reading.out.slice(0, at).replace(/\n$/, '');
  return { own: { ...reading, out }, holds: reading.out.slice(at).trimEnd().endsWith('\nyes') };
}

/** Throws where the host cannot run anything as the user; true where an earlier task may bring that one. */
function mayNotBecome(task: Worded, { code, out }: Reading, world: World): boolean {
  const { becomeUser } = wordsOf(task);
  if (becomeUser === undefined || code !== CANNOT_BECOME) return false;
  const why = namedParts(out).get('cannot-become')?.trim();
  if (why === undefined) return false;
  const { state } = world.user(becomeUser);
  if (why.endsWith(NO_USER) && !world.isProof && (state || (state === undefined && world.bringsMore)))
    return true;
  throw new QuorateError(`cannot run as ${becomeUser}: ${why}`, {
    exitCode: EXIT.failed,
    hint: why.endsWith(NO_USER) ? `declare the user ${becomeUser} before it` : 'become root (-b), who can',
  });
}

function isUntil({ property }: Change): boolean {
  return property === UNTIL;
}

/** Property of the change that stands for what is waited for. */
const UNTIL = 'until';

function untilOf({ resource }: Pick<Task, 'resource'>): Change {
  return { resource, kind: 'wait', property: UNTIL, before: 'no', after: 'yes', certainty: 'conditional' };
}

/** Stands for what only the run can know of a task. */
export function unknownOf({ resource }: Pick<Task, 'resource'>): Change {
  return { resource, kind: 'run', property: 'effect', before: null, after: null, certainty: 'unknown' };
}

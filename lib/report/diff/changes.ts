import type { Change, ChangeKind } from '../../dsl/task.ts';
import type { RunEvent, TaskStatus } from '../../runner/events.ts';
import { describeChange } from '../../runner/wording.ts';

export type TaskEvent = Extract<RunEvent, { event: 'task' }>;

/** Tasks of several hosts that came out alike, as one. */
export interface TaskGroup {
  readonly role: string;
  /** Where hosts differ only in their own name, it reads `<host>`. */
  readonly title: string;
  readonly status: TaskStatus;
  readonly mark: Mark;
  readonly hosts: readonly string[];
  readonly details: readonly Detail[];
  readonly events: readonly TaskEvent[];
}

/** One property that changes, with its different values and the hosts that have each. */
export interface Detail {
  readonly property: string;
  readonly values: readonly Value[];
}

export interface Value {
  readonly text: string;
  readonly hosts: readonly string[];
  /** It says only that two contents differ. */
  readonly digest: boolean;
  /** There are whole texts, so that a diff can show it. */
  readonly hasText: boolean;
}

export type Mark = '+' | '~' | '-' | '↻' | '▶' | '■' | '?' | '✗' | '✓' | '·';

const MARKS: Readonly<Record<ChangeKind, Mark>> = {
  create: '+',
  update: '~',
  remove: '-',
  restart: '↻',
  start: '▶',
  stop: '■',
  run: '▶',
  wait: '▶',
};

/** What a mark stands for, of a change that is to come and of one that was made. */
export const MEANING: Partial<Record<Mark, readonly [due: string, done: string]>> = {
  '+': ['to create', 'created'],
  '~': ['to change', 'changed'],
  '-': ['to remove', 'removed'],
  '↻': ['to restart', 'restarted'],
  '▶': ['to start or run', 'started or run'],
  '■': ['to stop', 'stopped'],
  '?': ['unknown before the run', 'carried out'],
};

/** What a task does most: its restart says more than the change that led to it. */
const WEIGHT: readonly ChangeKind[] = [
  'restart',
  'stop',
  'start',
  'remove',
  'create',
  'update',
  'run',
  'wait',
];

const SURENESS = {
  certain: '',
  conditional: ' (if an earlier change has its effect)',
  unknown: ' (only the run can know)',
} as const;

/** Folds task events into groups, in the order in which roles and their tasks first came. */
export function groupTasks(events: readonly TaskEvent[]): TaskGroup[] {
  const groups = new Map<string, TaskEvent[]>();
  for (const event of events) {
    const key = keyOf(event);
    const group = groups.get(key);
    if (group) group.push(event);
    else groups.set(key, [event]);
  }
  const roles = [...new Set(events.map(({ role }) => role))];
  return [...groups.values()].map(toGroup).sort((a, b) => roles.indexOf(a.role) - roles.indexOf(b.role));
}

/** One change in words, with how sure it is. */
export function describe(change: Change): string {
  return `${describeChange(change)}${SURENESS[change.certainty]}`;
}

/** The script of a command that is to be run, or was. */
function scriptOf({ kind, text }: Change): string | undefined {
  return kind === 'run' ? text?.after : undefined;
}

/** A script, and the hosts where it is that. */
export interface FoldedScript {
  readonly script: string;
  readonly hosts: readonly string[];
}

/** The scripts of commands, each once for the hosts where it is the same, but for the host's own name: `<host>` then. */
export function foldScripts(events: readonly TaskEvent[]): readonly FoldedScript[] {
  const all = events.flatMap(({ host, changes }) =>
    changes.flatMap((change) => {
      const script = scriptOf(change)?.trim();
      return script === undefined ? [] : [{ script, hosts: [host] }];
    }),
  );
  const equal = fold(all, ({ script }) => script);
  return fold(equal, ({ script, hosts }) => (hosts.length > 1 ? script : anonymous(script, hosts[0] ?? '')));
}

/** Joins those with the same `comparable` text, and shows it where they are several. */
function fold(
  all: readonly FoldedScript[],
  comparable: (one: FoldedScript) => string,
): readonly FoldedScript[] {
  const folded = new Map<string, FoldedScript>();
  for (const one of all) {
    const script = comparable(one);
    const same = folded.get(script);
    folded.set(script, same ? { script, hosts: [...new Set([...same.hosts, ...one.hosts])] } : one);
  }
  return [...folded.values()];
}

/** The title of a command that is to be run, or was, says all. */
export function saysMore({ kind, certainty }: Change): boolean {
  return kind !== 'run' || certainty !== 'certain';
}

/** The sign a task's line starts with. */
export function markOf({ status, changes }: Pick<TaskEvent, 'status' | 'changes'>): Mark {
  if (status === 'failed') return '✗';
  if (status === 'ok') return '✓';
  if (status === 'skipped') return '·';
  if (status === 'unknown' || changes.length === 0) return '?';
  if (changes.every(({ certainty }) => certainty === 'unknown')) return '?';
  const kinds = new Set(changes.map(({ kind }) => kind));
  const kind = WEIGHT.find((candidate) => kinds.has(candidate));
  // One thing in place of another is not a loss.
  if (kind === 'remove' && kinds.has('create')) return MARKS.update;
  return MARKS[kind ?? 'update'];
}

function keyOf(event: TaskEvent): string {
  const { host, role, task, status, changes } = event;
  const what = changes.map(({ kind, property, certainty }) => `${kind} ${property} ${certainty}`);
  return JSON.stringify([role, anonymous(task, host), status, what]);
}

function toGroup(events: readonly TaskEvent[]): TaskGroup {
  const [first] = events as readonly [TaskEvent, ...TaskEvent[]];
  const same = events.every(({ task }) => task === first.task);
  return {
    role: first.role,
    title: same ? first.task : anonymous(first.task, first.host),
    status: first.status,
    mark: markOf(first),
    hosts: [...new Set(events.map(({ host }) => host))],
    details: detailsOf(events),
    events,
  };
}

function detailsOf(events: readonly TaskEvent[]): Detail[] {
  const details = new Map<string, Map<string, Value & { hosts: string[] }>>();
  for (const { host, changes } of events) {
    for (const change of changes.filter(saysMore)) {
      const values = getOrMake(
        details,
        change.property,
        () => new Map<string, Value & { hosts: string[] }>(),
      );
      const text = describe(change);
      const digest = change.after?.startsWith('sha256:') === true;
      const hasText = (change.text ?? change.diff) !== undefined && change.kind !== 'run';
      getOrMake(values, text, () => ({ text, hosts: [] as string[], digest, hasText })).hosts.push(host);
    }
  }
  return [...details].map(([property, values]) => ({ property, values: [...values.values()] }));
}

function getOrMake<Key, Value>(map: Map<Key, Value>, key: Key, make: () => Value): Value {
  let value = map.get(key);
  if (value === undefined) {
    value = make();
    map.set(key, value);
  }
  return value;
}

/** Text with the host's own name taken out, so that it compares equal between hosts. */
export function anonymous(text: string, host: string): string {
  if (!text.includes(host)) return text;
  const name = host.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
  return text.replace(new RegExp(`(?<![\\w.-])${name}(?![\\w-])`, 'g'), '<host>');
}

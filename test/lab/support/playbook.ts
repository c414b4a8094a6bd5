import type { Change } from '../../../lib/dsl/task.ts';
import type { HostRecap } from '../../../lib/runner/events.ts';
import { program } from '../../program.ts';
import type { Lab } from './lab.ts';

export const ROOT = new URL('../../..', import.meta.url).pathname;

/** One `task` event of the JSON stream. */
export interface TaskEvent {
  readonly host: string;
  readonly role: string;
  readonly task: string;
  readonly status: string;
  readonly handled?: string;
  readonly changes: readonly Change[];
}

/** What a playbook run said. */
export interface Outcome {
  readonly code: number;
  readonly tasks: readonly TaskEvent[];
  /** Tasks that are not `ok`. */
  readonly changed: readonly TaskEvent[];
  readonly errors: readonly {
    readonly message: string;
    readonly exitCode: number;
    readonly hint?: string;
    readonly host?: string;
  }[];
  /** What is left over: `KIND NAME`, and why it stays. */
  readonly left: readonly string[];
  readonly recap: Readonly<Record<string, HostRecap>>;
  readonly text: string;
}

export interface PlaybookOptions {
  readonly playbook?: string;
  readonly inventory?: string;
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** What it may take; 150 s when not given. */
  readonly timeoutMs?: number;
  /** A command that runs the rest of the command line. */
  readonly via?: readonly string[];
}

/** Runs a playbook on control, inside the lab's network, and takes its JSON apart. */
export async function runPlaybook(
  lab: Lab,
  args: readonly string[] = [],
  {
    playbook = 'site',
    inventory = lab.inventoryFile,
    env = {},
    via = [],
    timeoutMs = 150_000,
  }: PlaybookOptions = {},
): Promise<Outcome> {
  const file = program(`playbooks/${playbook}.ts`);
  const line = [...via, 'node', file, '-i', inventory, '--output', 'json', ...args];
  const [command = '', ...rest] = line;
  const options = { cwd: ROOT, env, timeoutMs };
  const { code, stdout, stderr } = await lab.run(command, rest, options);
  const events = stdout
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line));
  const tasks: TaskEvent[] = events.filter(({ event }) => event === 'task');
  return {
    code,
    tasks,
    changed: tasks.filter(({ status }) => status !== 'ok'),
    left: events.flatMap(({ event, kind, name, stays }) =>
      event === 'left-over' ? [`${kind} ${name}${stays === undefined ? '' : `: ${stays}`}`] : [],
    ),
    errors: events.filter(({ event }) => event === 'error'),
    recap: events.find(({ event }) => event === 'recap')?.hosts ?? {},
    text: `${stdout}${stderr}`,
  };
}

/** What it told other programs, line by line. */
export function eventsOf({ text }: Pick<Outcome, 'text'>): readonly Readonly<Record<string, unknown>>[] {
  return text
    .split('\n')
    .filter((line) => line.startsWith('{"event":'))
    .map((line) => JSON.parse(line));
}

/** `host: title` of the steps that were told with this status. */
export function stepsOf(
  { text }: Pick<Outcome, 'text'>,
  status: 'planned' | 'begun' | 'done' | 'failed',
): readonly string[] {
  return eventsOf({ text })
    .filter((one) => one.event === 'step' && one.status === status)
    .map(({ host, title }) => `${host}: ${title}`);
}

/** How long each step took: `2.1 s etcd02: add it as a learner`, a line each. */
export function stepTimes({ text }: Pick<Outcome, 'text'>): string {
  return eventsOf({ text })
    .filter(({ event }) => event === 'step')
    .flatMap(({ status, time, host, title }, i, steps) =>
      status === 'done'
        ? [`${(Date.parse(`${time}`) - Date.parse(`${steps[i - 1]?.time}`)) / 1000} s ${host}: ${title}`]
        : [],
    )
    .join('\n');
}

/** What a check and its run must agree on: where and what, and before and after wherever that is certain. */
export function changeSet({ tasks }: Outcome): readonly string[] {
  return tasks
    .flatMap(({ host, role, task, changes }) =>
      changes.map(({ resource, kind, property, before, after, certainty }) =>
        JSON.stringify([
          host,
          role,
          task,
          resource,
          kind,
          property,
          ...(certainty === 'certain' ? [before, after] : []),
        ]),
      ),
    )
    .sort();
}

/** `host: resource property` of every change; short enough to compare by eye. */
export function changes({ tasks }: Outcome): readonly string[] {
  return tasks
    .flatMap((task) => task.changes.map(({ resource, property }) => `${task.host} ${resource} ${property}`))
    .sort();
}

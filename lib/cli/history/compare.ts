import { runId } from '../../dsl/common/run-id.ts';
import { describe, type TaskEvent } from '../../report/diff/changes.ts';
import { foldHosts } from '../../report/hosts.ts';
import { outcomeWord } from '../../report/lines/recap.ts';
import { eventOf, hostsOf, type RecordedRun } from '../../report/record/read-runs.ts';
import { createOutput } from '../../report/stream.ts';
import { duration, escapeJson, oneLine } from '../../report/text.ts';
import type { Options } from '../flags/options.ts';
import { reportLines } from '../flags/usage.ts';
import { findRun } from './find-run.ts';

/** What became of a task on hosts in the first run and in the second; null where that run had no such task there. */
export interface Difference {
  readonly role: string;
  readonly task: string;
  readonly hosts: readonly string[];
  readonly first: Came | null;
  readonly second: Came | null;
}

interface Came {
  readonly status: TaskEvent['status'];
  /** In words. */
  readonly changes: readonly string[];
}

export interface Comparison {
  readonly runs: readonly [string, string];
  readonly onlyFirst: readonly string[];
  readonly onlySecond: readonly string[];
  readonly tasks: readonly Difference[];
  readonly outcomes: readonly [number | null, number | null];
  readonly elapsedMs: readonly [number | null, number | null];
}

/** Prints in what two recorded runs differ. */
export async function compare(
  folder: string,
  words: readonly [string, string],
  { output }: Options,
): Promise<void> {
  const [one, two] = [(await findRun(folder, words[0])).run, (await findRun(folder, words[1])).run];
  const comparison = differences(one, two);
  if (output !== 'json') return reportLines(linesOf(comparison, one, two), output, false);
  const stdout = createOutput(process.stdout);
  const event = { event: 'comparison', time: new Date().toISOString(), runId: runId(), ...comparison };
  stdout.write(`${escapeJson(JSON.stringify(event))}\n`);
  await reportLines([], 'json', false);
}

/** Compares hosts, tasks, what became of them, their changes, outcome and time. */
export function differences(one: RecordedRun, two: RecordedRun): Comparison {
  const [first, second] = [tasksOf(one), tasksOf(two)];
  const [hostsOne, hostsTwo] = [new Set(hostsOf(one)), new Set(hostsOf(two))];
  const both = (host: string) => hostsOne.has(host) && hostsTwo.has(host);
  const tasks = new Map<string, Difference & { hosts: string[] }>();
  for (const key of new Set([...first.keys(), ...second.keys()])) {
    const [a, b] = [first.get(key), second.get(key)];
    const { host, role, task, for: whose = host } = (a ?? b) as TaskEvent;
    const [cameFirst, cameSecond] = [came(a), came(b)];
    // Everything differs on a host that one run did not have: that is said once.
    if (!both(whose) || JSON.stringify(cameFirst) === JSON.stringify(cameSecond)) continue;
    const same = JSON.stringify([role, task, cameFirst, cameSecond]);
    const known = tasks.get(same);
    if (known) known.hosts.push(host);
    else tasks.set(same, { role, task, hosts: [host], first: cameFirst, second: cameSecond });
  }
  const recaps = [eventOf(one, 'recap'), eventOf(two, 'recap')] as const;
  return {
    runs: [one.id, two.id],
    onlyFirst: [...hostsOne].filter((host) => !hostsTwo.has(host)),
    onlySecond: [...hostsTwo].filter((host) => !hostsOne.has(host)),
    tasks: [...tasks.values()],
    outcomes: [recaps[0]?.exitCode ?? null, recaps[1]?.exitCode ?? null],
    elapsedMs: [recaps[0]?.elapsedMs ?? null, recaps[1]?.elapsedMs ?? null],
  };
}

/** By host, whose role it is, role and title; the last word of a task counts. */
function tasksOf({ events }: RecordedRun): ReadonlyMap<string, TaskEvent> {
  const tasks = events.filter((event) => event.event === 'task');
  return new Map(
    tasks.map((event) => [JSON.stringify([event.host, event.for, event.role, event.task]), event]),
  );
}

function came(event: TaskEvent | undefined): Came | null {
  if (event === undefined) return null;
  const changes = event.changes.flatMap((change) => [
    `${change.resource}: ${describe(change)}`,
    ...(change.diff ?? []),
  ]);
  return { status: event.status, changes };
}

function linesOf(comparison: Comparison, one: RecordedRun, two: RecordedRun): readonly string[] {
  const { onlyFirst, onlySecond, tasks, elapsedMs } = comparison;
  const [before, after] = elapsedMs.map((ms) => (ms === null ? 'no end' : duration(ms)));
  return [
    `first   ${headOf(one)}`,
    `second  ${headOf(two)}`,
    ...(onlyFirst.length > 0 ? [`hosts of the first alone: ${foldHosts(onlyFirst)}`] : []),
    ...(onlySecond.length > 0 ? [`hosts of the second alone: ${foldHosts(onlySecond)}`] : []),
    ...tasks.flatMap(taskLines),
    ...(tasks.length + onlyFirst.length + onlySecond.length === 0
      ? ['the same hosts, tasks and changes']
      : []),
    `time: ${before} → ${after}`,
  ];
}

function headOf(run: RecordedRun): string {
  const start = eventOf(run, 'start');
  const recap = eventOf(run, 'recap');
  const outcome = recap ? outcomeWord(recap.exitCode) : 'no end';
  const what = `${start?.command ?? start?.playbook ?? '?'}${start?.check ? ' --check' : ''}`;
  return oneLine(`${run.id}  ${outcome}  ${start?.who ?? '?'}  ${what}`);
}

function taskLines({ role, task, hosts, first, second }: Difference): readonly string[] {
  const [was, is] = [first?.status ?? 'not there', second?.status ?? 'not there'];
  const said = new Set(first?.changes.filter((change) => second?.changes.includes(change)));
  const own = (sign: string, one: Came | null) =>
    (one?.changes ?? [])
      .filter((change) => !said.has(change))
      .map((change) => `    ${sign} ${oneLine(change)}`);
  return [
    oneLine(
      `${role}: ${task}: ${was === is ? `${is}, with other changes` : `${was} → ${is}`} on ${foldHosts(hosts)}`,
    ),
    ...own('first ', first),
    ...own('second', second),
  ];
}

import { readFile } from 'node:fs/promises';
import type { PastRun } from '../../dsl/states/history-state.ts';
import { eventOf, hostsOf, type RecordedRun, readRuns } from '../../report/record/read-runs.ts';
import type { AuditLine } from './audit-lines.ts';
import { recordsIn } from './records.ts';

/** Which runs are asked for. */
export interface Wanted {
  readonly newest: number;
  /** Milliseconds since the epoch. */
  readonly since: number;
  /** `--limit`: only runs that had one of these hosts; all when it is undefined. */
  readonly hosts: ReadonlySet<string> | undefined;
}

export interface PastRuns {
  readonly runs: readonly PastRun[];
  /** Lines of records that are none of ours, or cut. */
  readonly damaged: number;
  /** Why records could not be read. */
  readonly unread: readonly string[];
}

/** Joins what hosts and the records of this machine know by the ID of the run; the newest first. */
export async function pastRuns(
  lines: ReadonlyMap<string, readonly AuditLine[]>,
  folder: string,
  { newest, since, hosts }: Wanted,
): Promise<PastRuns> {
  const byRun = new Map<string, [host: string, line: AuditLine][]>();
  for (const [host, own] of lines)
    for (const line of own) byRun.set(line.runId, [...(byRun.get(line.runId) ?? []), [host, line]]);
  const unread: string[] = [];
  const tell = (error: NodeJS.ErrnoException) => {
    // Another run has taken it away meanwhile: the oldest go.
    if (error.code !== 'ENOENT') unread.push(error.message);
    return undefined;
  };
  const recorded = (await recordsIn(folder).catch(tell)) ?? new Map<string, string>();
  const ids = [...new Set([...recorded.keys(), ...byRun.keys()])]
    .map((id) => ({ id, time: timeOf(id) ?? Date.parse(byRun.get(id)?.[0]?.[1].time ?? '') }))
    .filter(({ time }) => time >= since)
    .sort((a, b) => b.time - a.time || (a.id < b.id ? 1 : -1));
  const runs: PastRun[] = [];
  let damaged = 0;
  for (const { id } of ids) {
    if (runs.length >= newest) break;
    const told = byRun.get(id) ?? [];
    const path = recorded.get(id);
    const record = path === undefined ? undefined : await readRecord(path, id).catch(tell);
    damaged += record?.damaged ?? 0;
    const run = record?.run;
    const had = new Set([...told.map(([host]) => host), ...(run ? hostsOf(run) : [])]);
    if (hosts !== undefined && ![...had].some((host) => hosts.has(host))) continue;
    const past = run ? fromRecord(run, told) : fromHosts(id, told);
    if (past) runs.push(past);
  }
  return { runs, damaged, unread };
}

/** The record of a run in a file; `run` is undefined where nothing of it can be read. */
export async function readRecord(
  path: string,
  id: string,
): Promise<{ readonly run: RecordedRun | undefined; readonly damaged: number }> {
  const { runs, damaged } = readRuns(await readFile(path, 'utf8'));
  return { run: runs.find((run) => run.id === id), damaged };
}

type Told = readonly (readonly [host: string, line: AuditLine])[];

function fromRecord(run: RecordedRun, told: Told): PastRun {
  const start = eventOf(run, 'start');
  const recap = eventOf(run, 'recap');
  const changed: Record<string, number | null> = Object.fromEntries(told.map(([host]) => [host, null]));
  for (const event of run.events)
    if (event.event === 'task' && event.status === 'changed')
      changed[event.host] = (changed[event.host] ?? 0) + 1;
  const [line] = told.map(([, one]) => one);
  return {
    id: run.id,
    began: start?.time ?? run.events[0]?.time ?? '',
    who: start?.who ?? line?.who ?? null,
    from: start?.from ?? line?.from ?? null,
    command: start?.command ?? start?.playbook ?? null,
    message: start?.message ?? line?.message ?? null,
    check: start?.check ?? recap?.check ?? false,
    outcome: recap?.exitCode ?? line?.outcome ?? null,
    elapsedMs: recap?.elapsedMs ?? null,
    changed,
    recorded: true,
  };
}

function fromHosts(id: string, told: Told): PastRun | undefined {
  const [, line] = told[0] ?? [];
  if (line === undefined) return undefined;
  const { time, who, from, command, message = null, outcome } = line;
  const changed = Object.fromEntries(told.map(([host]) => [host, null]));
  const began = timeOf(id);
  return {
    id,
    began: began === undefined ? time : new Date(began).toISOString(),
    ...{ who, from, command, message, check: false, outcome, elapsedMs: null, changed, recorded: false },
  };
}

/** A run's ID begins with the time when it began; undefined where it is of another form. */
function timeOf(id: string): number | undefined {
  const [, ...parts] = /^(\d{4})(\d\d)(\d\d)T(\d\d)(\d\d)(\d\d)Z-/.exec(id) ?? [];
  if (parts.length === 0) return undefined;
  const [year, month, day, hour, minute, second] = parts;
  const time = Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}Z`);
  return Number.isNaN(time) ? undefined : time;
}

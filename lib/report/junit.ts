import { EXIT } from '../errors.ts';
import { describe, type TaskEvent } from './diff/changes.ts';
import { type ErrorEvent, formatError } from './lines/errors.ts';
import { type Told, tell } from './page/told.ts';
import type { RecordedRun } from './record/read-runs.ts';

/** What keeps a test from passing. */
interface Flaw {
  readonly kind: 'failure' | 'error' | 'skipped';
  readonly message: string;
  readonly text: string;
}

interface Case {
  readonly className: string;
  readonly name: string;
  /** Seconds. */
  readonly time: number;
  readonly flaw?: Flaw;
}

interface Suite {
  readonly name: string;
  readonly begun: number;
  readonly cases: readonly Case[];
  readonly said: readonly string[];
}

/**
 * Runs as JUnit XML: a suite a host, a case a task; what is not a host's, and a run that ended badly with no task to blame,
 * is a case of the suite `run`. Valid by the schemas of Ant and of Jenkins.
 */
export function junit(runs: readonly RecordedRun[]): string {
  const told = tell(runs);
  const suites = [
    ...[...told.hosts].map(([host, { run }]) => hostSuite(told, host, run.begun)),
    runSuite(told),
  ];
  return `<?xml version="1.0" encoding="UTF-8"?>\n<testsuites>\n${suites
    .filter(({ cases }) => cases.length > 0)
    .map(suiteXml)
    .join('')}</testsuites>\n`;
}

function hostSuite({ tasks, errors, events }: Told, host: string, begun: number): Suite {
  const own = tasks.filter((task) => task.host === host);
  const open = errors.filter((error) => error.host === host);
  const names = new Map<string, number>();
  let before = begun;
  const cases = own.map((task): Case => {
    const at = open.findIndex((error) => task.status === 'failed' && error.task === task.task);
    const [error] = at < 0 ? [] : open.splice(at, 1);
    const time = Math.max(0, Date.parse(task.time) - before) / 1000;
    before = Math.max(before, Date.parse(task.time));
    return { ...named(task, names), time, ...flawed(flawOf(task, error)) };
  });
  const lost = open.map(
    (error): Case => ({
      ...named({ host, role: 'host', task: error.task ?? error.message.split('\n')[0] ?? '' }, names),
      time: 0,
      flaw: flawFrom(error),
    }),
  );
  const said = events.flatMap((event) =>
    event.event === 'output' && event.host === host ? [event.line] : [],
  );
  return { name: host, begun, cases: [...cases, ...lost], said: [...own.flatMap(changesOf), ...said] };
}

/** The same task twice on a host, in several plays: readers take equal names for one test. */
function named(
  { host, role, task }: Pick<TaskEvent, 'host' | 'role' | 'task'>,
  names: Map<string, number>,
): Pick<Case, 'className' | 'name'> {
  const key = `${role}: ${task}`;
  const times = (names.get(key) ?? 0) + 1;
  names.set(key, times);
  return { className: `${host}.${role}`, name: times > 1 ? `${task} (${times})` : task };
}

function flawed(flaw: Flaw | undefined): { readonly flaw?: Flaw } {
  return flaw === undefined ? {} : { flaw };
}

function flawOf(
  { status, handled, reason, changes }: TaskEvent,
  error: ErrorEvent | undefined,
): Flaw | undefined {
  if (status === 'skipped') return { kind: 'skipped', message: reason ?? 'left out', text: '' };
  if (status !== 'failed') return undefined;
  if (handled) return { kind: 'skipped', message: `failed, and was ${handled}`, text: '' };
  return error
    ? { ...flawFrom(error), kind: 'failure' }
    : { kind: 'failure', message: 'failed', text: changes.map(describe).join('\n') };
}

function flawFrom(error: ErrorEvent): Flaw {
  return { kind: 'error', message: error.message.split('\n')[0] ?? '', text: formatError(error).join('\n') };
}

/** A case a run, so that no bad end looks like a good one. */
function runSuite({ runs, errors, hosts }: Told): Suite {
  const cases = runs.map((run): Case => {
    const { id, recap, verdict, start, begun, ended } = run;
    const ownErrors = errors.filter(
      (error) => error.runId === id && (error.host === undefined || !hosts.has(error.host)),
    );
    const ended_well = recap?.exitCode === EXIT.ok || recap?.exitCode === EXIT.pending;
    const text = ownErrors.flatMap(formatError).join('\n');
    return {
      className: `run.${start?.playbook ?? 'run'}`,
      name: id,
      time: (recap?.elapsedMs ?? ended - begun) / 1000,
      ...flawed(ended_well ? undefined : { kind: 'error', message: verdict, text }),
    };
  });
  return {
    name: 'run',
    begun: Math.min(...runs.map(({ begun }) => begun)),
    cases,
    said: runs.map(({ verdict }) => verdict),
  };
}

function changesOf({ status, role, task, changes }: TaskEvent): readonly string[] {
  return status === 'ok' || status === 'skipped'
    ? []
    : [`${status} ${role}: ${task}`, ...changes.map((change) => `  ${describe(change)}`)];
}

function suiteXml({ name, begun, cases, said }: Suite, id: number): string {
  const count = (kind: Flaw['kind']) => cases.filter(({ flaw }) => flaw?.kind === kind).length;
  const time = cases.reduce((sum, one) => sum + one.time, 0);
  const attributes = {
    name,
    package: 'quorate',
    id,
    hostname: name,
    // Readers want it without a zone.
    timestamp: new Date(begun).toISOString().slice(0, 19),
    tests: cases.length,
    failures: count('failure'),
    errors: count('error'),
    skipped: count('skipped'),
    time: time.toFixed(3),
  };
  return `<testsuite${attributesXml(attributes)}>\n<properties/>\n${cases.map(caseXml).join('')}<system-out>${escapeXml(said.join('\n'))}</system-out>\n<system-err/>\n</testsuite>\n`;
}

function caseXml({ className, name, time, flaw }: Case): string {
  const open = `<testcase${attributesXml({ classname: className, name, time: time.toFixed(3) })}`;
  if (flaw === undefined) return `${open}/>\n`;
  const { kind, message, text } = flaw;
  return `${open}><${kind}${attributesXml({ ...(kind !== 'skipped' && { type: kind }), message })}>${escapeXml(text)}</${kind}></testcase>\n`;
}

function attributesXml(attributes: Readonly<Record<string, string | number>>): string {
  return Object.entries(attributes)
    .map(
      ([name, value]) =>
        ` ${name}="${escapeXml(String(value)).replaceAll('\n', '&#10;').replaceAll('\t', '&#9;')}"`,
    )
    .join('');
}

const NAMES: Readonly<Record<string, string>> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** XML 1.0 has no place for most control characters, nor for half a pair: they are taken out. */
function escapeXml(text: string): string {
  return text
    .replace(/[\ud800-\udfff]/gu, '\ufffd')
    .replace(/[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ufffe\uffff]/g, '')
    .replaceAll('\r', '')
    .replace(/[&<>"]/g, (char) => NAMES[char] ?? char);
}

import type { RunEvent } from '../../runner/events.ts';
import type { Recorded } from './recorder.ts';

/** One run as it was recorded, or as `--output json` printed it. */
export interface RecordedRun {
  readonly id: string;
  readonly events: readonly Recorded[];
}

export interface ReadRuns {
  /** In the order of their first lines; a file of several appended outputs has several. */
  readonly runs: readonly RecordedRun[];
  /** Lines that are not events of a run: cut ones, or what somebody else wrote. */
  readonly damaged: number;
}

/** Reads lines of events. Nothing in them is trusted: a line that is not an event is counted and left out. */
export function readRuns(text: string): ReadRuns {
  const runs = new Map<string, Recorded[]>();
  let damaged = 0;
  for (const line of text.split('\n')) {
    if (line.trim() === '') continue;
    const read = parse(line);
    if (read === undefined) damaged += 1;
    else if (isKnown(read)) {
      const events = runs.get(read.runId) ?? [];
      events.push(read);
      runs.set(read.runId, events);
    }
  }
  return { runs: [...runs].map(([id, events]) => ({ id, events })), damaged };
}

/** The first of a kind. */
export function eventOf<Kind extends RunEvent['event']>(
  { events }: RecordedRun,
  kind: Kind,
): Extract<Recorded, { event: Kind }> | undefined {
  return events.find((event) => event.event === kind) as Extract<Recorded, { event: Kind }> | undefined;
}

/**
 * The hosts that a run had, in the order of its inventory: those of its plays, and whatever else is told of, such as one
 * that acts for others. `start` lists all that the plays name, whatever `--limit` and `--shard` left of them.
 */
export function hostsOf(run: RecordedRun): readonly string[] {
  const had = new Set(run.events.flatMap(hostsIn));
  const listed = eventOf(run, 'start')?.hosts ?? [];
  return [...new Set([...listed.filter((host) => had.has(host)), ...had])];
}

function hostsIn(event: Recorded): readonly string[] {
  if (event.event === 'play') return event.hosts;
  if (event.event === 'recap') return Object.keys(event.hosts);
  return 'host' in event && event.host !== undefined ? [event.host] : [];
}

type Fields = Readonly<Record<string, unknown>>;
interface Line extends Fields {
  readonly event: string;
  readonly time: string;
  readonly runId: string;
}

/** An object with what every event has; undefined for anything else, and where a known event lacks what it must have. */
function parse(line: string): Line | undefined {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return undefined;
  }
  if (!isObject(value) || !isText(value.event) || !isTime(value.time) || !isId(value.runId)) return undefined;
  const shape = Object.hasOwn(SHAPES, value.event) ? SHAPES[value.event as RunEvent['event']] : undefined;
  if (shape !== undefined && !shape(value)) return undefined;
  // What `--output json` printed has none.
  return {
    ...(TABLES.has(value.event) && { table: '' }),
    ...(value.event === 'why' && { lines: [] }),
    ...value,
  } as Line;
}

/** Later versions, and `inventory --explain`, know other events; a report can say nothing of them. */
function isKnown(line: Line): line is Line & Recorded {
  return Object.hasOwn(SHAPES, line.event);
}

const SHAPES: Readonly<Record<RunEvent['event'], (event: Fields) => boolean>> = {
  start: (e) =>
    isText(e.playbook) &&
    isTexts(e.inventory) &&
    isTexts(e.hosts) &&
    typeof e.check === 'boolean' &&
    [undefined, true, false].includes(e.tellsOutput as boolean | undefined) &&
    [e.who, e.from, e.command, e.message].every(isTextOrNone),
  play: (e) => isText(e.play) && isTexts(e.hosts),
  facts: (e) => isText(e.host) && isObject(e.facts) && Object.values(e.facts).every(isFact),
  task: (e) =>
    [e.host, e.role, e.task].every(isText) &&
    STATUSES.has(e.status) &&
    isList(e.changes, isChange) &&
    [e.for, e.reason, e.handled].every(isTextOrNone),
  output: (e) => [e.host, e.task, e.line].every(isText),
  log: (e) => LEVELS.has(e.level) && isText(e.message) && [e.host, e.task].every(isTextOrNone),
  'left-over': (e) => [e.host, e.role, e.kind, e.name].every(isText) && [e.from, e.stays].every(isTextOrNone),
  step: (e) =>
    isText(e.host) &&
    isText(e.title) &&
    STEPS.has(e.status) &&
    isObject(e.ledger) &&
    isTally(e.ledger.before) &&
    isTally(e.ledger.after),
  cluster: (e) =>
    isText(e.cluster) &&
    isList(e.members, isMember) &&
    (e.problems === undefined || isTexts(e.problems)) &&
    isTextOrNone(e.table),
  certificates: (e) => isText(e.cluster) && isList(e.certificates, isCertificate) && isTextOrNone(e.table),
  drill: (e) => [e.cluster, e.host, e.file].every(isText) && isTexts(e.problems),
  history: (e) => isList(e.runs, (one) => isText(one.id)) && isTextOrNone(e.table),
  why: (e) =>
    [e.host, e.role, e.task].every(isText) &&
    isTexts(e.read) &&
    isList(e.changes, isChange) &&
    isList(e.variables, isObject) &&
    (e.lines === undefined || isTexts(e.lines)),
  error: (e) =>
    isText(e.message) &&
    typeof e.exitCode === 'number' &&
    [e.host, e.task, e.hint].every(isTextOrNone) &&
    (e.position === undefined || isPosition(e.position)),
  recap: (e) =>
    isObject(e.hosts) &&
    Object.values(e.hosts).every(isCounts) &&
    typeof e.elapsedMs === 'number' &&
    typeof e.exitCode === 'number' &&
    typeof e.check === 'boolean',
};

const TABLES = new Set(['cluster', 'certificates', 'history']);
const STATUSES = new Set<unknown>(['ok', 'changed', 'failed', 'skipped', 'unknown']);
const LEVELS = new Set<unknown>(['trace', 'debug', 'info', 'warning']);
const STEPS = new Set<unknown>(['planned', 'begun', 'done', 'failed']);

function isObject(value: unknown): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function isFact(value: unknown): boolean {
  return isText(value) || typeof value === 'number' || typeof value === 'boolean' || isTexts(value);
}

function isTextOrNone(value: unknown): boolean {
  return value === undefined || isText(value);
}

function isTexts(value: unknown): boolean {
  return Array.isArray(value) && value.every(isText);
}

function isList(value: unknown, isOne: (one: Fields) => boolean): boolean {
  return Array.isArray(value) && value.every((one) => isObject(one) && isOne(one));
}

function isTime(value: unknown): boolean {
  return (
    isText(value) &&
    /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value) &&
    !Number.isNaN(Date.parse(value))
  );
}

/** It names files. */
function isId(value: unknown): boolean {
  return isText(value) && /^[\w-]{1,80}$/.test(value);
}

function isChange(one: Fields): boolean {
  return (
    [one.resource, one.kind, one.property, one.certainty].every(isText) &&
    [one.before, one.after].every((side) => side === null || isText(side)) &&
    (one.diff === undefined || isTexts(one.diff)) &&
    (one.text === undefined || (isObject(one.text) && isText(one.text.before) && isText(one.text.after)))
  );
}

/** What did not answer is null; older versions left out some. */
function isMember({ host, name, role, health, version, dbSizeBytes, certificateDays }: Fields): boolean {
  return (
    [host, name, health].every(isText) &&
    [role, version].every((one) => one === null || isTextOrNone(one)) &&
    [dbSizeBytes, certificateDays].every((one) => one === null || isNumberOrNone(one))
  );
}

function isCertificate({ host, path, kind, subject, until, days }: Fields): boolean {
  return [host, path, kind, subject, until].every(isText) && typeof days === 'number';
}

function isPosition(value: unknown): boolean {
  return isObject(value) && isText(value.file) && [value.line, value.column].every(isNumberOrNone);
}

function isNumberOrNone(value: unknown): boolean {
  return value === undefined || typeof value === 'number';
}

function isTally(value: unknown): boolean {
  return (
    isObject(value) &&
    ['voters', 'quorum', 'healthy', 'spare'].every((name) => typeof value[name] === 'number')
  );
}

function isCounts(value: unknown): boolean {
  return isObject(value) && Object.values(value).every((count) => typeof count === 'number');
}

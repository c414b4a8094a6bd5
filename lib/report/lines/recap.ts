import { EXIT, type ExitCode } from '../../errors.ts';
import type { HostRecap, RunEvent } from '../../runner/events.ts';
import type { Colors } from '../colors.ts';
import { foldHosts } from '../hosts.ts';
import { count, displayWidth, duration, oneLine, pad } from '../text.ts';
import type { ErrorEvent } from './errors.ts';

export type RecapEvent = Extract<RunEvent, { event: 'recap' }>;

const COLUMNS = [
  'ok',
  'changed',
  'unknown',
  'skipped',
  'failed',
  'ignored',
  'rescued',
  'unreachable',
  'leftOver',
  'roundTrips',
] as const;

/** Columns that stand only where there is something to tell. */
const SELDOM: readonly Column[] = ['ignored', 'rescued', 'leftOver'];

/** Columns for the names of hosts that share a line. */
const NAMES = 24;

export interface RecapOptions {
  readonly colors: Colors;
  /** Hosts with equal counts share a line. */
  readonly fold: boolean;
  readonly roundTrips: boolean;
}

/** The counts of every host, one line each, in ansible-playbook's form and aligned. */
export function recapTable({ hosts }: RecapEvent, { colors, fold, roundTrips }: RecapOptions): string[] {
  const columns = COLUMNS.filter(
    (name) =>
      (name !== 'roundTrips' || roundTrips) &&
      (!SELDOM.includes(name) || Object.values(hosts).some((counts) => of(counts, name) > 0)),
  );
  const rows = Object.entries(hosts).map(([host, counts]) => ({ hosts: [host], counts }));
  const merged = fold ? mergeEqual(rows, columns) : rows;
  const names = merged.map((row) => label(row.hosts));
  const nameWidth = Math.max(0, ...names.map(displayWidth));
  const width = (name: Column) =>
    Math.max(...merged.map(({ counts }) => `${name}=${of(counts, name)}`.length));
  return merged.map(({ counts }, i) => {
    const cells = columns.map((name) => paint(colors, name, of(counts, name), width(name)));
    return `${paintName(colors, counts, pad(names[i] ?? '', nameWidth))} : ${cells.join('  ').trimEnd()}`;
  });
}

/** What became of it all, in one line. `conclusion` is what the playbook itself says of the outcome. */
export function verdict(
  recap: RecapEvent,
  errors: readonly ErrorEvent[],
  conclusions: readonly string[],
): { readonly good: boolean; readonly text: string } {
  const { check, exitCode, elapsedMs } = recap;
  const all = Object.values(recap.hosts);
  const rows = all.every(isAside) ? all : all.filter((counts) => !isAside(counts));
  const sum = (name: Column) => rows.reduce((total, counts) => total + of(counts, name), 0);
  const hosts = count(rows.length, 'host');
  const good = exitCode === EXIT.ok || exitCode === EXIT.pending;
  const left = sum('leftOver') > 0 ? [`${sum('leftOver')} left over`] : [];
  const failures = good ? [] : [count(errors.length, 'error'), `exit code ${exitCode}`];
  const lead = good ? conclusions.join('; ') : failure(exitCode, errors);
  if (!check) {
    const facts = [hosts, `${sum('changed')} changed`, ...left, ...failures, duration(elapsedMs)];
    return { good, text: `${lead || 'done'} — ${facts.join(', ')}` };
  }
  const touched = rows.filter(({ changed, unknown }) => changed + unknown > 0).length;
  const pending = [
    ...(sum('changed') > 0 ? [`${count(sum('changed'), 'change')} pending`] : []),
    ...(sum('unknown') > 0 ? [`${sum('unknown')} unknown`] : []),
  ].join(' and ');
  const found = pending
    ? `${pending} on ${count(touched, 'host')}, nothing was changed`
    : `nothing to change on ${hosts}`;
  return {
    good,
    text: [
      ...(lead ? [lead] : []),
      [good || pending ? found : hosts, ...left, ...failures, duration(elapsedMs)].join(', '),
    ].join(' — '),
  };
}

/** Left out by --limit: it was read for its cluster's sake alone. */
function isAside({ roundTrips, ...counts }: HostRecap): boolean {
  return roundTrips > 0 && Object.values(counts).every((one) => one === 0);
}

/** A list that is too long for a column becomes a number; errors name their hosts anyway. */
function label(hosts: readonly string[]): string {
  const names = oneLine(foldHosts(hosts));
  return hosts.length > 1 && names.length > NAMES ? count(hosts.length, 'host') : names;
}

type Column = (typeof COLUMNS)[number];

function of(counts: HostRecap, name: Column): number {
  return counts[name] ?? 0;
}

const FAILURES: Partial<Record<ExitCode, string>> = {
  [EXIT.failed]: 'failed',
  [EXIT.refused]: 'refused by a safety gate',
  [EXIT.unreachable]: 'no connection',
  [EXIT.untrusted]: 'not trusted',
  [EXIT.locked]: 'held by somebody else',
  [EXIT.unhealthy]: 'verification failed',
  [EXIT.bug]: 'a bug of ours',
  [EXIT.interrupted]: 'interrupted',
  [EXIT.terminated]: 'terminated',
};

/** An exit code in a word or two. */
export function outcomeWord(exitCode: number): string {
  if (exitCode === EXIT.ok) return 'done';
  if (exitCode === EXIT.pending) return 'changes pending';
  return FAILURES[exitCode as ExitCode] ?? 'failed';
}

/** `failed on etcd02`: the outcome, and the hosts whose errors led to it. */
function failure(exitCode: ExitCode, errors: readonly ErrorEvent[]): string {
  const hosts = errors.flatMap((error) =>
    error.exitCode === exitCode && error.host !== undefined ? [error.host] : [],
  );
  const where = hosts.length > 0 ? ` on ${foldHosts(hosts)}` : '';
  return `${FAILURES[exitCode] ?? 'failed'}${where}`;
}

interface Row {
  readonly hosts: string[];
  readonly counts: HostRecap;
}

function mergeEqual(rows: readonly Row[], columns: readonly Column[]): Row[] {
  const merged = new Map<string, Row>();
  for (const { hosts, counts } of rows) {
    const key = columns.map((name) => of(counts, name)).join(' ');
    const same = merged.get(key);
    if (same) same.hosts.push(...hosts);
    else merged.set(key, { hosts: [...hosts], counts });
  }
  return [...merged.values()];
}

function paint(colors: Colors, name: Column, value: number, width: number): string {
  const cell = pad(`${name}=${value}`, width);
  if (value === 0 || name === 'roundTrips') return colors.dim(cell);
  if (name === 'ok') return colors.green(cell);
  return name === 'failed' || name === 'unreachable' ? colors.red(cell) : colors.yellow(cell);
}

function paintName(colors: Colors, counts: HostRecap, name: string): string {
  const { failed, ignored = 0, rescued = 0, unreachable, changed } = counts;
  if (failed - ignored - rescued + unreachable > 0) return colors.red(name);
  return changed > 0 ? colors.yellow(name) : colors.green(name);
}

import { runId } from '../../../lib/dsl/common/run-id.ts';
import type { Change } from '../../../lib/dsl/task.ts';
import { createReport, type ReportOptions } from '../../../lib/report/index.ts';
import type { RunEvent } from '../../../lib/runner/events.ts';

/** A stream that keeps what is written to it. */
export class FakeStream {
  text = '';
  readonly writes: string[] = [];
  readonly isTTY: boolean;
  columns: number;
  rows: number;

  constructor(terminal?: { readonly columns: number; readonly rows: number }) {
    this.isTTY = terminal !== undefined;
    this.columns = terminal?.columns ?? 80;
    this.rows = terminal?.rows ?? 24;
  }

  write = (text: string, done?: unknown): boolean => {
    this.text += text;
    this.writes.push(text);
    if (typeof done === 'function') done();
    return true;
  };

  on(): this {
    return this;
  }
}

/** What a report prints of `events`; times are replaced by `TIME`. */
export async function printed(
  options: Partial<ReportOptions> & Pick<ReportOptions, 'output'>,
  events: readonly RunEvent[],
): Promise<{ readonly stdout: string; readonly stderr: string }> {
  const stdout = new FakeStream();
  const stderr = new FakeStream();
  const report = createReport({
    diff: false,
    check: false,
    verbosity: 0,
    stdout,
    stderr,
    env: {},
    ...options,
  });
  for (const event of events) report.emit(event);
  await report.close();
  const time = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z/g;
  // Of this process, as the time is of the moment.
  const plain = (text: string) => text.replace(time, 'TIME').replaceAll(`"runId":"${runId()}",`, '');
  return { stdout: plain(stdout.text), stderr: plain(stderr.text) };
}

export const start = (...hosts: string[]): RunEvent => ({
  event: 'start',
  playbook: 'site',
  inventory: ['prod.yaml'],
  check: false,
  hosts,
});

export const change = (fields: Partial<Change> = {}): Change => ({
  resource: 'file:/etc/motd',
  kind: 'update',
  property: 'mode',
  before: '0600',
  after: '0644',
  certainty: 'certain',
  ...fields,
});

type TaskEvent = Extract<RunEvent, { event: 'task' }>;

export const task = (host: string, fields: Partial<TaskEvent> = {}): TaskEvent => ({
  event: 'task',
  host,
  role: 'motd',
  task: 'the message is there',
  status: 'changed',
  changes: [change()],
  ...fields,
});

type RecapEvent = Extract<RunEvent, { event: 'recap' }>;
type Counts = RecapEvent['hosts'][string];

export const recap = (
  hosts: Record<string, Partial<Counts>>,
  fields: Partial<RecapEvent> = {},
): RecapEvent => {
  const none = {
    ok: 0,
    changed: 0,
    failed: 0,
    skipped: 0,
    unknown: 0,
    unreachable: 0,
    roundTrips: 0,
  };
  const filled = Object.entries(hosts).map(([host, counts]) => [host, { ...none, ...counts }] as const);
  return {
    event: 'recap',
    check: false,
    hosts: Object.fromEntries(filled),
    elapsedMs: 6200,
    exitCode: 0,
    ...fields,
  };
};

/** A healthy cluster with one member, shown as `table`. */
export const cluster = (table: string, host = 'etcd01', name = 'prod'): RunEvent => ({
  event: 'cluster',
  cluster: name,
  healthy: true,
  leader: host,
  caDays: 3649,
  members: [
    {
      host,
      name: host,
      id: '1',
      address: `https://${host}:2379`,
      role: 'leader',
      health: 'healthy',
      version: '3.5.30',
      dbSizeBytes: 20480,
      certificateDays: 3649,
    },
  ],
  problems: [],
  table,
});

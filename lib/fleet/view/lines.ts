import { outcomeWord } from '../../report/lines/recap.ts';
import { count, duration, oneLine, pad } from '../../report/text.ts';
import type { FleetEvent } from '../events.ts';
import { isEnd, type JobStatus } from '../outcome.ts';
import { runLines, scheduleLines } from './tables.ts';

type Of<Kind extends FleetEvent['event']> = Extract<FleetEvent, { event: Kind }>;
export type JobEvent = Of<'job'>;

/** The lines that an event is for a person. */
export function lineTeller(run: string): (event: FleetEvent) => readonly string[] {
  let width = 0;
  return (event) => {
    switch (event.event) {
      case 'fleet':
        width = Math.max(...event.clusters.map(({ length }) => length));
        return [startLine(run, event)];
      case 'wave':
        return event.of === 1 ? [] : [`wave ${event.wave} of ${event.of}: ${event.clusters.join(', ')}`];
      case 'job':
        return event.status === 'waiting' ? [] : [jobLineText(event, width)];
      case 'stopped':
        return [stoppedLine(event)];
      case 'log':
        return [event.level === 'warning' ? `warning: ${event.message}` : event.message];
      case 'recap':
        return recapLines(event);
      case 'runs':
        return runLines(event.runs, event.workers);
      case 'schedules':
        return scheduleLines(event.schedules);
    }
  };
}

/** `running   c07  attempt 2`, for a person; the statuses stand below each other. */
export function jobLineText(event: Omit<JobEvent, 'event'>, width = 0): string {
  const { cluster, status } = event;
  const said = detail(event);
  return oneLine(`${status.padEnd(9)} ${pad(cluster, width)}${said === '' ? '' : `  ${said}`}`).trimEnd();
}

function detail({
  status,
  attempt = 1,
  exitCode,
  reason,
  changed = 0,
  elapsedMs,
  delayMs,
  worker,
  jobRunId,
}: Omit<JobEvent, 'event'>): string {
  const again = attempt > 1 ? [`attempt ${attempt}`] : [];
  const where = worker === undefined ? [] : [`on ${worker}`];
  const took = elapsedMs === undefined ? [] : [duration(elapsedMs)];
  if (status === 'running') return [...again, ...where].join(', ');
  if (status === 'done')
    return [...(changed > 0 ? [`${changed} changed`] : []), ...again, ...took].join(', ');
  if (status === 'drift') return [`${count(changed, 'change')} pending`, ...again, ...took].join(', ');
  const code = exitCode === undefined ? [] : [`exit code ${exitCode} (${outcomeWord(exitCode)})`];
  const why = [...code, ...(reason === undefined ? [] : [reason])].join(': ');
  if (status === 'retrying')
    return [why, `attempt ${attempt + 1} in ${duration(delayMs ?? 0)}`].filter(Boolean).join('; ');
  if (status !== 'failed') return why;
  const run = jobRunId === undefined ? [] : [`run ${jobRunId}`];
  return [why, ...again, ...where, ...run].filter(Boolean).join(', ');
}

/** What the fleet is, in a line. */
function startLine(run: string, { playbook, clusters, waves, check, retryOf }: Of<'fleet'>): string {
  const sizes = waves.length > 1 ? `, in waves of ${waves.join(', ')}` : '';
  const again = retryOf === undefined ? '' : `, what ${retryOf} has left`;
  return oneLine(
    `fleet ${run}: ${playbook} on ${count(clusters.length, 'cluster')}${sizes}${again}${check ? ' (check)' : ''}`,
  );
}

function stoppedLine({ wave, failed, errors }: Of<'stopped'>): string {
  return `stopped: ${count(failed, 'cluster')} of wave ${wave} failed, ${errors === 0 ? 'none' : errors} may; nothing further is begun`;
}

/** The last lines: what did not go well, cluster by cluster, then counts. */
function recapLines({ clusters, elapsedMs, exitCode, check }: Of<'recap'>): readonly string[] {
  const all = Object.entries(clusters);
  const told = all.filter(([, { status }]) => TOLD.includes(status));
  const width = Math.max(0, ...told.map(([cluster]) => cluster.length));
  const rows = told.map(([cluster, report]) => jobLineText({ cluster, ...report }, width));
  const counts = ORDER.flatMap((status) => {
    const number = all.filter(([, report]) => report.status === status).length;
    return number === 0 ? [] : [`${number} ${status}`];
  });
  const open = all.some(([, { status }]) => !isEnd(status));
  const lead = open ? 'under way' : exitCode === 0 ? 'done' : outcomeWord(exitCode);
  return [
    ...(rows.length > 0 ? ['', ...rows] : []),
    '',
    `${lead} — ${[count(all.length, 'cluster'), ...counts, duration(elapsedMs)].join(', ')}${check ? ', nothing was changed' : ''}`,
  ];
}

const TOLD: readonly JobStatus[] = ['failed', 'drift', 'retrying'];
const ORDER: readonly JobStatus[] = [
  'done',
  'drift',
  'failed',
  'cancelled',
  'skipped',
  'running',
  'retrying',
  'waiting',
];

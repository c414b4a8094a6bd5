import type { RunEvent } from '../../runner/events.ts';
import { changeLines } from '../diff/change-lines.ts';
import { describe, markOf, saysMore, type TaskEvent } from '../diff/changes.ts';
import { foldHosts } from '../hosts.ts';
import { isOutputWanted, isWanted } from '../levels.ts';
import type { Renderer } from '../renderer.ts';
import type { Settings } from '../settings.ts';
import { count, escapeControls, oneLine } from '../text.ts';
import { Conclusions } from './conclusions.ts';
import { type ErrorEvent, formatError } from './errors.ts';
import { createHeartbeat } from './heartbeat.ts';
import { type LeftOverEvent, leftOverLines } from './left-over.ts';
import { type RecapEvent, recapTable, verdict } from './recap.ts';
import { stepText } from './steps.ts';
import { MANY } from './summary.ts';

/**
 * Plain lines as things happen; of a check, and of many hosts, the changes folded in the end as on a terminal. No escape
 * sequences, nothing redrawn; errors and warnings on stderr. The log file has it all.
 */
export function createPlain(settings: Settings): Renderer {
  const { stdout, stderr, colors, check, diff, verbosity } = settings;
  const conclusions = new Conclusions();
  const tasks: TaskEvent[] = [];
  let hosts: readonly string[] = [];
  const errors: ErrorEvent[] = [];
  const left: LeftOverEvent[] = [];
  let recap: RecapEvent | undefined;
  const print = (lines: readonly string[], output = stdout) => {
    output.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  };
  const heartbeat = createHeartbeat((lines) => print(lines));

  /** As it happens: what a check foresees happens all at once, and many hosts would take pages. */
  const tellsAll = () => !check && hosts.length <= MANY;
  const isTold = ({ status }: TaskEvent) => status === 'failed' || (status !== 'ok' && tellsAll());

  const emit = (event: RunEvent) => {
    if (conclusions.take(event)) return;
    switch (event.event) {
      case 'start': {
        const { playbook, inventory } = event;
        hosts = event.hosts;
        print([
          `${playbook}: ${count(hosts.length, 'host')} of ${inventory.join(', ')}${check ? ' (check)' : ''}`,
        ]);
        break;
      }
      case 'play':
        print([`play ${event.play}: ${foldHosts(event.hosts)}`]);
        break;
      case 'task':
        if (event.status !== 'ok' || verbosity > 0) tasks.push(event);
        if (isTold(event)) print(taskLines(event));
        break;
      case 'log':
        if (!isWanted(event.level, verbosity)) break;
        print(logLines(event), event.level === 'warning' ? stderr : stdout);
        break;
      case 'output':
        if (isOutputWanted(settings)) print([`output: ${event.host}: ${event.line}`]);
        break;
      case 'error':
        errors.push(event);
        print(formatError(event), stderr);
        break;
      case 'recap':
        recap = event;
        heartbeat.stop();
        break;
      case 'left-over':
        left.push(event);
        break;
      case 'step':
        print([`${event.status.padEnd(7)} ${stepText(event)}`]);
        break;
      case 'why':
        print(event.lines);
        break;
      case 'facts':
      case 'cluster':
      case 'certificates':
      case 'history':
      case 'drill':
        break;
      default:
        event satisfies never;
    }
  };

  return {
    emit,
    progress: heartbeat.progress,
    async close() {
      heartbeat.stop();
      if (!tellsAll() || diff || verbosity > 0) print(await changeLines(tasks, hosts, settings));
      print(leftOverLines(left, colors));
      for (const { name, table } of conclusions.tables) {
        print(['', ...(name === undefined ? [] : [name]), ...table.split('\n')]);
      }
      if (!recap || Object.keys(recap.hosts).length === 0) return;
      const fold = hosts.length > MANY && verbosity === 0;
      const rows = recapTable(recap, { colors, fold, roundTrips: true });
      print(['', 'recap', ...rows, '', verdict(recap, errors, conclusions.sentences).text]);
    },
  };
}

function taskLines({ host, role, task, status, changes, handled, reason }: TaskEvent): string[] {
  const why = handled ?? reason;
  return [
    `${status.padEnd(7)} ${host}: ${role}: ${oneLine(task)}${why === undefined ? '' : ` (${oneLine(why)})`}`,
    ...changes
      // What a command that was run has done, its title says.
      .filter((change) => saysMore(change) && !(status === 'changed' && change.kind === 'run'))
      .map(
        (change) =>
          `        ${markOf({ status: 'changed', changes: [change] })} ${oneLine(describe(change))}`,
      ),
  ];
}

function logLines({ level, host, message }: Extract<RunEvent, { event: 'log' }>): string[] {
  const label = level === 'info' ? '' : `${level}: `;
  return message.split('\n').map((line) => `${label}${host === undefined ? '' : `${host}: `}${line}`);
}

import type { RunEvent } from '../runner/events.ts';
import { describe, markOf, saysMore, type TaskEvent } from './changes.ts';
import { Conclusions } from './conclusions.ts';
import { foldDiffs, formatDiff } from './diff.ts';
import { type ErrorEvent, formatError } from './errors.ts';
import { createHeartbeat } from './heartbeat.ts';
import { foldHosts } from './hosts.ts';
import { type RecapEvent, recapTable, verdict } from './recap.ts';
import type { Renderer } from './renderer.ts';
import type { Settings } from './settings.ts';
import { count, escapeControls, oneLine } from './text.ts';

/** Plain lines as things happen: no escape sequences, nothing redrawn; errors and warnings on stderr. */
export function createPlain(settings: Settings): Renderer {
  const { stdout, stderr, colors, diff, check, verbosity } = settings;
  const conclusions = new Conclusions();
  const changed: TaskEvent[] = [];
  const errors: ErrorEvent[] = [];
  let recap: RecapEvent | undefined;
  const print = (lines: readonly string[], output = stdout) => {
    output.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  };
  const heartbeat = createHeartbeat((lines) => print(lines));

  const emit = (event: RunEvent) => {
    if (conclusions.take(event)) return;
    switch (event.event) {
      case 'start': {
        const { playbook, inventory, hosts } = event;
        print([
          `${playbook}: ${count(hosts.length, 'host')} of ${inventory.join(', ')}${check ? ' (check)' : ''}`,
        ]);
        break;
      }
      case 'play':
        print([`play ${event.play}: ${foldHosts(event.hosts)}`]);
        break;
      case 'task':
        if (event.changes.length > 0) changed.push(event);
        if (event.status !== 'ok' || verbosity > 0) print(taskLines(event));
        break;
      case 'log':
        if (event.level === 'output' && verbosity < 1) break;
        if (event.level === 'debug' && verbosity < 2) break;
        print(logLines(event), event.level === 'warning' ? stderr : stdout);
        break;
      case 'error':
        errors.push(event);
        print(formatError(event), stderr);
        break;
      case 'recap':
        recap = event;
        heartbeat.stop();
    }
  };

  return {
    emit,
    progress: heartbeat.progress,
    async close() {
      heartbeat.stop();
      if (diff) {
        for (const one of await foldDiffs(changed)) print(['', ...formatDiff(one, colors)]);
      }
      for (const table of conclusions.tables) print(['', ...table.split('\n')]);
      if (!recap || Object.keys(recap.hosts).length === 0) return;
      const rows = recapTable(recap, { colors, fold: false, roundTrips: true });
      print(['', 'recap', ...rows, '', verdict(recap, errors, conclusions.sentences).text]);
    },
  };
}

function taskLines(event: TaskEvent): string[] {
  const { host, role, task, status, changes } = event;
  return [
    `${status.padEnd(7)} ${host}: ${role}: ${oneLine(task)}`,
    ...changes
      .filter(saysMore)
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

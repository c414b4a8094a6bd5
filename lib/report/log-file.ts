import { closeSync, openSync, writeSync } from 'node:fs';
import type { RunEvent } from '../runner/events.ts';
import { describeChange } from '../runner/wording.ts';
import { formatError } from './lines/errors.ts';
import { stepText } from './lines/steps.ts';
import { escapeControls } from './text.ts';

export interface LogFile {
  emit(event: RunEvent): void;
  close(): void;
}

/**
 * Appends every event to `path`, a new file being 0600. Lines are written at once, so the log of a killed
 * run is whole. A log that cannot be written is told of once, and the run goes on without it.
 */
export function createLogFile(path: string, warn: (message: string) => void): LogFile {
  let descriptor: number | undefined;
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      descriptor = undefined;
      warn(`cannot write the log ${path}: ${(error as Error).message}; the run goes on without it`);
    }
  };
  attempt(() => {
    descriptor = openSync(path, 'a', 0o600);
  });
  return {
    emit(event) {
      if (descriptor === undefined) return;
      const time = new Date().toISOString();
      const text = linesOf(event)
        .map((line) => `${time} ${escapeControls(line).replaceAll('\n', '\\n')}\n`)
        .join('');
      attempt(() => writeSync(descriptor as number, text));
    },
    close() {
      if (descriptor !== undefined) attempt(() => closeSync(descriptor as number));
      descriptor = undefined;
    },
  };
}

function linesOf(event: RunEvent): string[] {
  switch (event.event) {
    case 'start': {
      const { playbook, inventory, check, hosts } = event;
      return [
        `start ${playbook} (${check ? 'check' : 'run'}), inventory ${inventory.join(', ')}, hosts ${hosts.join(', ')}`,
      ];
    }
    case 'play':
      return [`play ${event.play}: ${event.hosts.join(', ')}`];
    case 'task': {
      const { host, role, task, status, changes, handled, reason } = event;
      const why = handled ?? reason;
      return [
        `${status} ${host} ${role}: ${task}${why === undefined ? '' : ` (${why})`}`,
        ...changes.map(
          (change) => `  ${change.kind} ${change.resource} ${describeChange(change)}${sureness(change)}`,
        ),
      ];
    }
    case 'facts':
      return [`facts ${event.host}: ${JSON.stringify(event.facts)}`];
    case 'output':
      return [`output ${event.host}: ${event.task}: ${event.line}`];
    case 'log': {
      const where = [event.host, event.task].filter((part) => part !== undefined).join(': ');
      return event.message.split('\n').map((line) => `${event.level} ${where ? `${where}: ` : ''}${line}`);
    }
    case 'left-over': {
      const { host, role, kind, name, stays } = event;
      return [`left over ${host} ${role}: ${kind} ${name}${stays === undefined ? '' : `, stays: ${stays}`}`];
    }
    case 'step':
      return [`step ${event.status} ${stepText(event)}`];
    case 'why':
      return [...event.lines];
    case 'cluster':
    case 'certificates':
      return [
        `${event.event === 'cluster' ? 'cluster' : 'certificates of'} ${event.cluster}`,
        ...event.table.split('\n').map((line) => `  ${line}`),
      ];
    case 'history':
      return event.table.split('\n');
    // Said in a conclusion.
    case 'drill':
      return [];
    case 'error':
      return formatError(event).concat(`  exit code: ${event.exitCode}`);
    case 'recap':
      return [
        ...Object.entries(event.hosts).map(
          ([host, counts]) =>
            `recap ${host}: ${Object.entries(counts)
              .map(([name, value]) => `${name}=${value}`)
              .join(' ')}`,
        ),
        `end exit code ${event.exitCode} after ${event.elapsedMs} ms`,
      ];
  }
}

function sureness({ certainty }: { readonly certainty: string }): string {
  return certainty === 'certain' ? '' : ` (${certainty})`;
}

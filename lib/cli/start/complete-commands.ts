import { writeCommandLines } from '../../command-line.ts';
import type { RunEvent } from '../../runner/events.ts';
import type { Options } from '../flags/options.ts';
import { lineOf, type Started, sameHosts } from './started.ts';

/** Writes the command lines in an event as this user would type them, about the same hosts. */
export function completeCommands(
  event: RunEvent,
  started: Started,
  options: Pick<Options, 'inventory' | 'user' | 'become' | 'askBecomePass'>,
): RunEvent {
  if (event.event !== 'error' && event.event !== 'log') return event;
  const write = (text: string) =>
    writeCommandLines(text, (playbook) => `${lineOf(started, playbook)}${sameHosts(options)}`);
  const message = write(event.message);
  if (event.event === 'log' || event.hint === undefined) return { ...event, message };
  return { ...event, message, hint: write(event.hint) };
}

import { quote } from '../dsl/sh.ts';
import type { RunEvent } from '../runner/events.ts';
import type { Options } from './options.ts';

/**
 * An error whose command lines of ours (`npx tsx playbooks/doctor.ts`) carry this run's inventory and login:
 * pasted as they are, they must be about the same hosts.
 */
export function completeCommands(
  event: RunEvent,
  options: Pick<Options, 'inventory' | 'user' | 'become' | 'askBecomePass'>,
): RunEvent {
  if (event.event !== 'error') return event;
  const flags = [
    ...options.inventory.map((file) => `-i ${word(file)}`),
    ...(options.user === undefined ? [] : [`-u ${word(options.user)}`]),
    ...(options.become ? ['-b'] : []),
    ...(options.askBecomePass ? ['-K'] : []),
  ].join(' ');
  if (flags === '') return event;
  const complete = (text: string) =>
    text.replaceAll(/npx tsx playbooks\/\w+\.ts/g, (line) => `${line} ${flags}`);
  return {
    ...event,
    message: complete(event.message),
    ...(event.hint !== undefined && { hint: complete(event.hint) }),
  };
}

function word(text: string): string {
  return /^[\w./:@+-]+$/.test(text) ? text : quote(text);
}

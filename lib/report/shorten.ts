import type { RunEvent } from '../runner/events.ts';

/** Characters of a line of a message or a hint; a screen of 25 lines has 2000. */
const MAX_LINE = 2000;

/** How many of those stay at the end, where a message says what was wanted. */
const TAIL = 500;

/**
 * Errors and warnings quote what hosts have, which may be a megabyte on one line: the middle of such a line is left out,
 * and how much. The same object where nothing is too long. Redact first: half a secret is not known as one.
 */
export function shortenEvent(event: RunEvent): RunEvent {
  if (event.event !== 'error' && !(event.event === 'log' && event.level === 'warning')) return event;
  const message = shorten(event.message);
  const hint = event.event === 'error' && event.hint !== undefined ? shorten(event.hint) : undefined;
  if (message === event.message && (event.event === 'log' || hint === event.hint)) return event;
  return { ...event, message, ...(hint !== undefined && { hint }) };
}

function shorten(text: string): string {
  return text.length <= MAX_LINE ? text : text.split('\n').map(shortLine).join('\n');
}

function shortLine(line: string): string {
  if (line.length <= MAX_LINE) return line;
  // No half of a pair of surrogates.
  const head = line.slice(0, MAX_LINE - TAIL).replace(/[\ud800-\udbff]$/, '');
  const tail = line.slice(-TAIL).replace(/^[\udc00-\udfff]/, '');
  return `${head}… (${line.length - head.length - tail.length} characters left out) …${tail}`;
}

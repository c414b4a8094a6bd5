import { SECRET } from '../dsl/path.ts';
import { redact } from '../dsl/secret.ts';
import type { Change } from '../dsl/task.ts';
import type { Progress, RunEvent } from '../runner/events.ts';
import { shortenEvent } from './shorten.ts';

/**
 * The event with every string redacted, and with what is too long for a screen left out of errors and warnings; the same
 * object when there was nothing to do.
 */
export function redactEvent(event: RunEvent): RunEvent {
  // Thousands of secrets may be known: one look at all strings at once, the walk only when one is there.
  const all = strings(event).join('\n');
  return shortenEvent(
    redact(all) === all ? event : (mapStrings(withoutOldSecrets(event), redact) as RunEvent),
  );
}

/** What a secret takes the place of may be an older one, which is known to nobody here: it is not shown. */
export function withoutOldSecret<Some extends Pick<Change, 'before' | 'after'>>(change: Some): Some {
  const { before, after } = change;
  if (before === null || after === null || redact(after) === after) return change;
  return { ...change, before: SECRET };
}

function withoutOldSecrets(event: RunEvent): RunEvent {
  if (event.event !== 'task' && event.event !== 'why') return event;
  return { ...event, changes: event.changes.map(withoutOldSecret) };
}

/** The same for a progress line; it is redacted before it can be cut to the width of a screen. */
export function redactProgress(progress: Progress): Progress {
  const { doing } = progress;
  return doing === undefined ? progress : { ...progress, doing: redact(doing) };
}

function strings(value: unknown): string[] {
  if (typeof value === 'string') return [value];
  return typeof value === 'object' && value !== null ? Object.values(value).flatMap(strings) : [];
}

function mapStrings(value: unknown, map: (text: string) => string): unknown {
  if (typeof value === 'string') return map(value);
  if (Array.isArray(value)) return value.map((item) => mapStrings(item, map));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, mapStrings(item, map)]));
}

import type { EventSink, RunEvent } from '../../../lib/runner/events.ts';

/** Keeps events for a test to look at. */
export function recorder(): EventSink & { readonly events: RunEvent[] } {
  const events: RunEvent[] = [];
  return { events, emit: (event) => events.push(event), progress: () => {} };
}

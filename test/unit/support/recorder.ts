import type { EventSink, Progress, RunEvent } from '../../../lib/runner/events.ts';

/** Keeps what it is told for a test to look at. */
export function recorder(): EventSink & { readonly events: RunEvent[]; readonly steps: Progress[] } {
  const events: RunEvent[] = [];
  const steps: Progress[] = [];
  return { events, steps, emit: (event) => events.push(event), progress: (step) => steps.push(step) };
}

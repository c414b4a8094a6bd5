import type { RecordedRun } from '../../../lib/report/record/read-runs.ts';
import type { RunEvent } from '../../../lib/runner/events.ts';

/** Events as a record has them, 100 ms apart. */
export function recordedRun(events: readonly RunEvent[], id = '20261127T130000Z-1a2b3c'): RecordedRun {
  const begin = Date.parse('2026-11-27T13:00:00.000Z');
  return {
    id,
    events: events.map((event, i) => ({
      ...event,
      time: new Date(begin + 100 * i).toISOString(),
      runId: id,
    })),
  };
}

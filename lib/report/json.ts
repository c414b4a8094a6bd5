import { RUN_ID } from '../run-id.ts';
import type { RunEvent } from '../runner/events.ts';
import { isWanted } from './levels.ts';
import type { Renderer } from './renderer.ts';
import type { Settings } from './settings.ts';
import { escapeJson } from './text.ts';

/** One JSON object a line, and nothing else on stdout; the recap is the last. */
export function createJson({ stdout, verbosity }: Settings): Renderer {
  return {
    emit(event) {
      if (event.event === 'log' && !isWanted(event.level, verbosity)) return;
      const { event: name, ...fields } = contract(event);
      const line = JSON.stringify({ event: name, time: new Date().toISOString(), runId: RUN_ID, ...fields });
      stdout.write(`${escapeJson(line)}\n`);
    },
    progress() {},
    async close() {},
  };
}

/** Changes have exactly six fields, whole texts stay inside; a cluster is data, not a table. */
function contract(event: RunEvent): { readonly event: string } {
  if (event.event === 'cluster') {
    const { table: _, ...data } = event;
    return data;
  }
  if (event.event !== 'task') return event;
  const changes = event.changes.map(({ resource, kind, property, before, after, certainty }) => ({
    resource,
    kind,
    property,
    before,
    after,
    certainty,
  }));
  return { ...event, changes } as RunEvent;
}

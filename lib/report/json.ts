import { runId } from '../dsl/run-id.ts';
import { redact } from '../dsl/secret.ts';
import type { RunEvent } from '../runner/events.ts';
import { LineReader } from '../runner/lines.ts';
import { isWanted } from './levels.ts';
import type { Renderer } from './renderer.ts';
import type { Settings } from './settings.ts';
import { escapeJson } from './text.ts';

/** One JSON object a line, and nothing else on stdout; the recap is the last. */
export function createJson({ stdout, verbosity }: Settings): Renderer {
  const readers = new Map<string, LineReader>();
  const tell = (event: Said) =>
    stdout.write(lineFor(event, { time: new Date().toISOString(), runId: runId() }));
  return {
    emit(event) {
      // What was printed without a newline at its end comes before the last word.
      if (event.event === 'recap') for (const reader of readers.values()) reader.end();
      if (event.event !== 'log' || isWanted(event.level, verbosity)) tell(contract(event));
    },
    progress() {},
    print({ host, task, to, chunk }) {
      const key = `${host} ${to}`;
      const said = (line: string) => tell(lineOf(host, task, line));
      const reader = readers.get(key) ?? new LineReader(said);
      readers.set(key, reader);
      reader.push(chunk);
    },
    async close() {},
  };
}

/** The line of an event; a record knows its own time and run. */
export function jsonLine(event: RunEvent, of: { readonly time: string; readonly runId: string }): string {
  return lineFor(contract(event), of);
}

interface Said {
  readonly event: string;
}

function lineFor(
  { event, ...fields }: Said,
  { time, runId: run }: { readonly time: string; readonly runId: string },
): string {
  return `${escapeJson(JSON.stringify(Object.assign({ event, time, runId: run }, fields)))}\n`;
}

function lineOf(host: string, task: string, line: string) {
  return { event: 'output', host, task, line: redact(line) };
}

/** Changes have exactly six fields, whole texts stay inside; what has lines for people is data here. */
function contract(event: RunEvent): Said {
  if (event.event === 'cluster' || event.event === 'certificates' || event.event === 'history') {
    const { table: _, ...data } = event;
    return data;
  }
  if (event.event !== 'task' && event.event !== 'why') return event;
  const changes = event.changes.map(({ resource, kind, property, before, after, certainty }) => ({
    resource,
    kind,
    property,
    before,
    after,
    certainty,
  }));
  if (event.event === 'task') return { ...event, changes } as RunEvent;
  const { lines: _, ...why } = event;
  const shown = { ...why, changes };
  return shown;
}

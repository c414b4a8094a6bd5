import { runId } from '../dsl/common/run-id.ts';
import { redact } from '../dsl/secret.ts';
import type { Change } from '../dsl/task.ts';
import type { RunEvent } from '../runner/events.ts';
import { LineReader } from '../runner/exchange/lines.ts';
import { isWanted } from './levels.ts';
import { createRecorder, type Recorded } from './record/recorder.ts';
import type { Renderer } from './renderer.ts';
import type { Settings } from './settings.ts';
import { escapeJson } from './text.ts';

/** One JSON object a line, and nothing else on stdout; the recap is the last. With `diff`, how texts differ as well. */
export function createJson({ stdout, verbosity, diff }: Settings): Renderer {
  const readers = new Map<string, LineReader>();
  const write = (record: Recorded) => stdout.write(jsonLine(record, { diff }));
  const broken = (error: Error) => {
    throw error;
  };
  // Comparing takes time, and events stay in order.
  const recorder = diff ? createRecorder((records) => records.forEach(write), verbosity, broken) : undefined;
  const tell = (event: RunEvent) => {
    if (recorder) recorder.emit(event);
    else write({ ...event, time: new Date().toISOString(), runId: runId() });
  };
  return {
    emit(event) {
      // What was printed without a newline at its end comes before the last word.
      if (event.event === 'recap') for (const reader of readers.values()) reader.end();
      if (event.event !== 'log' || isWanted(event.level, verbosity)) tell(event);
    },
    progress() {},
    print({ host, task, to, chunk }) {
      const key = `${host} ${to}`;
      const said = (line: string) => tell({ event: 'output', host, task, line: redact(line) });
      const reader = readers.get(key) ?? new LineReader(said);
      readers.set(key, reader);
      reader.push(chunk);
    },
    async close() {
      await recorder?.close();
    },
  };
}

/** The line of an event, with its own time and run; with `diff`, changes say how texts differ. */
export function jsonLine(record: Recorded, { diff }: { readonly diff: boolean }): string {
  const { event, time, runId: run, ...fields } = contract(record, diff);
  return `${escapeJson(JSON.stringify({ event, time, runId: run, ...fields }))}\n`;
}

type Said = Pick<Recorded, 'event' | 'time' | 'runId'>;

/** Changes have six fields and perhaps their diff, whole texts stay inside; what has lines for people is data here. */
function contract(event: Recorded, withDiff: boolean): Said {
  if (event.event === 'cluster' || event.event === 'certificates' || event.event === 'history') {
    const { table: _, ...data } = event;
    return data;
  }
  if (event.event !== 'task' && event.event !== 'why') return event;
  const changes = event.changes.map((change) => shown(change, withDiff));
  if (event.event === 'task') return { ...event, changes } as Recorded;
  const { lines: _, ...why } = event;
  return { ...why, changes } as Said;
}

function shown({ resource, kind, property, before, after, certainty, diff }: Change, withDiff: boolean) {
  return { resource, kind, property, before, after, certainty, ...(withDiff && diff && { diff }) };
}

import { runId } from '../../dsl/common/run-id.ts';
import type { Change } from '../../dsl/task.ts';
import type { RunEvent } from '../../runner/events.ts';
import { maskText } from '../../secret-texts.ts';
import { type Differ, loadDiffer } from '../diff/diff.ts';
import { isWanted } from '../levels.ts';

/** An event as records keep it: with time and run, and how texts differ in place of the texts. */
export type Recorded = RunEvent & { readonly time: string; readonly runId: string };

export interface Recorder {
  emit(event: RunEvent): void;
  /** Resolves when all is handed over. */
  close(): Promise<void>;
}

/** Time limit for one diff, in ms: the run goes on meanwhile. */
const BRIEF = 100;

/**
 * Turns redacted events into records, in order, and hands them over in bundles: what is said in one go is one write.
 * Diffs are made here, where both texts are known; whole texts are not kept. An error ends the record, and never the run:
 * `failed` hears of it once.
 */
export function createRecorder(
  take: (records: readonly Recorded[]) => void,
  verbosity: number,
  failed: (error: Error) => void,
): Recorder {
  const run = runId();
  let waiting: Recorded[] = [];
  let working: Promise<void> | undefined;
  let differ: Differ | undefined;
  let isBroken = false;
  const work = async () => {
    // Whatever is said in this turn of the loop comes along.
    await undefined;
    while (waiting.length > 0) {
      if (differ === undefined && waiting.some(hasTexts)) differ = await loadDiffer(BRIEF);
      const bundle = waiting;
      waiting = [];
      take(bundle.map((one) => withoutTexts(one, differ)));
    }
    working = undefined;
  };
  const giveUp = (error: Error) => {
    isBroken = true;
    waiting = [];
    failed(error);
  };
  return {
    emit(event) {
      if (isBroken || (event.event === 'log' && !isWanted(event.level, verbosity))) return;
      waiting.push({ ...event, time: new Date().toISOString(), runId: run });
      working ??= work().catch(giveUp);
    },
    async close() {
      await working;
    },
  };
}

function hasTexts(event: RunEvent): boolean {
  return event.event === 'task' && event.changes.some(({ text, kind }) => text && kind !== 'run');
}

function withoutTexts(record: Recorded, differ: Differ | undefined): Recorded {
  if (record.event !== 'task' || !record.changes.some(({ text }) => text)) return record;
  return { ...record, changes: record.changes.map((change) => compared(change, differ)) };
}

/** The script of a command stays: it is what was run. */
function compared({ text, ...change }: Change, differ: Differ | undefined): Change {
  if (text === undefined) return change;
  if (change.kind === 'run') return { ...change, text: { before: '', after: maskText(text.after) } };
  return differ === undefined ? change : { ...change, diff: differ(text.before, text.after) };
}

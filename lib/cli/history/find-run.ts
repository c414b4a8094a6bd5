import { EXIT, QuorateError } from '../../errors.ts';
import type { RecordedRun } from '../../report/record/read-runs.ts';
import { readRecord } from './past-runs.ts';
import { recordsIn } from './records.ts';

/** The recorded run that a word means: `last`, `last~1`, its ID, or a begin or an end of it that no other has. Else 1. */
export async function findRun(
  folder: string,
  word: string,
): Promise<{ readonly run: RecordedRun; readonly damaged: number }> {
  const unread = ({ message }: Error) => {
    throw usage(`the records in ${folder} cannot be read: ${message}`);
  };
  const records = await recordsIn(folder).catch(unread);
  const id = idOf(word, [...records.keys()].sort().reverse(), folder);
  const { run, damaged } = await readRecord(records.get(id) as string, id).catch(unread);
  if (run === undefined) throw usage(`the record of run ${id} has no event that can be read`);
  return { run, damaged };
}

function idOf(word: string, ids: readonly string[], folder: string): string {
  if (ids.length === 0) throw usage(`no run is recorded in ${folder}`);
  const [, back] = /^last(?:~(\d+))?$/.exec(word) ?? [word, null];
  if (back !== null) {
    const id = ids[Number(back ?? 0)];
    if (id !== undefined) return id;
    throw usage(`${word} is before the first of ${ids.length} recorded runs`);
  }
  if (word === '') throw usage('no run is named');
  const found = ids.filter((id) => id.startsWith(word) || id.endsWith(word));
  const [first] = found;
  if (found.length === 1 && first !== undefined) return first;
  if (found.length === 0) throw usage(`no recorded run is called ${word}`);
  throw usage(
    `${word} may be ${found.length} runs: ${found.slice(0, 4).join(', ')}${found.length > 4 ? ', …' : ''}`,
  );
}

function usage(message: string): QuorateError {
  return new QuorateError(message, {
    exitCode: EXIT.usage,
    hint: 'history without --replay lists runs; last is the newest',
  });
}

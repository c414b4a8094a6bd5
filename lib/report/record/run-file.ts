import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from 'node:fs';
import { readdir, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { runId } from '../../dsl/common/run-id.ts';
import { escapeJson } from '../text.ts';
import type { Recorded } from './recorder.ts';

export interface RunFile {
  append(records: readonly Recorded[]): void;
  /** Closes it, and takes away the oldest of those that are too many. */
  close(): Promise<void>;
}

/** As many runs are kept, and as many bytes of them. */
const KEPT = { runs: 200, bytes: 512 * 1024 * 1024 };
/** From this many bytes on, what commands print is left out. */
const CHATTY = 32 * 1024 * 1024;

const NAME = /^(\d{8}T\d{6}Z-[0-9a-f]{6})\.jsonl$/;

/**
 * `<run ID>.jsonl` in a folder of runs (0600, and ignored by git): a line of JSON for each event, written as it comes, so
 * that the record of a killed run has all until then. What cannot be written is told of once, and the run goes on.
 */
export function createRunFile(folder: string, notice: (message: string) => void): RunFile {
  let descriptor: number | undefined;
  let written = 0;
  const attempt = (work: () => void) => {
    try {
      work();
    } catch (error) {
      descriptor = undefined;
      notice(`this run leaves no record in ${folder}: ${(error as Error).message}`);
    }
  };
  attempt(() => {
    if (mkdirSync(folder, { recursive: true, mode: 0o700 }) !== undefined)
      writeFileSync(join(folder, '.gitignore'), '*\n', { mode: 0o600 });
    // Not one that is there: in a folder of many it may be anybody's.
    descriptor = openSync(join(folder, `${runId()}.jsonl`), 'ax', 0o600);
  });
  return {
    append(records) {
      if (descriptor === undefined) return;
      attempt(() => {
        const kept = written < CHATTY ? records : records.filter(({ event }) => event !== 'output');
        const text = escapeJson(kept.map(lineOf).join(''));
        written += text.length;
        if (text !== '') writeSync(descriptor as number, text);
      });
    },
    async close() {
      if (descriptor === undefined) return;
      attempt(() => closeSync(descriptor as number));
      descriptor = undefined;
      await thin(folder, runId()).catch(() => {});
    },
  };
}

/** IDs of the runs that have a record, the newest first; none where there is no folder. */
export async function recordedRuns(folder: string): Promise<readonly string[]> {
  const names = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === 'ENOENT') return [];
    throw error;
  });
  return names
    .flatMap((name) => NAME.exec(name)?.[1] ?? [])
    .sort()
    .reverse();
}

/** Its file. */
export function recordOf(folder: string, id: string): string {
  return join(folder, `${id}.jsonl`);
}

/** Takes away the oldest, but never that of the run `own`: by the clock of another machine it may be the oldest. */
export async function thin(folder: string, own: string, { runs, bytes } = KEPT): Promise<void> {
  let sum = 0;
  const sizes = (await recordedRuns(folder)).map(async (id) => {
    const path = recordOf(folder, id);
    const size = await stat(path).then(
      (found) => found.size,
      () => 0,
    );
    return { id, path, size };
  });
  const found = await Promise.all(sizes);
  const tooMany = found.filter(({ id, size }, i) => {
    sum += size;
    return id !== own && (i >= runs || sum > bytes);
  });
  await Promise.all(tooMany.map(({ path }) => rm(path, { force: true })));
}

function lineOf({ event, time, runId: run, ...fields }: Recorded): string {
  return `${JSON.stringify({ event, time, runId: run, ...fields })}\n`;
}

import { extname } from 'node:path';
import { EXIT, QuorateError } from '../errors.ts';
import { checkWritable, writeWhole } from '../files.ts';
import type { RecordedRun } from './record/read-runs.ts';

type Form = 'html' | 'xml';

/** Refuses what could not be written in the end (1): before any host is contacted. */
export function checkReports(paths: readonly string[]): void {
  for (const path of paths) {
    formOf(path);
    checkWritable('report', path);
  }
}

/** Writes a report of runs in the form that the file's ending says; it is there whole, or as it was before. */
export async function writeReport(path: string, runs: readonly RecordedRun[]): Promise<void> {
  const text =
    formOf(path) === 'html'
      ? await (await import('./page/page.ts')).page(runs)
      : (await import('./junit.ts')).junit(runs);
  // What hosts have said is its owner's business alone.
  await writeWhole(checkWritable('report', path), text, { mode: 0o600 });
}

function formOf(path: string): Form {
  const ending = extname(path).toLowerCase();
  if (ending === '.html' || ending === '.xml') return ending === '.html' ? 'html' : 'xml';
  throw new QuorateError(`a report is a page, .html, or JUnit, .xml; ${path} is neither`, {
    exitCode: EXIT.usage,
  });
}

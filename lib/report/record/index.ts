import { runId } from '../../dsl/common/run-id.ts';
import { createRecorder, type Recorded, type Recorder } from './recorder.ts';
import { createRunFile, type RunFile } from './run-file.ts';

/** What is to be kept of a run. */
export interface Keeping {
  /** Where it leaves its record. */
  readonly runsFolder?: string;
  /** What is made of it in the end: pages, and JUnit. */
  readonly reports?: readonly string[];
  readonly verbosity: number;
}

export interface Keeper extends Recorder {
  /** Writes the reports. Call it when the last event is out; tells of those that cannot be written. */
  close(): Promise<void>;
}

/** Keeps the events of a run where that is asked for; undefined where nothing is. */
export function createKeeper(
  { runsFolder, reports = [], verbosity }: Keeping,
  notice: (message: string) => void,
  tooLate: (message: string) => void,
): Keeper | undefined {
  if (runsFolder === undefined && reports.length === 0) return undefined;
  const id = runId();
  const events: Recorded[] = [];
  let file: RunFile | undefined;
  const recorder = createRecorder(
    (records) => {
      file?.append(records);
      // One by one: more arguments than a call may have can be said in one go.
      if (reports.length > 0) for (const record of records) events.push(record);
    },
    verbosity,
    ({ message }) => notice(`the record of this run ends here: ${message}`),
  );
  return {
    emit(event) {
      // Opened here, so that a notice comes before what it is about.
      if (runsFolder !== undefined) file ??= createRunFile(runsFolder, notice);
      recorder.emit(event);
    },
    async close() {
      await recorder.close();
      await file?.close();
      if (reports.length === 0) return;
      const { writeReport } = await import('../write-report.ts');
      for (const path of reports)
        await writeReport(path, [{ id, events }]).catch((error: Error) =>
          tooLate(`the report ${path} could not be written: ${error.message}`),
        );
    },
  };
}

import { createRecorder, type Recorder } from './recorder.ts';
import { createRunFile, type RunFile } from './run-file.ts';

/** What is to be kept of a run. */
export interface Keeping {
  readonly runsFolder?: string;
  readonly verbosity: number;
}

/** Keeps the events of a run where that is asked for; undefined where nothing is. */
export function createRecord(
  { runsFolder, verbosity }: Keeping,
  notice: (message: string) => void,
): Recorder | undefined {
  if (runsFolder === undefined) return undefined;
  let file: RunFile | undefined;
  const recorder = createRecorder((records) => file?.append(records), verbosity);
  return {
    emit(event) {
      // Opened here, so that a notice comes before what it is about.
      file ??= createRunFile(runsFolder, notice);
      recorder.emit(event);
    },
    async close() {
      await recorder.close();
      await file?.close();
    },
  };
}

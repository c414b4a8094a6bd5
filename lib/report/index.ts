import type { EventSink, RunEvent } from '../runner/events.ts';
import { colorsFor } from './colors.ts';
import { createJson } from './json.ts';
import { createErrorsOnly } from './lines/errors-only.ts';
import { createPlain } from './lines/plain.ts';
import { createPretty } from './lines/pretty.ts';
import { createLogFile } from './log-file.ts';
import { createKeeper } from './record/index.ts';
import { redactEvent, redactProgress } from './redact-event.ts';
import type { Renderer } from './renderer.ts';
import { createOutput, type OutputStream } from './stream.ts';
import { escapeControls } from './text.ts';

export interface ReportOptions {
  readonly output: 'pretty' | 'plain' | 'json' | 'errors';
  /** Shows how texts change, as unified diffs. */
  readonly diff: boolean;
  readonly check: boolean;
  /** 1: also ok tasks and what commands print; 2: also debug lines. */
  readonly verbosity: number;
  /** What commands print is what the run is for. */
  readonly tellsOutput?: boolean;
  /** Everything is appended here, whatever the verbosity. */
  readonly logFile?: string;
  /** The folder where this run leaves its record. */
  readonly runsFolder?: string;
  /** Files that are made of the run in the end: pages, and JUnit. */
  readonly reports?: readonly string[];
  readonly stdout?: OutputStream;
  readonly stderr?: OutputStream;
  /** Where the colour conventions (NO_COLOR, FORCE_COLOR, TERM) are read from; `process.env`. */
  readonly env?: Readonly<Record<string, string | undefined>>;
}

export interface Report extends EventSink {
  /** Prints what comes last and waits until all is written; a reader that has gone away is not an error. */
  close(): Promise<void>;
  /** Leaves the terminal to `work` (a question to the user); several wait for one another. */
  suspend<T>(work: () => Promise<T>): Promise<T>;
}

/** Turns the events of a run into what is asked for; all of it is redacted here, before any renderer, but bytes of `print`, which are the program's own. */
export function createReport(options: ReportOptions): Report {
  const stdout = createOutput(options.stdout ?? process.stdout);
  const stderr = createOutput(options.stderr ?? process.stderr);
  const env = options.env ?? process.env;
  const colors = colorsFor(stdout, options.output === 'errors' ? 'plain' : options.output, env);
  const settings = { ...options, stdout, stderr, env, colors };
  const create = { json: createJson, plain: createPlain, pretty: createPretty, errors: createErrorsOnly }[
    options.output
  ];
  const renderer: Renderer = create(settings);
  const log =
    options.logFile === undefined
      ? undefined
      : createLogFile(options.logFile, (message) =>
          renderer.emit({ event: 'log', level: 'warning', message }),
        );
  const keeper = createKeeper(
    options,
    (message) => renderer.emit({ event: 'log', level: 'info', message }),
    (message) => stderr.write(`warning: ${escapeControls(message)}\n`),
  );
  let turn: Promise<unknown> = Promise.resolve();
  return {
    emit(event: RunEvent) {
      const clean = redactEvent(event);
      log?.emit(clean);
      keeper?.emit(clean);
      renderer.emit(clean);
    },
    progress(progress) {
      renderer.progress(redactProgress(progress));
    },
    print: (printed) => renderer.print?.(printed),
    suspend(work) {
      const next = turn.then(() => (renderer.suspend ? renderer.suspend(work) : work()));
      turn = next.catch(() => {});
      return next;
    },
    async close() {
      log?.close();
      await renderer.close();
      await keeper?.close();
      await Promise.all([stdout.flush(), stderr.flush()]);
    },
  };
}

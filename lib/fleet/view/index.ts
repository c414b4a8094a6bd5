import { redact } from '../../dsl/secret.ts';
import { createOutput } from '../../report/stream.ts';
import { escapeControls, escapeJson } from '../../report/text.ts';
import type { FleetEvent, FleetView } from '../events.ts';
import { lineTeller } from './lines.ts';
import type { ViewOptions } from './options.ts';

/** Turns the events of a fleet into what is asked for. */
export async function createView(options: ViewOptions): Promise<FleetView> {
  if (options.output === 'json') return jsonView(options);
  if (options.output === 'plain') return plainView(options);
  return (await import('./pretty.ts')).prettyView(options);
}

/** One JSON object a line; those of the jobs' own runs come whole when a job has ended. */
function jsonView({ run, stdout = process.stdout }: ViewOptions): FleetView {
  const output = createOutput(stdout);
  return {
    emit: (event) => output.write(eventLine(run, event)),
    lines: (lines) => output.write(lines.map((line) => `${line}\n`).join('')),
    close: () => output.flush(),
  };
}

function eventLine(run: string, { event, ...fields }: FleetEvent | { readonly event: string }): string {
  // What reads the last line of a run finds there what it knows.
  const known = event === 'recap' ? { hosts: {} } : {};
  const line = { event, time: new Date().toISOString(), runId: run, ...known, ...fields };
  return `${escapeJson(redact(JSON.stringify(line)))}\n`;
}

function plainView({ run, stdout = process.stdout, stderr = process.stderr }: ViewOptions): FleetView {
  const output = createOutput(stdout);
  const errors = createOutput(stderr);
  const print = (lines: readonly string[], to = output) =>
    to.write(lines.map((line) => `${escapeControls(redact(line))}\n`).join(''));
  const linesOf = lineTeller(run);
  return {
    emit: (event) =>
      print(linesOf(event), event.event === 'log' && event.level === 'warning' ? errors : output),
    async close() {
      await Promise.all([output.flush(), errors.flush()]);
    },
  };
}

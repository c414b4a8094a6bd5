import { redact } from '../../dsl/secret.ts';
import { type Colors, colorsFor } from '../../report/colors.ts';
import { Screen } from '../../report/live/screen.ts';
import { openTerminal } from '../../report/live/terminal.ts';
import { createOutput } from '../../report/stream.ts';
import { displayWidth, escapeControls, truncate } from '../../report/text.ts';
import type { FleetView } from '../events.ts';
import type { JobStatus } from '../outcome.ts';
import { type JobEvent, jobLineText, lineTeller } from './lines.ts';
import type { ViewOptions } from './options.ts';

/** Time between two frames, ms. */
const PACE = 200;

/** For a person at a terminal: a live line a cluster while the fleet runs, what went wrong above it, then the recap. */
export async function prettyView({
  run,
  stdout = process.stdout,
  stderr = process.stderr,
}: ViewOptions): Promise<FleetView> {
  const output = createOutput(stdout);
  const colors = colorsFor(output, 'pretty', process.env);
  const linesOf = lineTeller(run);
  const jobs = new Map<string, JobEvent>();
  const screen = new Screen(stdout);
  const staying: string[] = [];
  const canRedraw = output.isTTY && process.env.TERM !== 'dumb';
  const draw = (block: readonly string[]) => {
    const held = terminal?.heldBack().trim() ?? '';
    const lines = [...(held === '' ? [] : held.split('\n')), ...staying.splice(0)];
    terminal?.write(
      screen.draw(
        lines.map((line) => escapeControls(redact(line))),
        block,
      ),
    );
  };
  const terminal = canRedraw
    ? await openTerminal(
        stdout,
        stderr,
        () => draw(fleetFrame([...jobs.values()], stdout, terminal?.spinner() ?? '', colors)),
        PACE,
      )
    : undefined;
  let last: readonly string[] = [];
  return {
    emit(event) {
      if (event.event === 'job') jobs.set(event.cluster, event);
      if (event.event === 'recap') last = linesOf(event);
      else if (event.event !== 'job' || STAYING.includes(event.status)) staying.push(...linesOf(event));
      if (!terminal) for (const line of staying.splice(0)) output.write(`${escapeControls(redact(line))}\n`);
    },
    async close() {
      if (terminal) draw([]);
      await terminal?.close();
      for (const line of last) output.write(`${painted(escapeControls(redact(line)), colors)}\n`);
      await output.flush();
    },
  };
}

/** What is not to scroll away. */
const STAYING: readonly JobStatus[] = ['failed', 'retrying'];

const PLACE: readonly JobStatus[] = [
  'running',
  'retrying',
  'failed',
  'drift',
  'cancelled',
  'skipped',
  'done',
  'waiting',
];

/** The live part: a line a cluster, those under way first; what does not fit is counted. */
export function fleetFrame(
  jobs: readonly JobEvent[],
  { columns = 80, rows = 24 }: { readonly columns?: number; readonly rows?: number },
  spinner: string,
  colors: Colors,
): readonly string[] {
  const sorted = [...jobs].sort((a, b) => PLACE.indexOf(a.status) - PLACE.indexOf(b.status));
  const room = Math.max(0, rows - 4);
  const shown = sorted.slice(0, sorted.length > room ? room - 1 : room);
  const width = Math.max(0, ...shown.map(({ cluster }) => displayWidth(cluster)));
  const rest = sorted.slice(shown.length);
  const more = PLACE.flatMap((status) => {
    const number = rest.filter((job) => job.status === status).length;
    return number === 0 ? [] : [`${number} ${status}`];
  });
  const lines = shown.map((job) => {
    const mark = job.status === 'running' ? spinner : ' ';
    return painted(
      truncate(`${mark} ${escapeControls(redact(jobLineText(job, width)))}`, columns - 1),
      colors,
    );
  });
  return [
    ...lines,
    ...(more.length > 0 ? [colors.dim(truncate(`  and ${more.join(', ')}`, columns - 1))] : []),
  ];
}

function painted(line: string, colors: Colors): string {
  const [, status = ''] = /^\W*(\w+)/.exec(line) ?? [];
  if (status === 'done') return colors.green(line);
  if (status === 'failed') return colors.red(line);
  if (['drift', 'retrying', 'changes'].includes(status)) return colors.yellow(line);
  return ['waiting', 'skipped'].includes(status) ? colors.dim(line) : line;
}

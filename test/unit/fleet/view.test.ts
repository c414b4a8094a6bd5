import { describe, expect, it } from 'vitest';
import type { FleetEvent } from '../../../lib/fleet/events.ts';
import { createView } from '../../../lib/fleet/view/index.ts';
import { fleetFrame } from '../../../lib/fleet/view/pretty.ts';
import { colorsFor } from '../../../lib/report/colors.ts';
import { createOutput } from '../../../lib/report/stream.ts';
import { FakeStream } from '../report/streams.ts';
import { FakeTerminal } from '../report/terminal.ts';

type JobEvent = Extract<FleetEvent, { event: 'job' }>;
const job = (cluster: string, status: JobEvent['status'], more: Partial<JobEvent> = {}): JobEvent => ({
  event: 'job',
  ...{ cluster, wave: 1, status },
  ...more,
});
const START: FleetEvent = {
  event: 'fleet',
  playbook: 'site',
  clusters: ['c1', 'c2', 'c3'],
  waves: [1, 2],
  check: true,
  ...{ who: 'lena', from: 'laptop' },
};
const RECAP: FleetEvent = {
  event: 'recap',
  check: true,
  clusters: {
    c1: { wave: 1, status: 'done' },
    c2: { wave: 2, status: 'drift', changed: 1, elapsedMs: 900 },
    c3: {
      wave: 2,
      status: 'failed',
      exitCode: 7,
      reason: 'c3-a: \x1b[2Junhealthy',
      worker: 'w1',
      jobRunId: 'r1',
    },
  },
  elapsedMs: 2100,
  exitCode: 2,
};

describe('the view of a fleet', () => {
  it('is lines, in a pipe', async () => {
    const stdout = new FakeStream();
    const view = await createView({ output: 'plain', run: 'R', stdout, stderr: stdout });
    view.emit(START);
    view.emit({ event: 'wave', wave: 1, of: 2, clusters: ['c1'] });
    view.emit(job('c1', 'waiting'));
    view.emit(job('c1', 'running', { worker: 'w1' }));
    view.emit(job('c1', 'done', { changed: 2, elapsedMs: 1200 }));
    view.emit(RECAP);
    await view.close();
    expect(stdout.text).toBe(`fleet R: site on 3 clusters, in waves of 1, 2 (check)
wave 1 of 2: c1
running   c1  on w1
done      c1  2 changed, 1.2 s

drift     c2  1 change pending, 900 ms
failed    c3  exit code 7 (verification failed): c3-a: \\x1b[2Junhealthy, on w1, run r1

failed — 3 clusters, 1 done, 1 drift, 1 failed, 2.1 s, nothing was changed
`);
  });

  it('is events, as JSON, with the lines of jobs between them', async () => {
    const stdout = new FakeStream();
    const view = await createView({ output: 'json', run: 'R', stdout });
    view.emit(job('c1', 'running'));
    view.lines?.(['{"event":"start"}']);
    view.emit(RECAP);
    await view.close();
    const events = stdout.text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events[0]).toMatchObject({ event: 'job', runId: 'R', cluster: 'c1', time: expect.any(String) });
    expect(events[1]).toEqual({ event: 'start' });
    expect(events[2]).toMatchObject({ event: 'recap', hosts: {}, exitCode: 2 });
  });

  it('has a line a cluster on a terminal, which goes when it has ended', async () => {
    const stdout = new FakeTerminal(80, 12);
    const view = await createView({ output: 'pretty', run: 'R', stdout, stderr: stdout });
    view.emit(START);
    view.emit(job('c1', 'running', { worker: 'w1' }));
    view.emit(job('c2', 'waiting'));
    for (let i = 0; i < 100 && !stdout.screen.includes('waiting   c2'); i++)
      await new Promise((resolve) => setTimeout(resolve, 50));
    expect(stdout.screen).toMatch(
      /^fleet R: site on 3 clusters.*\n. running {3}c1 {2}on w1\n {2}waiting {3}c2$/,
    );
    view.emit(RECAP);
    await view.close();
    expect(stdout.screen).not.toContain('waiting');
    expect(stdout.screen).toMatch(/failed — 3 clusters, 1 done, 1 drift, 1 failed/);
    expect(stdout.cursorHidden).toBe(false);
  });

  it('shows those under way first, and counts what does not fit', () => {
    const jobs = [...Array(40).keys()].map((i) =>
      job(`c${i}`, i === 30 ? 'running' : i < 20 ? 'done' : 'waiting'),
    );
    const colors = colorsFor(createOutput(new FakeStream()), 'plain', {});
    const frame = fleetFrame(jobs, { columns: 40, rows: 9 }, '*', colors);
    expect(frame).toEqual([
      '* running   c30',
      '  done      c0',
      '  done      c1',
      '  done      c2',
      '  and 17 done, 19 waiting',
    ]);
  });
});

import { performance } from 'node:perf_hooks';
import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import { exchange } from '../../../lib/runner/exchange/exchange.ts';
import { FrameParser, MAX_OUTPUT } from '../../../lib/runner/exchange/frames.ts';
import { LineReader, MAX_LINE } from '../../../lib/runner/exchange/lines.ts';
import type { Fragment } from '../../../lib/runner/exchange/script.ts';
import type { Host, RunningScript } from '../../../lib/transport/host.ts';
import { connect } from '../../../lib/transport/index.ts';
import { beat } from '../../../lib/transport/launcher.ts';
import { connectionOf } from '../transport/support/connection.ts';

const MIB = 1024 * 1024;

/** Lines as they were told, of a stream in chunks as sshd sends them. */
function linesOf(text: string | Buffer, size = 32 * 1024): { line: string; isCut: boolean }[] {
  const bytes = Buffer.from(text);
  const lines: { line: string; isCut: boolean }[] = [];
  const reader = new LineReader((line, isCut) => lines.push({ line, isCut }));
  for (let at = 0; at < bytes.length; at += size) reader.push(bytes.subarray(at, at + size));
  reader.end();
  return lines;
}

describe('lines', () => {
  it.each([1, 2, 3, 7, 1000])('are whole, in chunks of %i bytes', (size) => {
    expect(linesOf('één\n\nzwei\nletzte', size).map(({ line }) => line)).toEqual([
      'één',
      '',
      'zwei',
      'letzte',
    ]);
  });

  it('are told up to their limit, and cut beyond it', () => {
    const [whole, cut, next] = linesOf(`${'a'.repeat(MAX_LINE)}\n${'b'.repeat(3 * MAX_LINE)}\nc\n`);
    expect([whole?.isCut, whole?.line.length]).toEqual([false, MAX_LINE]);
    expect([cut?.isCut, cut?.line.slice(-30)]).toEqual([
      true,
      `${'b'.repeat(1)}… (the rest of the line is cut)`.slice(-30),
    ]);
    expect(cut?.line.length).toBeLessThan(MAX_LINE);
    expect(next).toEqual({ line: 'c', isCut: false });
  });

  it('are cut where no secret is seen as its half', () => {
    const secret = new Secret('vogel-im-kaefig').reveal();
    const [cut] = linesOf(`${'x'.repeat(MAX_LINE - 8)}${secret}${'y'.repeat(MAX_LINE)}\n`);
    expect(cut?.line).not.toContain('vogel');
  });

  it('take time and memory by their length, also without a newline in 64 MiB', () => {
    const chunk = Buffer.alloc(32 * 1024, 'z');
    const reader = new LineReader(() => {});
    const started = performance.now();
    const before = process.memoryUsage().arrayBuffers;
    for (let i = 0; i < 2048; i++) reader.push(Buffer.from(chunk));
    expect(performance.now() - started).toBeLessThan(2000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(96 * MIB);
  });
});

it('the output of a fragment is kept up to its limit, and every line of it is told', () => {
  let told = 0;
  let kept = 0;
  let cut = false;
  const parser = new FrameParser('nonce', {
    line: () => {
      told += 1;
    },
    end: (_id, { out }, isCut) => {
      [kept, cut] = [out.length, isCut];
    },
  });
  parser.push(Buffer.from('\nnonce B one\n'));
  const line = Buffer.from(`${'x'.repeat(MIB - 1)}\n`);
  for (let i = 0; i < 20; i++) parser.push(line);
  parser.push(Buffer.from('\nnonce E 0\n'));
  expect([told, cut]).toEqual([20, true]);
  expect(kept).toBeLessThanOrEqual(MAX_OUTPUT);
});

/** A host whose scripts say nothing, and heed a kill. */
function silent(name = 'etcd02'): Host & { readonly killed: () => number } {
  let killed = 0;
  return {
    name,
    roundTrips: 0,
    killed: () => killed,
    run() {
      let end: (result: { code: null }) => void = () => {};
      const done = new Promise<{ code: null }>((resolve) => {
        end = resolve;
      });
      const kill = () => {
        killed += 1;
        end({ code: null });
      };
      return { done, stop() {}, kill };
    },
    async send() {},
    async close() {},
  };
}

const read = (text: ReturnType<typeof sh>, more: Partial<Fragment> = {}): Fragment => ({
  id: 'read',
  sh: text,
  critical: false,
  patience: 0.5,
  ...more,
});

describe('a host that does not answer', () => {
  it('fails with its name and what it was asked for, and is told to end', async () => {
    const host = silent();
    const failure = await exchange(host, [read(sh`:`)], { doing: 'reading facts' }).catch((error) => error);
    expect(failure).toMatchObject({
      exitCode: 4,
      host: 'etcd02',
      message: 'etcd02: no answer within 0.5 s while reading facts',
    });
    expect(host.killed()).toBe(1);
  });

  it.each<[what: string, fragments: readonly Fragment[]]>([
    ['what is only read', [read(sh`sleep 60 & wait`)]],
    // What is heard of the control machine runs in the same group.
    ['not with what waits for a beat', [read(sh`(${{ text: beat() }}; wait) & sleep 60`)]],
    [
      'the proof after an apply',
      [{ id: 'a', sh: sh`:`, critical: true }, read(sh`sleep 60; echo`, { id: 'p' })],
    ],
    ['an apply that is to say something soon', [read(sh`sleep 60`, { critical: true })]],
  ])('fails with the command that hangs: %s', async (_what, fragments) => {
    const host = await connect(connectionOf());
    const started = performance.now();
    const failure = await exchange(host, fragments, { doing: 'reading' }).catch((error) => error);
    expect(failure.message).toMatch(
      /: no answer within 0\.5 s while reading: it waits for sleep 60 \(pid \d+\)$/,
    );
    expect(failure.exitCode).toBe(4);
    expect(performance.now() - started).toBeLessThan(5000);
  });

  it('is not waited for where an apply takes its time, or has said what was wanted', async () => {
    const host = await connect(connectionOf());
    const slow = { id: 'a', sh: sh`sleep 1; echo done`, critical: true };
    const held = read(sh`echo held; echo more; sleep 1`, { id: 'b', critical: true });
    const { readings } = await exchange(host, [slow, held]);
    expect([readings.get('a')?.out, readings.get('b')?.out]).toEqual(['done', 'held\nmore']);
  });

  it.each<[what: string, fragments: readonly Partial<Fragment>[], seconds: number]>([
    ['a minute', [{}, {}], 60],
    ['a minute with one look that may hang', [{}, { lookSeconds: 55 }, {}], 60],
    [
      'longer with several, which do so one after the other',
      [{ lookSeconds: 55 }, {}, { lookSeconds: 30 }, { lookSeconds: 55 }],
      145,
    ],
    ['longer with two in one task', [{ lookSeconds: 110 }], 115],
    [
      'a minute after an apply for each of them',
      [{ lookSeconds: 55 }, { lookSeconds: 55 }, { critical: true }],
      60,
    ],
  ])('is given %s', async (_what, fragments, seconds) => {
    vi.useFakeTimers();
    const host = silent();
    const reads = fragments.map((one, i) => read(sh`:`, { id: `${i}`, patience: undefined, ...one }));
    const failure = exchange(host, reads).catch((error) => error);
    await vi.advanceTimersByTimeAsync(seconds * 1000 - 1);
    expect(host.killed()).toBe(0);
    await vi.advanceTimersByTimeAsync(10);
    vi.useRealTimers();
    expect((await failure).message).toBe(`etcd02: no answer within ${seconds} s`);
  });

  it('is given some seconds once somebody asks to end, where nothing is changed', async () => {
    const host = silent();
    const started = performance.now();
    const failure = await exchange(host, [read(sh`:`, { patience: 60 })], {
      started: (script: RunningScript) => script.stop(),
    }).catch((error) => error);
    expect(failure.exitCode).toBe(4);
    expect(performance.now() - started).toBeLessThan(8000);
  }, 10_000);
});

it.each([
  ['a line', sh`head -c 2000000 /dev/zero | tr '\0' x`],
  ['many lines', sh`yes 0123456789 | head -n 2000000`],
])('a host that prints too much fails with what it was asked for: %s', async (_what, text) => {
  const host = await connect(connectionOf());
  const fragments = [read(text, { patience: 20 })];
  const failure = await exchange(host, fragments, { doing: 'reading facts' }).catch((error) => error);
  expect(failure).toMatchObject({
    exitCode: 2,
    message: expect.stringMatching(/: printed too much while reading facts/),
  });
});

it('a command of a task may print a line of 50 MB: its beginning is told', async () => {
  const host = await connect(connectionOf());
  const lines: string[] = [];
  const apply = { id: 'a', sh: sh`head -c 50000000 /dev/zero | tr '\0' x; echo; echo end`, critical: true };
  const started = performance.now();
  const { outcome } = await exchange(host, [apply], { line: (_id, line) => lines.push(line) });
  expect([outcome, lines.length, lines[1]]).toEqual(['complete', 2, 'end']);
  expect(lines[0]?.length).toBeLessThan(MAX_LINE);
  expect(performance.now() - started).toBeLessThan(10_000);
}, 15_000);

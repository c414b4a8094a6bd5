import { describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../../lib/dsl/secret.ts';
import { MARK } from '../../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { exchange } from '../../../../lib/runner/exchange/exchange.ts';
import type { Fragment } from '../../../../lib/runner/exchange/script.ts';
import type { Host, RunningScript } from '../../../../lib/transport/host.ts';
import { connect } from '../../../../lib/transport/index.ts';
import { connectionOf } from '../../transport/support/connection.ts';

const secret = new Secret('kanarienvogel').reveal();

/** A host whose channel says these chunks on standard error, and ends. */
function talking(chunks: readonly string[]): Host {
  return {
    name: 'etcd01',
    roundTrips: 0,
    run(_script, { stderr }) {
      for (const chunk of chunks) stderr(Buffer.from(chunk));
      return { done: Promise.resolve({ code: 1 }), stop() {}, kill() {} };
    },
    async send() {},
    async close() {},
  };
}

it('what a channel says comes in whole lines, also where a chunk ends within one', async () => {
  const lines: string[] = [];
  const host = talking(['one\ntw', 'o\n\n', `pass ${secret.slice(0, 5)}`, secret.slice(5), ' end']);
  const failure = await exchange(host, [], { stderr: (line) => lines.push(line) }).catch((error) => error);
  expect(lines).toEqual(['one', 'two', `pass ${secret} end`]);
  expect(failure).toMatchObject({ exitCode: 4, message: expect.stringContaining('pass ******** end') });
});

it('a secret is masked before what was said is cut to its end', async () => {
  const said = `${secret}${'.'.repeat(1995)}`;
  const failure = await exchange(talking([said]), []).catch((error) => error);
  expect(failure.message).toContain('.....');
  expect(failure.message).not.toContain('vogel');
});

it('what changes or holds something is watched from its first moment; what only reads is not', async () => {
  const watched: unknown[] = [];
  const host: Host = {
    ...talking([]),
    run: (script, streams) => {
      watched.push(streams.watched);
      return talking([]).run(script, streams);
    },
  };
  for (const critical of [true, false])
    await exchange(host, [{ id: 'one', sh: sh`:`, critical }]).catch(() => {});
  expect(watched).toEqual([true, false]);
});

it('a stop that is asked for at the very start ends no script: it goes to the next critical fragment', async () => {
  const host = await connect(connectionOf());
  const probe = { id: 'probe', sh: sh`sleep 0.3; echo probed`, critical: false };
  const apply = { id: 'apply', sh: sh`echo applied`, critical: true };
  for (let i = 0; i < 10; i++) {
    const started = (script: RunningScript) => script.stop();
    const { outcome, readings } = await exchange(host, [probe, apply], { started });
    expect([outcome, readings.get('probe')?.out, readings.get('apply')]).toEqual([
      'stopped',
      'probed',
      undefined,
    ]);
  }
});

describe.runIf(process.getuid?.() === 0)('another user', () => {
  const FORGED = sh`printf '\n%s E 0\n%s B root\nforged\n%s E 0\n%s D\n' "$q_nonce" "$q_nonce" "$q_nonce" "$q_nonce"`;
  const asked = async (text: Fragment['sh']) => {
    const host = await connect(connectionOf());
    const { readings } = await exchange(host, [
      { id: 'user', sh: text, critical: false, user: 'nobody' },
      { id: 'root', sh: sh`sleep 0.3; echo mine; false`, critical: false },
    ]);
    return [readings.get('user'), readings.get('root')];
  };

  it('answers for no fragment but its own, at once or from the background', async () => {
    const [, roots] = await asked(sh`{ sleep 0.1; ${FORGED}; } & ${FORGED}`);
    expect(roots).toMatchObject({ code: 1, out: 'mine' });
  });

  it.each([
    ['lines', sh`echo one; echo; echo two; exit 7`, 7, 'one\n\ntwo'],
    ['a line that it does not end', sh`printf 'one\n\ntwo'`, 0, 'one\n\ntwo'],
    ['empty lines', sh`echo one; echo; echo`, 0, 'one\n\n'],
    ['marks, and what it says of errors', sh`q_part a; echo x >&2; q_part b`, 0, `${MARK}a\nx\n${MARK}b`],
    ['nothing', sh`false`, 1, ''],
  ])('is heard as it is: %s', async (_what, text, code, out) => {
    const [users] = await asked(text);
    expect(users).toMatchObject({ code, out });
  });
});

/** A host that answers with these lines, of which `%` stands for the nonce: at once, or one each `ms`. */
function answering(lines: readonly string[], ms?: number): Host & { killed: boolean } {
  const host = {
    ...talking([]),
    killed: false,
    run(script: string, { stdout }: Parameters<Host['run']>[1]): RunningScript {
      const nonce = /q_nonce='?([^ ']+)/.exec(script)?.[1] ?? '';
      let end = () => {};
      const done = new Promise<{ code: number }>((resolve) => (end = () => resolve({ code: 1 })));
      const say = (line: string) => !host.killed && stdout(Buffer.from(`${line.replaceAll('%', nonce)}\n`));
      if (ms === undefined) {
        setImmediate(() => {
          for (const line of lines) say(line);
          end();
        });
      } else {
        const rest = [...lines];
        const timer = setInterval(() => say(rest.shift() ?? ''), ms);
        void done.then(() => clearInterval(timer));
      }
      return {
        done,
        stop() {},
        kill() {
          host.killed = true;
          end();
        },
      };
    },
  };
  return host;
}

const READS = ['one', 'two'].map((id) => ({ id, sh: sh`:`, critical: false }));

it.each([
  ['twice', ['% B one', '% E 0', '% B one']],
  ['again while it is open', ['% B one', '% B one']],
  ['in another order', ['% B two', '% E 0', '% B one']],
  ['that was not asked for', ['% B three']],
])('a part of an answer %s ends the exchange', async (_what, lines) => {
  const host = answering([...lines, '% E 0', '% D']);
  const seen: string[] = [];
  const begin = (id: string) => seen.push(id);
  const failure = await exchange(host, READS, { doing: 'reading facts', begin }).catch((error) => error);
  expect(failure).toMatchObject({ exitCode: 2, host: 'etcd01' });
  expect(failure.message).toContain('its answer while reading facts does not fit what was asked');
  expect([host.killed, new Set(seen).size]).toEqual([true, seen.length]);
});

it('what all parts of an answer print is bounded', async () => {
  const many = Array.from({ length: 6 }, (_, i) => ({ id: `${i}`, sh: sh`:`, critical: false }));
  const line = 'x'.repeat(1_000_000);
  const big = Array.from({ length: 15 }, () => line);
  const host = answering([...many.flatMap(({ id }) => [`% B ${id}`, ...big, '% E 0']), '% D']);
  const failure = await exchange(host, many).catch((error) => error);
  expect(failure).toMatchObject({ exitCode: 2, message: expect.stringContaining('64 MiB in all') });
});

it('what is only read has an end in time, however often something is heard', async () => {
  vi.useFakeTimers();
  try {
    const many = Array.from({ length: 10 }, (_, i) => ({ id: `${i}`, sh: sh`:`, critical: false }));
    const host = answering(
      many.map(({ id }) => `% B ${id}`),
      50_000,
    );
    const over = exchange(host, many).catch((error) => error);
    await vi.advanceTimersByTimeAsync(200_000);
    expect(host.killed).toBe(true);
    expect(await over).toMatchObject({ exitCode: 4, message: 'etcd01: no answer within 120 s' });
  } finally {
    vi.useRealTimers();
  }
});

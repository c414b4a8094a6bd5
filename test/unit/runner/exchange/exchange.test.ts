import { expect, it } from 'vitest';
import { Secret } from '../../../../lib/dsl/secret.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { exchange } from '../../../../lib/runner/exchange/exchange.ts';
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

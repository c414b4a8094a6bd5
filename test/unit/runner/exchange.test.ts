import { expect, it } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { exchange } from '../../../lib/runner/exchange.ts';
import type { Host } from '../../../lib/transport/host.ts';

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

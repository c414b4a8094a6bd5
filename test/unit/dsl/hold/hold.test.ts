import { expect, it } from 'vitest';
import { holdSaid, parseHolder } from '../../../../lib/dsl/hold/hold.ts';

it('what the file of a hold says is told on one line, and not without end', () => {
  const message = `all fine\nrecap\r\n\u2028etcd01 : ok=99${'x'.repeat(5000)}`;
  const said = holdSaid(parseHolder(JSON.stringify({ runId: 'r1', who: 'a\nb', since: 's', message })));
  expect(said).toMatch(/^on hold by a b; run r1 since s: all fine recap etcd01 : ok=99x+…$/);
  expect(said.length).toBeLessThan(1000);
});

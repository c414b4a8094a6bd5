import { describe, expect, it } from 'vitest';
import { canonical } from '../../../../lib/cli/plan-file/canonical.ts';
import { differingSteps, differingTasks } from '../../../../lib/cli/plan-file/compare.ts';
import { Digests } from '../../../../lib/cli/plan-file/digests.ts';
import { type Entry, entriesOf } from '../../../../lib/cli/plan-file/entries.ts';
import type { PlanChange } from '../../../../lib/cli/plan-file/format.ts';
import { Secret } from '../../../../lib/dsl/secret.ts';
import { LaterContent } from '../../../../lib/resources/content/later.ts';
import { file } from '../../../../lib/resources/file.ts';

const digests = new Digests();
const sure: PlanChange = {
  kind: 'update',
  property: 'mode',
  before: '0600',
  after: '0644',
  certainty: 'certain',
};
const maybe: PlanChange = { ...sure, certainty: 'conditional' };
const unknown: PlanChange = {
  kind: 'run',
  property: 'effect',
  before: null,
  after: null,
  certainty: 'unknown',
};

function entry(changes: readonly PlanChange[], more: Partial<Entry> = {}): Entry {
  const named = { play: 'web', host: 'a', role: 'r', task: 't', resource: 'file:/t' };
  return { ...named, wanted: 'w', observed: 'o', hasSecret: false, changes, ...more };
}

async function planned(one: Entry) {
  const { hasSecret, wanted, observed, ...rest } = one;
  return {
    ...rest,
    wanted: await digests.of(wanted, hasSecret),
    observed: await digests.of(observed, hasSecret),
  };
}

const NONE: Entry[] = [];
const masked = [{ ...sure, before: '(secret)', after: '(secret)' }];

describe('a plan and the hosts as they are', () => {
  it.each<[string, Entry[], Entry[], strict: number, settled: number]>([
    ['are the same', [entry([sure])], [entry([sure])], 0, 0],
    ['where another value is there', [entry([sure])], [entry([{ ...sure, before: '0640' }])], 1, 1],
    ['where another value is wanted', [entry([sure])], [entry([{ ...sure, after: '0640' }])], 1, 1],
    [
      'where what is wanted differs after the same change',
      [entry([sure])],
      [entry([sure], { wanted: 'x' })],
      1,
      1,
    ],
    ['where what was read differs, and no secret', [entry([sure])], [entry([sure], { observed: 'x' })], 0, 0],
    ['where another secret is there', [entry(masked)], [entry(masked, { observed: 'x' })], 1, 0],
    ['where another secret is wanted', [entry(masked)], [entry(masked, { wanted: 'x' })], 1, 1],
    ['where something is due no more', [entry([sure])], NONE, 1, 1],
    ['where something more is due', NONE, [entry([sure])], 1, 1],
    ['where what was not certain is due no more', [entry([maybe])], NONE, 1, 0],
    [
      'where what was not certain has other values',
      [entry([maybe])],
      [entry([{ ...maybe, before: '1' }])],
      0,
      0,
    ],
    ['where what was not certain is certain now', [entry([maybe])], [entry([sure])], 1, 0],
    ['where what was unknown is known now', [entry([unknown])], [entry([sure])], 2, 0],
    ['where another host is to do it', [entry([sure])], [entry([sure], { by: 'lb' })], 2, 2],
    ['where a task stands twice, and now once', [entry([sure]), entry([sure])], [entry([sure])], 1, 1],
  ])('%s', async (_, before, now, strict, settled) => {
    const plan = await Promise.all(before.map(planned));
    expect(await differingTasks(plan, now, digests, false)).toHaveLength(strict);
    expect(await differingTasks(plan, now, digests, true)).toHaveLength(settled);
  });

  it('are told by host, task and property, as planned and as now', async () => {
    const plan = [await planned(entry([sure]))];
    expect(await differingTasks(plan, [entry([{ ...sure, before: '0640' }])], digests, false)).toEqual([
      { host: 'a', task: 't', property: 'mode', planned: 'update 0600 → 0644', now: 'update 0640 → 0644' },
    ]);
  });

  it('differ in the first step that is another', () => {
    const count = { voters: 3, quorum: 2, healthy: 3, spare: 1 };
    const step = (title: string) => ({ host: 'a', title, ledger: { before: count, after: count } });
    const [one, two, three] = [step('one'), step('two'), step('three')];
    expect(differingSteps([one, two], [one, two])).toEqual([]);
    expect(differingSteps([one, two], [one, three])).toMatchObject([{ planned: 'a: two', now: 'a: three' }]);
    expect(differingSteps([one, two], [one])).toMatchObject([{ property: 'step 2', now: 'nothing' }]);
    expect(differingSteps([], [one])).toMatchObject([{ planned: 'nothing' }]);
  });
});

describe('what is wanted, as text', () => {
  it.each([
    ['the order of keys', { a: 1, b: 2 }, { b: 2, a: 1 }, true],
    ['a function', { a: 1, f: () => 1 }, { a: 1, f: () => 2 }, true],
    [
      'what only the run makes',
      { c: new LaterContent(async () => 'x') },
      { c: new LaterContent(async () => 'y') },
      true,
    ],
    ['a secret', { s: new Secret('one-secret') }, { s: new Secret('two-secret') }, false],
    ['an entry of a map', { m: new Map([['a', 1]]) }, { m: new Map([['a', 2]]) }, false],
    ['a pattern', { match: /^a/ }, { match: /^b/ }, false],
    ['the flags of a pattern', { match: /^a/ }, { match: /^a/i }, false],
    ['a date', { d: new Date(0) }, { d: new Date(1000) }, false],
    ['an address', { u: new URL('http://a/') }, { u: new URL('http://b/') }, false],
    ['bytes', { b: Buffer.from('a') }, { b: Buffer.from('b') }, false],
    ['something undefined', { a: 1, b: undefined }, { a: 1 }, true],
  ])('%s', (_, one, other, same) => {
    expect(canonical(one).text === canonical(other).text).toBe(same);
  });

  it('ends where it leads back to itself', () => {
    const round: Record<string, unknown> = { a: 1 };
    round.self = round;
    expect(canonical(round).text).toContain('above');
  });

  it('says whether there is a secret in it, which is hashed slowly', async () => {
    expect(canonical([new Secret('deep-inside')]).hasSecret).toBe(true);
    expect(await digests.of('password: hunter22', false)).toMatch(/^scrypt:/);
    expect(await digests.of('mode: 0644', false)).toMatch(/^sha256:/);
    expect(await new Digests().of('x', true)).not.toBe(await new Digests().of('x', true));
  });
});

it('what was read is judged as text: a secret in a file of the host is hashed slowly, too', async () => {
  const secret = new Secret('found-on-the-host');
  const text = Buffer.from(`${'x'.repeat(60)}\nkey: ${secret.reveal()}\n`)
    .toString('base64')
    .replace(/.{76}/g, '$&\n');
  const task = file('/etc/app.conf', { content: 'new\n' });
  const changes = [{ ...sure, resource: task.resource }];
  const plan = [
    {
      role: 'r',
      task,
      changes,
      reading: { code: 0, out: `stat regular file|644|root|root|9|/x\ntext\n${text}` },
    },
  ];
  const target = { name: 'a', vars: {}, hostvars: {} };
  const hosts = [{ name: 'a', target, stateDir: '/s', plan }];
  const [found] = entriesOf({ play: 'web', hosts, missing: [], steps: [] });
  expect(await digests.of(found?.observed ?? '', found?.hasSecret ?? true)).toMatch(/^scrypt:/);
});

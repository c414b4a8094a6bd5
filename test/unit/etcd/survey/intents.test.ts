import { describe, expect, it } from 'vitest';
import { newRunId } from '../../../../lib/dsl/common/run-id.ts';
import { type Intent, parseIntent, writeIntent } from '../../../../lib/etcd/facts/intent.ts';
import {
  doneIntent,
  intentProblem,
  openIntent,
  openOf,
  openRotation,
  waitingFor,
} from '../../../../lib/etcd/survey/intents.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';

const ROTATION: Intent = { verb: 'certs', target: 'CA f1', runId: 'r1', notes: { from: 'f0' } };
const RECOVERY: Intent = { verb: 'recover', target: 'data of etcd01', runId: 'r2', under: ROTATION };
const RECOVERED: Intent = { ...RECOVERY, done: 'r3' };

/** The same by runs as they are called. */
const NOTED: Intent = {
  ...RECOVERED,
  runId: '20251127T134910Z-a1',
  done: newRunId(new Date()),
  under: { ...ROTATION, runId: '20251126T134910Z' },
};

/** Hosts with these notes. */
function noted(...intents: readonly (Intent | undefined)[]) {
  return fakeCluster(intents.map((intent) => ({ facts: { intent } }))).hosts;
}

describe('a rotation of the CA that had to wait', () => {
  it.each<[what: string, notes: readonly (Intent | undefined)[], open: string | undefined]>([
    ['is not what is open meanwhile', [RECOVERY, RECOVERY], 'recover'],
    ['nor where a host was away when that began', [ROTATION, RECOVERY], 'recover'],
    ['is open again after it', [RECOVERED, RECOVERED], 'certs'],
    ['also where a host was away', [ROTATION, RECOVERED], 'certs'],
    ['also where a host is new', [undefined, RECOVERED], 'certs'],
    ['also where that was given up', [{ ...RECOVERED, givenUp: true }], 'certs'],
    ['also where one that was away still has what came between as open', [RECOVERED, RECOVERY], 'certs'],
    ['and is done once', [{ ...ROTATION, done: 'r4' }, RECOVERED], undefined],
  ])('%s', (_what, notes, open) => {
    const hosts = noted(...notes);
    expect(openIntent(hosts)?.verb).toBe(open);
    expect(openRotation(hosts)?.runId).toBe(open && 'r1');
  });

  it('goes on as the run that began it, and what came between counts as done', () => {
    const hosts = noted(RECOVERED);
    expect(openOf(hosts, 'certs')?.runId).toBe('r1');
    expect(doneIntent(hosts, 'recover')?.done).toBe('r3');
    expect(doneIntent(hosts, 'certs')).toBeUndefined();
  });

  it('is none by the word of one host alone', () => {
    const members = [ROTATION, undefined, undefined].map((intent) => ({
      facts: { intent, owner: 'cluster x' },
    }));
    expect(openRotation(fakeCluster(members).hosts)).toBeUndefined();
  });

  it('refuses others by the word of one host alone, and says whose word that is', () => {
    const members = [ROTATION, undefined, undefined].map((intent) => ({
      facts: { intent, owner: 'cluster x' },
    }));
    const hint = (hosts: ReturnType<typeof noted>) => intentProblem({ name: 'c' }, hosts, 'site')?.hint;
    expect(hint(fakeCluster(members).hosts)).toMatch(
      /^only etcd01 says so\b.* remove etcd01:\/\S+\/intent; else: /,
    );
    expect(hint(noted(ROTATION, ROTATION))).not.toContain('says so');
  });

  it.each<[what: string, verb: string, others: number, said: RegExp]>([
    ['whatever the verb', 'upgrade', 2, /^only etcd01 says so: if nobody has begun that, remove etcd01:/],
    ['also of two', 'restore', 1, /^only etcd01 says so: /],
    ['but for the only one', 'restore', 0, /^finish it first/],
  ])('says whose word it is that something is open, %s', (_what, verb, others, said) => {
    const intent = { verb, target: 't', runId: newRunId(new Date(0)) };
    const all = [intent, ...Array.from({ length: others }, () => undefined)];
    const { hosts } = fakeCluster(all.map((one) => ({ facts: { intent: one, owner: 'cluster x' } })));
    expect(intentProblem({ name: 'c' }, hosts, 'site')?.hint).toMatch(said);
  });

  it('says that a note is of a time to come, where the clock of a machine is wrong', () => {
    const intent = { verb: 'upgrade', target: 't', runId: newRunId(new Date(Date.now() + 3_600_000)) };
    const { hosts } = fakeCluster([{ facts: { intent } }, { facts: { owner: 'cluster x' } }]);
    expect(intentProblem({ name: 'c' }, hosts, 'site')?.hint).toMatch(
      /^only etcd01 says so, of a time that is yet to come by the clock here: /,
    );
  });

  it.each(['../../etc', '9', 'r1', '29990101T000000Z-a', `${'9'.repeat(8)}T000000Z`])(
    'is nobody of ours as a run of no time, or of one to come: %s',
    (other) => {
      expect(parseIntent(JSON.stringify({ ...NOTED, runId: other }))).toBeUndefined();
      const { done: _, ...open } = NOTED;
      expect(parseIntent(JSON.stringify({ ...NOTED, done: other }))).toEqual(open);
      expect(parseIntent(JSON.stringify({ ...NOTED, recovered: other }))).toEqual(NOTED);
    },
  );

  it('has texts alone for a rerun', () => {
    const notes = { from: 'f', wrong: 5, worse: { a: 1 }, worst: null };
    expect(parseIntent(JSON.stringify({ ...NOTED, notes }))?.notes).toEqual({ from: 'f' });
  });

  it('is kept in the note of a host', () => {
    const [line = ''] = /\{.*\}/.exec(writeIntent({ stateDir: '/x' }, NOTED).text) ?? [];
    expect(parseIntent(line)).toEqual(NOTED);
    expect(parseIntent(JSON.stringify({ ...NOTED, under: 'nonsense' }))).not.toHaveProperty('under');
  });
});

describe('what most hosts have as open', () => {
  const open: Intent = { verb: 'restore', target: 't', runId: 'r1' };
  const later = (verb: string): Intent => ({ verb, target: 't', runId: 'r9', done: 'r9' });

  it.each<[what: string, notes: readonly (Intent | undefined)[], isOpen: boolean]>([
    ['stays so, whatever one host says of a later run', [later('members'), open, open], true],
    ['stays so, whatever one host says of its end', [{ ...open, done: 'r2' }, open, open], true],
    ['is over where as many know of its end', [{ ...open, done: 'r2' }, open, undefined], false],
    ['is over where most were away since', [later('members'), later('members'), open], false],
    ['is over behind a recovery, for which most may have been away', [later('recover'), open, open], false],
  ])('%s', (_what, notes, isOpen) => {
    expect(openIntent(noted(...notes))).toEqual(isOpen ? open : undefined);
  });
});

describe('an upgrade that is under way', () => {
  const UPGRADE: Intent = { verb: 'upgrade', target: 'etcd 3.7.3', runId: 'r1' };

  it.each([
    ['members', true],
    ['restore', true],
    ['recover', false],
    ['certs', false],
    ['site', false],
  ])('waits for what a lost machine wants first: %s %s', (verb, waits) => {
    const hosts = noted(UPGRADE, undefined);
    expect(intentProblem({ name: 'prod' }, hosts, verb) === undefined).toBe(waits);
    expect(waitingFor(hosts, verb)).toEqual(waits ? UPGRADE : undefined);
  });

  it('is open again after it', () => {
    const restored: Intent = { verb: 'restore', target: 't', runId: 'r2', done: 'r2', under: UPGRADE };
    expect(openOf(noted(restored, undefined), 'upgrade')).toEqual(UPGRADE);
  });
});

it.each([
  ['certs', /certs.* --rotate-ca$/],
  [
    'restore',
    /^finish it first, to the same target: .*restore.* --from FILE; .*restore.* --give-up ends it; .*--again$/,
  ],
])('what is open is gone on with by a line to copy: %s', (verb, hint) => {
  const hosts = noted({ verb, target: 't', runId: 'r1' });
  expect(intentProblem({ name: 'prod' }, hosts, 'site')?.hint).toMatch(hint);
});

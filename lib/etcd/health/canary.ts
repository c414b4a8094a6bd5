import { randomBytes } from 'node:crypto';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import {
  type AnswerTo,
  type KeyRange,
  lastLine,
  type Printed,
  type Question,
  readAnswer,
  type Unanswered,
} from '../facts/etcdctl/answers.ts';
import { ASK, printedByName } from '../facts/etcdctl/asked.ts';
import { etcdctlFunction } from '../facts/etcdctl/etcdctl.ts';
import { memberOf } from '../model/cluster.ts';
import { type EtcdHost, toolVersion } from '../surveyed.ts';

/** A watch goes on when it has seen all: so it gets little time at first, and more where the host is busy; seconds. */
const WATCHES = [1, 3, 6];

/** One thing that must work: what is run, and what becomes of its answer. */
interface Proof {
  readonly command: Sh;
  /** Why it does not hold; undefined where it does. */
  readonly failure: (printed: Printed | undefined, version: string) => Failure | undefined;
}

interface Failure {
  readonly said: string;
  /** Nobody here can read the answer: that says nothing about the cluster. */
  readonly unknown?: boolean;
}

/**
 * Proves what etcd is for on a key of its own, removed at the end: put and get, a watch that sees a put,
 * compare-and-swap that succeeds and then refuses, a lease whose key goes when it ends. The lease is ended, not waited
 * for: nobody need wait two seconds for a clock.
 * All keys have that lease, so that none outlives a run that is killed. Throws exit code 7 with the function that
 * failed, 2 with the answer that nobody here can read.
 */
export async function canary(host: EtcdHost): Promise<void> {
  const key = `quorate/canary/${randomBytes(8).toString('hex')}`;
  const ask = asker(host);
  const failure = await prove(ask, key, toolVersion(host));
  if (failure === undefined) return;
  await ask(sh`q_etcdctl del --prefix ${key} >/dev/null 2>&1`);
  const { name } = host.target;
  const [said, exitCode] = failure.unknown
    ? [`whether it works cannot be read: ${failure.said}`, EXIT.failed]
    : [`the canary failed at: ${failure.said}`, EXIT.unhealthy];
  throw new QuorateError(`${name}: ${said}`, { exitCode, host: name });
}

type Ask = (commands: Sh) => Promise<(name: string) => Printed | undefined>;

function asker(host: EtcdHost): Ask {
  return async (commands) => {
    const { out } = await host.act(
      'proving put, watch, lease and compare-and-swap',
      sh`${etcdctlFunction(memberOf(host.target))}
${ASK}
q_reach
${commands}`,
    );
    return printedByName(out);
  };
}

async function prove(ask: Ask, key: string, version: string): Promise<Failure | undefined> {
  const printed = (await ask(sh`q_ask lease q_etcdctl -w json lease grant 60`))('lease');
  const granted = readAnswer('lease grant', printed, version);
  if ('unanswered' in granted) return failed('lease grant', granted.unanswered);
  const { id, revision } = granted.value;
  const proofs = proofsOf(key, id);
  const asked = proofs.map(({ command }, i) => sh`q_ask ${`proof-${i}`} ${command}`);
  const chain = joinSh([...asked, watch(key, revision, WATCHES[0])], ' &&\n');
  const done = await ask(joinSh([swapFunction(key, id), chain]));
  for (const [i, { failure }] of proofs.entries()) {
    const found = failure(done(`proof-${i}`), version);
    if (found !== undefined) return found;
  }
  let unseen = unseenBy(done('watch'), key, version);
  for (const seconds of WATCHES.slice(1)) {
    if (unseen === undefined || unseen.unknown) break;
    unseen = unseenBy((await ask(watch(key, revision, seconds)))('watch'), key, version);
  }
  return unseen;
}

/** Each is run where the one before has ended well. */
function proofsOf(key: string, lease: string): readonly Proof[] {
  const held = `${key}/lease`;
  const get = (one: string) => sh`q_etcdctl -w json get ${one}`;
  const put = (one: string, value: string) => sh`q_etcdctl put --lease=${lease} ${one} ${value}`;
  return [
    { command: put(held, '1'), failure: unless('put with a lease') },
    { command: put(key, 'one'), failure: unless('put') },
    { command: get(key), failure: unlessAnswered('get after put', 'get', has('one')) },
    { command: sh`q_swap`, failure: unlessAnswered('compare-and-swap', 'txn', (done) => done) },
    {
      command: sh`q_swap`,
      failure: unlessAnswered('compare-and-swap that must refuse', 'txn', (done) => !done),
    },
    {
      command: sh`q_etcdctl -w json lease timetolive ${lease}`,
      failure: unlessAnswered('a lease that should still run', 'lease timetolive', (left) => left > 0),
    },
    { command: get(held), failure: unlessAnswered('get of a key whose lease still runs', 'get', has('1')) },
    { command: sh`q_etcdctl lease revoke ${lease}`, failure: unless('lease revoke') },
    {
      command: get(held),
      failure: unlessAnswered(
        'a lease that ended: its key is still there',
        'get',
        ({ count }) => count === 0,
      ),
    },
    { command: sh`q_etcdctl del --prefix ${key}`, failure: unless('delete') },
  ];
}

/** Puts `two` where `one` is. */
function swapFunction(key: string, lease: string): Sh {
  const said = 'value("%s") = "one"\n\nput --lease=%s %s two\n\n\n\n';
  return sh`q_swap() { printf ${said} ${[key, lease, key]} | q_etcdctl -w json txn; }`;
}

function has(value: string): (range: KeyRange) => boolean {
  return ({ keys }) => keys[0]?.value === value;
}

/** It must end well; what it prints is not looked at. */
function unless(what: string): Proof['failure'] {
  return (printed) =>
    printed?.code === 0 ? undefined : failed(what, { said: lastLine(printed?.err || (printed?.out ?? '')) });
}

function unlessAnswered<Q extends Question>(
  what: string,
  question: Q,
  holds: (answer: AnswerTo<Q>) => boolean,
): Proof['failure'] {
  return (printed, version) => {
    const read = readAnswer(question, printed, version);
    if ('unanswered' in read) return failed(what, read.unanswered);
    return holds(read.value) ? undefined : { said: what };
  };
}

function failed(what: string, { kind, said }: Partial<Unanswered>): Failure {
  if (kind === 'unknown') return { said: said ?? '', unknown: true };
  return { said: said ? `${what}: ${said}` : what };
}

/** What was put since that revision, also where it is gone by now. */
function watch(key: string, revision: number, seconds = 0): Sh {
  return sh`(q_within=${`timeout ${seconds}`}; q_ask watch q_etcdctl -w json watch --prefix --rev=${revision + 1} ${key})`;
}

/** It is ended, so its exit code says nothing. */
function unseenBy(printed: Printed | undefined, key: string, version: string): Failure | undefined {
  const read = readAnswer('watch', printed && { ...printed, code: 0 }, version);
  if ('unanswered' in read) return failed('watch', read.unanswered);
  const seen = read.value.filter((one) => one.key === key).map(({ value }) => value);
  if (seen.join(' ') === 'one two') return undefined;
  return { said: `watch, which saw: ${[...seen, lastLine(printed?.err ?? '')].join(' ')}`.trim() };
}

import type { PlayRun } from '../../../dsl/play.ts';
import { type Sh, sh } from '../../../dsl/shell/sh.ts';
import { lastLine } from '../../facts/etcdctl/answers.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import { NO_KEY } from '../../facts/etcdctl/words.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { HEALTH_FIRST } from '../../health/way-out.ts';
import { memberOf } from '../../model/cluster.ts';
import { minorOf } from '../../model/versions.ts';
import { refusal } from '../../refusal.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { logIsReadable, upgradeState } from './state.ts';
import type { UpgradeStep, Wanted } from './steps.ts';
import { moveMember, SNAPSHOT_COUNT, snapshotMember } from './turn.ts';

export type Settings = Readonly<Record<string, unknown>>;

/** How long etcd may take to notice that all members are of one version, in milliseconds: it looks every 4 to 5 s. */
const MONITORS = 60_000;

type Looked = Awaited<ReturnType<typeof upgradeState>>;

interface Given {
  readonly wanted: Wanted;
  readonly settings: ReadonlyMap<string, Settings>;
}

/** Does one step; what it was to bring about is read again by whoever called. */
export async function carryOut(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { kind, host: name, version }: UpgradeStep,
  { wanted, settings }: Given,
): Promise<void> {
  const host = surveyed.hosts.find(({ target }) => target.name === name) as EtcdHost;
  const wish = { version, settings: settings.get(name) ?? {}, acceptDowntime: wanted.acceptDowntime };
  const until = (is: (now: Looked) => boolean) => waitUntil(run, surveyed, is);
  const isSettled = (minor: string) =>
    until(({ worksAs, storedAs }) => worksAs === minor && (storedAs ?? minor) === minor);
  switch (kind) {
    case 'move':
    case 'start':
      return moveMember(run, surveyed, host, wish);
    case 'snapshot':
      await snapshotMember(run, surveyed, host, wish);
      await leaveSnapshot(host);
      // It has gone through its log again, which begins before the cluster worked as it does.
      return isSettled(minorOf(version));
    case 'settle':
    case 'ready':
      return isSettled(version);
    case 'finish':
      return until(({ goingDown }) => goingDown === undefined);
    case 'enable':
      await ask(host, `checking that it can go down to ${version}`, sh`downgrade validate ${`${version}.0`}`);
      return ask(host, `going down to ${version}`, sh`downgrade enable ${`${version}.0`}`);
    case 'cancel':
      return ask(host, 'taking back the downgrade', sh`downgrade cancel`);
  }
}

/** Rather many requests that go through the log and change nothing, until a raft snapshot is there. */
async function leaveSnapshot(host: EtcdHost): Promise<void> {
  const member = memberOf(host.target);
  await host.act(
    'waiting for a raft snapshot',
    sh`${etcdctlFunction(member)}
q_reach
q_tries=0
while [ "$q_tries" -lt ${3 * SNAPSHOT_COUNT} ]; do
  if (${logIsReadable(member)}); then exit 0; fi
  q_tries=$((q_tries + 1))
  q_etcdctl del ${NO_KEY} >/dev/null
done`,
  );
}

async function ask(host: EtcdHost, doing: string, words: Sh): Promise<void> {
  const { code, out } = await host.act(
    doing,
    sh`${etcdctlFunction(memberOf(host.target))}
q_reach
q_etcdctl --command-timeout=30s ${words}`,
  );
  if (code === 0) return;
  throw refusal({ host: host.target.name }, `${doing} was refused: ${lastLine(out)}`, HEALTH_FIRST);
}

/** Does nothing but look; who is not there in time is not proven, and that ends the run. */
async function waitUntil(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  is: (now: Looked) => boolean,
): Promise<void> {
  const deadline = Date.now() + MONITORS;
  while (!run.stopping() && Date.now() < deadline) {
    if (is(await upgradeState(run, surveyed))) return;
    await new Promise((resolve) => setTimeout(resolve, 500));
    await run.each(surveyed.hosts, (host) => host.refresh());
  }
}

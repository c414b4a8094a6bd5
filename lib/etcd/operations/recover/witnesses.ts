import { hostOf } from '../../../addresses.ts';
import type { PlayRun } from '../../../dsl/play.ts';
import { MARK } from '../../../dsl/shell/probe.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { hostPort, memberOf } from '../../model/cluster.ts';
import { knownMembers, votersOf } from '../../survey/membership.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import type { Witness } from './loss.ts';
import { askHidden } from './shell.ts';

/** What there is to see of a cluster from here, and what is not. */
export interface Sight {
  readonly witnesses: readonly Witness[];
  /** Members that vote. */
  readonly voters: number;
  /** Some host that is reached could ask those that are not. */
  readonly asked: boolean;
}

/** Looks whether its quorum is lost: once no member follows a leader that has gone. */
export async function lookAround(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<Sight> {
  await untilLeaderless(run, surveyed);
  const { cluster, hosts } = surveyed;
  const hidden = unseenMembers(surveyed);
  const asking = hidden.length === 0 ? [] : await Promise.all(hosts.map((host) => ask(host, hidden)));
  const answering = asking.flatMap(({ answers }) => answers);
  const strangers = hidden.filter(({ listed }) => !listed).map(({ host }) => host);
  return {
    voters: votersOf(surveyed),
    asked: asking.some(({ asked }) => asked),
    witnesses: [...cluster.members.map(({ host }) => host), ...strangers].map((host) => {
      const facts = hosts.find(({ target }) => target.name === host)?.target.facts;
      return {
        host,
        reached: facts !== undefined,
        answersOthers: answering.includes(host),
        data: facts?.data === 'present' && !facts.kept.withoutLog,
        healthy: facts?.reading?.healthy === true,
        follows: (facts?.reading?.status?.leaderId ?? '') !== '',
      };
    }),
  };
}

/** A member that this machine does not reach. */
interface Unseen {
  /** Inventory name; `etcd02@10.0.0.2` of one that the inventory lacks. */
  readonly host: string;
  readonly clientUrl: string;
  readonly listed: boolean;
}

/** Hosts that are not reached, and voters on record that the inventory lacks, or has at another address. */
export function unseenMembers({ cluster, hosts }: Surveyed): readonly Unseen[] {
  const isReached = (name: string) => hosts.some(({ target }) => target.name === name);
  const hidden = cluster.members.filter(({ host }) => !isReached(host));
  const [port = 2379] = cluster.members.map(({ clientPort }) => clientPort);
  const strangers = knownMembers(hosts).filter(
    ({ learner, peerUrls }) =>
      learner !== true && !cluster.members.some(({ peerUrl }) => peerUrls.includes(peerUrl)),
  );
  return [
    ...hidden.map(({ host, clientUrl }) => ({ host, clientUrl, listed: true })),
    ...strangers.map(({ name, peerUrls: [peerUrl = ''], clientUrls: [clientUrl] = [] }) => {
      const address = hostOf(peerUrl);
      return {
        host: `${name}@${address}`,
        // Our record has no more than the address for members.
        clientUrl: clientUrl ?? `https://${hostPort(address, port)}`,
        listed: false,
      };
    }),
  ];
}

async function ask(host: EtcdHost, hidden: readonly Unseen[]) {
  const { owner, caPem } = host.target.facts;
  if (owner === undefined || caPem === undefined) return { asked: false, answers: [] };
  const shell = askHidden(memberOf(host.target), hidden);
  const { out } = await host.read('asking members that are not reached', shell);
  const answers = [...out.matchAll(new RegExp(`^${MARK}answers (\\S+)$`, 'gm'))];
  return {
    asked: new RegExp(`^${MARK}asked$`, 'm').test(out),
    answers: answers.map(([, name = '']) => name),
  };
}

/** Seconds that a follower may take to see that its leader is gone: some election timeouts. */
const LEADERLESS = 10;

async function untilLeaderless(run: PlayRun<EtcdFacts>, { hosts }: Surveyed): Promise<void> {
  const follows = ({ target: { facts } }: EtcdHost) =>
    facts.reading?.healthy !== true && (facts.reading?.status?.leaderId ?? '') !== '';
  const works = ({ target }: EtcdHost) => target.facts.reading?.healthy === true;
  for (let tries = 0; tries < LEADERLESS && hosts.some(follows) && !hosts.some(works); tries++) {
    await new Promise((resolve) => setTimeout(resolve, 1000));
    await run.each(hosts, (host) => host.refresh());
  }
}

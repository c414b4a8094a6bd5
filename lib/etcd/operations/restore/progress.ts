import { runId } from '../../../dsl/common/run-id.ts';
import { MARK } from '../../../dsl/probe.ts';
import { isUp } from '../../facts/index.ts';
import type { Intent } from '../../facts/intent.ts';
import { memberOf } from '../../model/cluster.ts';
import { openOf } from '../../survey/intents.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { strayAlarms } from '../common/alarms.ts';
import { progressFacts } from './shell.ts';
import type { Progress } from './steps.ts';
import { VERB } from './words.ts';

/** How far a restore has come. */
export interface Standing {
  /** What this verb has begun and not finished. */
  readonly open: Intent | undefined;
  /** Of each host, as of the run that began it. */
  readonly progress: readonly RestoreProgress[];
  /** Hosts whose data was set aside: there is no way back to the cluster of before. */
  readonly moved: readonly string[];
}

/** Of one host. */
export interface RestoreProgress extends Progress {
  /** There is a program that restores. */
  readonly tool: boolean;
  /** Something lies there that this run or another one has brought. */
  readonly left: boolean;
}

/** Reads how far it has come. */
export async function standingOf({ hosts }: Surveyed): Promise<Standing> {
  const open = openOf(hosts, VERB);
  const run = open?.runId ?? runId();
  const progress = await Promise.all(
    hosts.map(async (host) => {
      const place = { member: memberOf(host.target), run, verb: VERB } as const;
      return progressOf(host, (await host.read('looking how far it has come', progressFacts(place))).out);
    }),
  );
  return { open, progress, moved: progress.filter(({ moved }) => moved).map(({ host }) => host) };
}

/** Takes apart what `progressFacts` printed, among other lines. */
export function progressOf({ target: { name, facts } }: EtcdHost, out: string): RestoreProgress {
  const is = (what: string) => new RegExp(`^${MARK}${what}$`, 'm').test(out);
  const status = facts.reading?.status;
  return {
    host: name,
    tool: new RegExp(`^${MARK}tool /`, 'm').test(out),
    prepared: is('prepared'),
    placed: is('placed'),
    moved: is('placed') || is('moved'),
    left: is('left'),
    up: isUp(facts),
    healthy: facts.reading?.healthy === true,
    alarmed: strayAlarms(facts.reading ?? {}).length > 0,
    leads: status !== undefined && status.leaderId === status.memberId,
    closed: is('closed'),
  };
}

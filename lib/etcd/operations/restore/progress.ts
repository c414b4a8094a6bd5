import { runId } from '../../../dsl/common/run-id.ts';
import { MARK } from '../../../dsl/shell/probe.ts';
import { isUp } from '../../facts/index.ts';
import type { Intent } from '../../facts/intent.ts';
import { memberOf } from '../../model/cluster.ts';
import { openOf } from '../../survey/intents.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { strayAlarms } from '../common/alarms.ts';
import { VERB } from './flags.ts';
import { progressFacts } from './shell.ts';
import type { Progress } from './steps.ts';

/** How far a restore has come. */
export interface RestoreStanding {
  /** What this verb has begun and not finished. */
  readonly open: Intent | undefined;
  /** ID of the run that began what this one goes on with; its own where it begins anew. */
  readonly run: string;
  /** What is open heads for the same, on the same members. */
  readonly goesOn: boolean;
  /** How far each host has come, in that run. */
  readonly progress: readonly RestoreProgress[];
  /** Hosts whose data was set aside, by this run or by those it took over from: there is no way back. */
  readonly movedHosts: readonly string[];
  /** What a rerun must know. */
  readonly notes: NonNullable<Intent['notes']>;
}

/** How far one host has come. */
export interface RestoreProgress extends Progress {
  /** There is a program that restores. */
  readonly tool: boolean;
  /** Something lies there that this run or another one has brought. */
  readonly left: boolean;
}

/**
 * Reads how far it has come towards `target`. What was restored names all members: on others it begins anew, which is for
 * the user to say (`again`) once data is set aside.
 */
export async function standingOf(
  { cluster, hosts }: Surveyed,
  { target, again = false }: { readonly target?: string; readonly again?: boolean } = {},
): Promise<RestoreStanding> {
  const open = openOf(hosts, VERB);
  const members = cluster.members.map(({ name, peerUrl }) => `${name}=${peerUrl}`).join(',');
  // A note of an earlier release does not name them.
  const meant = open?.notes?.members ?? (again ? undefined : members);
  const goesOn = open !== undefined && open.target === target && meant === members;
  const run = open?.runId ?? runId();
  const progress = await Promise.all(
    hosts.map(async (host) => {
      const place = { member: memberOf(host.target), run, verb: VERB } as const;
      return progressOf(host, (await host.read('looking how far it has come', progressFacts(place))).out);
    }),
  );
  const before = open?.notes?.moved?.split(',') ?? [];
  const movedHosts = [
    ...new Set([...before, ...progress.filter((one) => one.moved).map(({ host }) => host)]),
  ];
  const kept = goesOn ? before : movedHosts;
  return {
    open,
    run: goesOn ? run : runId(),
    goesOn,
    progress: goesOn ? progress : progress.map((one) => ({ ...one, prepared: false, placed: false })),
    movedHosts,
    notes: { members, ...(kept.length > 0 && { moved: kept.join(',') }) },
  };
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

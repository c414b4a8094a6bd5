import { runId } from '../../dsl/common/run-id.ts';
import type { PlayRun } from '../../dsl/play.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { lastWords } from '../facts/etcdctl/answers.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { isRefused, wayIn } from '../health/authentication.ts';
import { memberOf } from '../model/cluster.ts';
import type { OperationStep } from '../operations/common/operation.ts';
import { ledger, tallyOf } from '../operations/common/tally.ts';
import { refusal } from '../refusal.ts';
import { type EtcdHost, livingId, type Surveyed } from '../surveyed.ts';
import { passing } from './own-folder.ts';
import { type KeptSnapshots, readSnapshots } from './read.ts';
import { SPARE_KIB } from './room.ts';
import { isOfFuture, type Snapshot } from './snapshot.ts';
import { takeSnapshot } from './take.ts';

/** Title of the step. */
export const TAKE = 'take a snapshot, and verify it';

/** For the first call, and for each MiB of data: disks and lines that are slower are not waited for. */
const SECONDS = { least: 120, perMiB: 0.2 };

/** When a run asked first: what was young enough then is so to its end, and what stood in then goes on to. */
const asked = new WeakMap<object, { readonly since: number; standsIn: boolean }>();

/**
 * A step that takes a snapshot; undefined where a verified one of this cluster that this verb took, and is young enough,
 * lies on a host that was reached, or this run has taken one. Thinning may take away a young one of others: it stands in
 * where none can be taken. Refuses (3) where there is none, and no member has room for one.
 *
 * @example
 * const snapshot = await snapshotStep(run, surveyed, { before: 'upgrade', within: 15 * 60_000 });
 * return [...(snapshot ? [snapshot] : []), ...steps];
 *
 * @param options.before The verb that wants it first: thinning leaves the last one of each verb.
 * @param options.within How old it may be, in milliseconds.
 */
export async function snapshotStep(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { before, within }: { readonly before: string; readonly within: number },
): Promise<OperationStep | undefined> {
  const first = asked.get(run) ?? { since: performance.now(), standsIn: false };
  asked.set(run, first);
  const kept = await Promise.all(surveyed.hosts.map((host) => readSnapshots(host)));
  const id = livingId(surveyed);
  const isEnough = (one: Snapshot) =>
    one.clusterId === id &&
    (one.run === runId() || (!isOfFuture(one) && one.age <= within + performance.now() - first.since));
  const young = kept.flatMap(({ verified }) => verified.filter(isEnough));
  if (young.some((one) => one.run === runId() || one.before === before)) return undefined;
  const taker = first.standsIn ? undefined : takerUnless(young.length > 0, surveyed, kept);
  first.standsIn = taker === undefined;
  if (taker === undefined) return undefined;
  return {
    host: taker.target.name,
    title: TAKE,
    ledger: ledger(tallyOf(surveyed.hosts)),
    carryOut: async () => {
      const { file, revision, keys } = await takeOn(taker, before);
      run.log(
        'info',
        `${taker.target.name}: ${memberOf(taker.target).backupDir}/${file}: revision ${revision}, ${keys} keys`,
      );
    },
  };
}

/** Undefined where none can be taken, and another one is there. */
function takerUnless(
  another: boolean,
  surveyed: Surveyed,
  kept: readonly KeptSnapshots[],
): EtcdHost | undefined {
  try {
    return chooseTaker(surveyed, kept);
  } catch (error) {
    if (another && error instanceof QuorateError) return undefined;
    throw error;
  }
}

/** Takes one on this host. Throws 3 where there is no room for it, 2 where it is not whole. */
export async function takeOn(host: EtcdHost, before?: string): Promise<Snapshot> {
  const { name } = host.target;
  const seconds = secondsFor(dbSizeOf(host));
  const { code, out } = await host.act(
    'taking a snapshot',
    takeSnapshot(memberOf(host.target), runId(), seconds, { before }),
    // Its digest and its content are looked at after the transfer.
    { seconds: 3 * seconds, grows: passing(memberOf(host.target)) },
  );
  const [, file] = /^snapshot (\S+) \{/m.exec(out) ?? [];
  const taken = (await readSnapshots(host)).verified.find((one) => one.file === file);
  if (code === 0 && taken !== undefined) return taken;
  throw new QuorateError(`${name}: no snapshot was taken: ${lastWords(out, 3)}`, {
    exitCode: code === 3 ? EXIT.refused : EXIT.failed,
    host: name,
  });
}

/** A follower first, since it has less to do; one that is healthy in any case, and has room. */
export function chooseTaker(surveyed: Surveyed, kept: readonly KeptSnapshots[]): EtcdHost {
  const { cluster, hosts } = surveyed;
  const able = hosts
    .map((host, i) => ({ host, room: kept[i]?.room }))
    .filter(({ host }) => host.selected && isAble(host))
    .sort((a, b) => rank(a.host) - rank(b.host));
  if (able.length === 0) {
    throw refusal(cluster, 'no member answers that a snapshot could be taken of: nothing was changed');
  }
  const open = able.filter(({ host }) => waysIn(host).length === 0);
  if (open.length === 0) {
    const lines = able.flatMap(({ host }) => waysIn(host).map((way) => `  ${host.target.name}: ${way}`));
    throw refusal(cluster, ['no member may be asked for a snapshot:', ...lines].join('\n'));
  }
  const roomy = open.find(({ host, room }) => room !== undefined && room.freeKiB >= neededKiB(host, room));
  if (roomy) return roomy.host;
  const said = open.map(
    ({ host, room }) =>
      `${host.target.name} has ${room?.freeKiB ?? 0} KiB free, wanted ${room ? neededKiB(host, room) : SPARE_KIB}`,
  );
  throw refusal(
    cluster,
    `no room for a snapshot: ${said.join('; ')}`,
    'set etcd_backup_dir to a folder on a larger disk, or make room there',
  );
}

/** etcd's own users are in force, and that of this member's certificate is not among them: what lets it in. */
function waysIn({ target }: EtcdHost): readonly string[] {
  const { reading } = target.facts;
  return reading && isRefused(reading) ? [wayIn(memberOf(target), reading)] : [];
}

/** It knows a leader, so what it has is the cluster's. */
function isAble({ target }: EtcdHost): boolean {
  const status = target.facts.reading?.status;
  return status !== undefined && status.leaderId !== '' && !status.learner;
}

function rank({ target }: EtcdHost): number {
  const { reading } = target.facts;
  const leads = reading?.status?.leaderId === reading?.status?.memberId;
  return (reading?.healthy ? 0 : 2) + (leads ? 1 : 0);
}

function neededKiB(host: EtcdHost, { sharesData }: KeptSnapshots['room']): number {
  return SPARE_KIB + Math.ceil(dbSizeOf(host) / 1024) * (sharesData ? 2 : 1);
}

function secondsFor(bytes: number): number {
  return Math.ceil(SECONDS.least + (bytes / 2 ** 20) * SECONDS.perMiB);
}

function dbSizeOf({ target }: EtcdHost): number {
  return target.facts.reading?.status?.dbSize ?? 0;
}

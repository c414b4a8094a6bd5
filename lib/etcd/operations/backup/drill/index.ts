import type { PlayRun } from '../../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../../errors.ts';
import type { EtcdFacts } from '../../../facts/index.ts';
import { type Member, memberOf } from '../../../model/cluster.ts';
import { refusal } from '../../../refusal.ts';
import { type KeptSnapshots, readSnapshots, type Snapshot } from '../../../snapshots/index.ts';
import { LOG_KIB, SPARE_KIB } from '../../../snapshots/room.ts';
import { type EtcdHost, type Surveyed, toolVersion } from '../../../surveyed.ts';
import type { OperationStep } from '../../common/operation.ts';
import { ledger, tallyOf } from '../../common/tally.ts';
import { chooseNewest, newerThan } from './choose.ts';
import { judgeDrill, parseRestored, parseSaid, type Restored } from './judge.ts';
import { answerSeconds, BROKEN, clearTried, drillShell, liveShell, triedFile } from './shell.ts';
import { drillText, stateOf } from './wording.ts';

/** Snapshots in a place that is none of the hosts. */
export interface Copies {
  /** For people. */
  readonly where: string;
  readonly all: readonly Snapshot[];
  /** Names of those that are not whole, or not described. */
  readonly unverified: readonly string[];
  /** Hands one over as a file of this machine, which is gone afterwards where it was made for this. */
  use<T>(snapshot: Snapshot, work: (path: string) => Promise<T>): Promise<T>;
  /** Throws 1 for one that is encrypted, without an identity. */
  refuseClosed(snapshot: Snapshot): void;
}

/** What is tried, and on which host. */
interface Trial {
  readonly host: EtcdHost;
  readonly snapshot: Snapshot;
  readonly from: string;
  /** It is sent there from these first. */
  readonly copies?: Copies;
  /** Names of newer ones that were never verified. */
  readonly passedOver: readonly string[];
}

/**
 * The step that restores the newest snapshot of a cluster into an etcd of its own, and compares: the newest copy where
 * copies are given, else the newest on a host that was reached. Nothing of the member is touched. Throws 7 where there is
 * none, 3 where no host has room.
 */
export async function drillStep(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  copies: Copies | undefined,
): Promise<OperationStep> {
  const kept = await Promise.all(
    surveyed.hosts
      .filter(({ selected }) => selected)
      .map(async (host) => ({
        host,
        ...(await readSnapshots(host)),
        arrival: copies && (await readSnapshots(host, memberOf(host.target).stateDir)).room,
      })),
  );
  const trial = copies === undefined ? ofHosts(surveyed, kept) : ofCopies(surveyed, kept, copies);
  return {
    host: trial.host.target.name,
    title: `restore ${trial.snapshot.file} of ${trial.from} into an etcd of its own, compare, and remove it`,
    ledger: ledger(tallyOf(surveyed.hosts)),
    carryOut: () => tryOut(run, surveyed, trial),
  };
}

type Kept = KeptSnapshots & {
  readonly host: EtcdHost;
  /** Where a copy lies until it is tried. */
  readonly arrival: KeptSnapshots['room'] | undefined;
};

function ofHosts(surveyed: Surveyed, kept: readonly Kept[]): Trial {
  const all = kept.flatMap(({ host, verified, room }) =>
    verified.map((snapshot) => ({ host, snapshot, room })),
  );
  const { host, snapshot, room } = chooseNewest(surveyed, all, 'on the hosts that were reached');
  const wanted = neededKiB(snapshot, room);
  if (room.freeKiB < wanted) throw narrow(surveyed, [said(host, room, wanted)]);
  const passedOver = newerThan(
    snapshot,
    kept.flatMap(({ unverified }) => unverified),
  );
  return { host, snapshot, from: host.target.name, passedOver };
}

/** On a host whose member answers, where there is one: what is tried is compared with it. */
function ofCopies(surveyed: Surveyed, kept: readonly Kept[], copies: Copies): Trial {
  const { snapshot } = chooseNewest(
    surveyed,
    copies.all.map((snapshot) => ({ snapshot })),
    `in ${copies.where}`,
  );
  copies.refuseClosed(snapshot);
  const size = Math.ceil(snapshot.size / 1024);
  // Both folders may lie on one disk.
  const wanted = ({ room }: Kept) => neededKiB(snapshot, room) + size;
  const able = kept
    .filter(({ host }) => host.target.facts.installed !== undefined)
    .sort((a, b) => Number(answers(b.host)) - Number(answers(a.host)));
  if (able.length === 0)
    throw refusal(surveyed.cluster, 'no host that was reached has an etcd to try it with');
  const arriving = SPARE_KIB + size;
  const host = able.find(
    (one) => one.room.freeKiB >= wanted(one) && (one.arrival?.freeKiB ?? 0) >= arriving,
  )?.host;
  if (host === undefined)
    throw narrow(
      surveyed,
      able.map((one) =>
        one.room.freeKiB < wanted(one)
          ? said(one.host, one.room, wanted(one))
          : `${said(one.host, one.arrival, arriving)} in ${memberOf(one.host.target).stateDir}, where the copy arrives`,
      ),
    );
  return {
    ...{ host, snapshot, from: copies.where, copies },
    passedOver: newerThan(snapshot, copies.unverified),
  };
}

function said({ target }: EtcdHost, room: KeptSnapshots['room'] | undefined, wanted: number): string {
  return `${target.name} has ${room?.freeKiB ?? 0} KiB free for it, wanted ${wanted}`;
}

function narrow({ cluster }: Surveyed, said: readonly string[]): QuorateError {
  return refusal(
    cluster,
    `no room to try a snapshot: ${said.join('; ')}`,
    'set etcd_backup_dir to a folder on a larger disk, or make room there',
  );
}

/** The restored data, and the raft log beside it; as much again for etcd on the same disk. */
function neededKiB({ size }: Snapshot, { sharesData }: KeptSnapshots['room']): number {
  return SPARE_KIB + LOG_KIB + Math.ceil(size / 1024) * (sharesData ? 2 : 1);
}

function answers({ target }: EtcdHost): boolean {
  return target.facts.reading?.status !== undefined;
}

async function tryOut(run: PlayRun<EtcdFacts>, surveyed: Surveyed, trial: Trial): Promise<void> {
  const { snapshot, passedOver } = trial;
  if (passedOver.length > 0)
    run.log(
      'warning',
      `${surveyed.cluster.name}: newer than ${snapshot.file}, and not tried since they were never verified: ${passedOver.join(', ')}`,
    );
  await Promise.all(
    surveyed.hosts
      .filter(({ selected }) => selected)
      .map((host) => host.act('clearing what a killed drill left', clearTried(memberOf(host.target)))),
  );
  const fetch = performance.now();
  let began = fetch;
  const restore = async (path?: string) => {
    if (path !== undefined)
      await trial.host.send('sending the copy', path, triedFile(memberOf(trial.host.target)));
    began = performance.now();
    return restoreOn(trial);
  };
  const restored = await (trial.copies ? trial.copies.use(snapshot, restore).catch(asBroken) : restore());
  const live = typeof restored === 'string' ? undefined : await liveOf(surveyed, trial, restored);
  const judged =
    typeof restored === 'string'
      ? { problems: [`it does not restore: ${restored}`], same: [], apart: undefined, behind: undefined }
      : judgeDrill(snapshot, restored, live);
  const state = stateOf({
    cluster: surveyed.cluster.name,
    host: trial.host.target.name,
    from: trial.from,
    snapshot,
    fetchMs: trial.copies ? began - fetch : 0,
    seconds: typeof restored === 'string' ? undefined : restored.seconds,
    judged,
  });
  run.show({ event: 'drill', ...state });
  if (judged.problems.length > 0) {
    throw new QuorateError(
      [
        `${state.cluster}: ${state.file} of ${state.from} is not a good backup:`,
        ...judged.problems.map((one) => `  ${one}`),
      ].join('\n'),
      { exitCode: EXIT.unhealthy, host: state.host, hint: 'take another snapshot, and try that' },
    );
  }
  run.conclude(drillText(state));
}

/** A copy that cannot be opened is as bad as one that does not restore. */
function asBroken(error: unknown): string {
  if (error instanceof QuorateError && error.exitCode === EXIT.untrusted) return error.message;
  throw error;
}

/** What came of it; in words where it does not restore. */
async function restoreOn({ host, snapshot, copies }: Trial): Promise<Restored | string> {
  const member: Member = memberOf(host.target);
  const { name } = host.target;
  const file = copies ? triedFile(member) : `${member.backupDir}/${snapshot.file}`;
  const seconds = Math.ceil(400 + (snapshot.size / 2 ** 20) * 0.5) + 2 * answerSeconds(snapshot);
  const { code, out } = await host.act(`trying ${snapshot.file}`, drillShell(member, file, snapshot), {
    seconds,
  });
  const restored = code === 0 ? parseRestored(out, toolVersion(host)) : undefined;
  if (restored?.unread.length === 0) return restored;
  const last = restored?.unread.join('; ') ?? out.trim().split('\n').slice(-3).join('; ');
  if (code === BROKEN) return last;
  throw new QuorateError(`${name}: ${snapshot.file} was not tried: ${last}`, {
    exitCode: code === EXIT.refused ? EXIT.refused : EXIT.failed,
    host: name,
  });
}

/** By the member of the same host where it answers, else by any other. */
async function liveOf({ hosts }: Surveyed, { host, snapshot }: Trial, restored: Restored) {
  const asked = [host, ...hosts.filter((one) => one !== host)].find(answers);
  if (asked === undefined || restored.status === undefined) return undefined;
  // Only reads; what is read otherwise has to be there within a minute.
  const { out } = await asked.act('comparing with the cluster', liveShell(memberOf(asked.target), snapshot), {
    seconds: 60 + 2 * answerSeconds(snapshot),
  });
  return parseSaid(out, toolVersion(asked));
}

import { hostNames, type PlayRun, type Strategy } from '../../../dsl/play.ts';
import type { Vars } from '../../../dsl/role.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { type KeptSnapshots, readSnapshots, type Snapshot } from '../../snapshots/index.ts';
import { removeSnapshots } from '../../snapshots/remove.ts';
import { chooseTaker, TAKE, takeOn } from '../../snapshots/step.ts';
import { parseKeep, stampOf, thinnedApart } from '../../snapshots/thin.ts';
import { goOnHint, openIntent, witnesses } from '../../survey/intents.ts';
import { clustersOf, type EtcdHost, livingId, type Surveyed } from '../../surveyed.ts';
import { makesNewCluster } from '../../verbs.ts';
import { isOfCluster } from '../common/cluster-flag.ts';
import type { OperationStep } from '../common/operation.ts';
import { ledger, tallyOf } from '../common/tally.ts';
import { etcdStrategy } from '../site/strategy.ts';
import { refuseBare } from '../site/verify.ts';
import { copiesIn } from './copies.ts';
import { copyTo } from './copy.ts';
import { drillStep } from './drill/index.ts';
import { listLines } from './list.ts';
import { copiesToTry, inStore } from './places.ts';
import { recipientsOf, sealing } from './seal.ts';
import { contentText } from './wording.ts';

/** What the command line asks for. */
interface Wanted {
  readonly list: boolean;
  /** Nothing is taken: what there is is tried. */
  readonly drill: boolean;
  /** A folder of control, or the address of one elsewhere. */
  readonly to: string | undefined;
  readonly keep: ReturnType<typeof parseKeep>;
  /** Public keys that copies are encrypted to. */
  readonly recipients: readonly string[];
  /** A file with the private key that opens them. */
  readonly identity: string | undefined;
}

/**
 * Takes a snapshot of each cluster, verified, copies it where it is wanted, and thins what is there; or tries the newest
 * one. Nothing of a
 * cluster's state is changed by it, so nobody is asked, and members that are out of reach are only told.
 */
export const backupStrategy: Strategy<EtcdFacts> = {
  scope: (selected, all) => etcdStrategy.scope?.(selected.filter(isOfCluster), all) ?? [],
  anyHost: true,
  async admit(run) {
    await ofEach(run, async (surveyed) => {
      const wanted = wantedOf(surveyed);
      if (wanted.list) return;
      if (!wanted.drill) await lookAtPlace(run, wanted.to);
      for (const { carryOut: _, ...step } of await planSteps(run, surveyed, wanted))
        run.step(step, 'planned');
    });
  },
  async converge(run) {
    await ofEach(run, async (surveyed) => {
      const wanted = wantedOf(surveyed);
      if (wanted.list) return;
      await run.locked(
        surveyed.hosts.filter(({ selected }) => selected),
        () => carryOutAll(run, surveyed, wanted),
      );
    });
  },
  async verify(run) {
    await ofEach(run, async (surveyed) => {
      const wanted = wantedOf(surveyed);
      if (wanted.list) await tellAll(run, surveyed, wanted);
    });
  },
};

/** Names of the clusters of a run that have failed. */
const failed = new WeakMap<PlayRun<EtcdFacts>, Set<string>>();

/** A cluster that fails is not a reason to leave the others without a snapshot; it is left alone from then on. */
async function ofEach(run: PlayRun<EtcdFacts>, work: (surveyed: Surveyed) => Promise<void>): Promise<void> {
  const left = failed.get(run) ?? new Set();
  failed.set(run, left);
  for (const surveyed of clustersOf(run)) {
    const { name } = surveyed.cluster;
    if (left.has(name)) continue;
    try {
      await work(surveyed);
    } catch (error) {
      left.add(name);
      run.fail(error);
    }
  }
}

function wantedOf({ hosts }: Surveyed): Wanted {
  const vars: Vars = hosts[0]?.target.vars ?? {};
  return {
    list: vars.list === true,
    drill: vars.drill === true,
    to: typeof vars.to === 'string' ? vars.to : undefined,
    keep: parseKeep(String(vars.keep ?? vars.etcd_backup_keep)),
    recipients: recipientsOf(vars),
    identity: typeof vars.identity === 'string' ? vars.identity : undefined,
  };
}

async function planSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  wanted: Wanted,
): Promise<readonly OperationStep[]> {
  refuseBare(run, surveyed);
  if (!wanted.drill) return backupSteps(run, surveyed, wanted);
  return [await drillStep(run, surveyed, await copiesToTry(run, surveyed.cluster, wanted))];
}

/** A check tells what a copy would meet; a run takes its snapshot anyway, unless what the user gave cannot work. */
async function lookAtPlace(run: PlayRun<EtcdFacts>, to: string | undefined): Promise<void> {
  if (to === undefined) return;
  try {
    await inStore(run, to, (store) => store.list());
  } catch (error) {
    const isTheirs = error instanceof QuorateError && error.exitCode === EXIT.usage;
    if (run.check || isTheirs) throw error;
  }
}

async function backupSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  { to, keep, recipients }: Wanted,
): Promise<readonly OperationStep[]> {
  const { cluster, hosts } = surveyed;
  refuseHalfRestored(surveyed);
  const kept = new Map(
    await Promise.all(hosts.map(async (host) => [host, await readSnapshots(host)] as const)),
  );
  const taker = chooseTaker(
    surveyed,
    hosts.map((host) => kept.get(host) as KeptSnapshots),
  );
  const step = (host: EtcdHost, title: string, carryOut: () => Promise<void>): OperationStep => ({
    host: host.target.name,
    title,
    ledger: ledger(tallyOf(hosts)),
    carryOut,
  });
  let taken: Snapshot | undefined;
  const steps = [
    step(taker, TAKE, async () => {
      taken = await takeOn(taker);
      run.conclude(`${cluster.name}: ${taken.file} on ${taker.target.name}: ${contentText(taken)}`);
    }),
  ];
  if (to !== undefined) {
    // What is not a public key is refused before anything is taken.
    const seal = recipients.length > 0 ? await sealing(recipients) : undefined;
    steps.push(
      step(taker, `copy it to ${to}${seal ? ', encrypted' : ''}`, () =>
        inStore(run, to, (store) => copyTo(run, taker, taken as Snapshot, { store, to, seal, keep })),
      ),
    );
  }
  for (const host of hosts.filter(({ selected }) => selected)) {
    const verified = kept.get(host)?.verified ?? [];
    const coming = { file: nameNow(cluster.name), clusterId: livingId(surveyed) ?? '' };
    const going = thinnedApart(host === taker ? [...verified, coming] : verified, keep).filter(
      (file) => file !== coming.file,
    );
    if (going.length === 0) continue;
    steps.push(step(host, `remove older snapshots: ${going.join(', ')}`, () => removeSnapshots(host, going)));
  }
  return steps;
}

/** Once a snapshot is taken each of the other steps is for itself: copies that fail for days must not fill the hosts. */
async function carryOutAll(run: PlayRun<EtcdFacts>, surveyed: Surveyed, wanted: Wanted): Promise<void> {
  const errors: unknown[] = [];
  for (const [i, { carryOut, ...step }] of (await planSteps(run, surveyed, wanted)).entries()) {
    if (run.stopping()) {
      for (const error of errors) run.fail(error);
      throw new QuorateError(`stopped on request before: ${step.title}`, { exitCode: EXIT.interrupted });
    }
    run.step(step, 'begun');
    try {
      await carryOut();
      run.step(step, 'done');
    } catch (error) {
      run.step(step, 'failed');
      if (i === 0) throw error;
      errors.push(error);
    }
  }
  const [first, ...others] = errors;
  for (const other of others) run.fail(other);
  if (first !== undefined) throw first;
}

/** What would be taken is neither what was nor what is to come. */
function refuseHalfRestored({ cluster, hosts }: Surveyed): void {
  const open = openIntent(hosts);
  if (open === undefined || !makesNewCluster(open.verb)) return;
  throw refusal(
    cluster,
    `run ${open.runId} has begun a ${open.verb} that is not finished: no snapshot is taken of what it left`,
    goOnHint(open, cluster, witnesses(hosts)),
  );
}

async function tellAll(run: PlayRun<EtcdFacts>, { cluster, hosts }: Surveyed, { to }: Wanted): Promise<void> {
  const found = await Promise.all(
    hosts.map(async (host) => ({
      where: `${host.target.name}:${memberOf(host.target).backupDir}`,
      ...(await readSnapshots(host)),
    })),
  );
  const copies =
    to === undefined
      ? []
      : [
          {
            where: to,
            ...(await inStore(run, to, (store) => copiesIn(store, cluster.name))),
          },
        ];
  const places = [...found, ...copies];
  for (const line of listLines(places)) run.log('info', line);
  const count = places.reduce((sum, { verified }) => sum + verified.length, 0);
  run.conclude(
    `${cluster.name}: ${count} verified snapshots on ${hostNames(hosts)}${to === undefined ? '' : `, and in ${to}`}`,
  );
}

/** What a snapshot of this moment will be called, as far as thinning minds. */
function nameNow(cluster: string): string {
  return `${cluster}-${stampOf(Date.now())}-r0.db`;
}

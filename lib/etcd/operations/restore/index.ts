import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import { MARK } from '../../../dsl/probe.ts';
import { runId } from '../../../dsl/run-id.ts';
import type { Sh } from '../../../dsl/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { readCa } from '../../../pki/index.ts';
import { type EtcdFacts, isUp } from '../../facts/index.ts';
import { judgeCluster } from '../../health/judge.ts';
import { askUntilWhole, settle } from '../../health/settle.ts';
import { memberOf } from '../../model/cluster.ts';
import { compareVersions, minorOf } from '../../model/versions.ts';
import { stopMember } from '../../power.ts';
import { refusal, refuse } from '../../refusal.ts';
import { roll } from '../../roll.ts';
import { readSnapshots, snapshotStep } from '../../snapshots/index.ts';
import { doneIntent, intentProblem, openIntent, openRun } from '../../survey/intents.ts';
import { ownershipProblems } from '../../survey/ownership.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { contentText } from '../backup/words.ts';
import { rotatingAuthority } from '../certs/rotation.ts';
import type { Operation, OperationStep } from '../common/operation.ts';
import type { Source } from './file-source.ts';
import {
  keptIn,
  openToClients,
  placeData,
  prepare,
  progressFacts,
  type RestorePlace,
  sentFile,
  startClosed,
} from './shell.ts';
import { findSource } from './source.ts';
import { type Progress, restoreSteps } from './steps.ts';
import { flagProblems, VERB } from './words.ts';

/**
 * What it ends where that was begun: all data is set aside anyway, and what that was to be made of may be damaged. A
 * rotation of the CA, which wants all members, goes on afterwards.
 */
const PASSES = ['recover', 'certs'] as const;

/** How long before it a snapshot of what is there may have been taken, in milliseconds. */
const WITHIN = 10 * 60_000;

/**
 * Gives a cluster the data of a snapshot: all members of it the same, under a new cluster ID. What was written since is
 * set aside, never deleted.
 */
export function restoreOperation(): Operation {
  let source: Source | undefined;
  const wanted = { byHosts: false };
  const sourceOf = async (run: PlayRun<EtcdFacts>, { cluster, hosts }: Surveyed) => {
    const { from, identity } = hosts[0]?.target.vars ?? {};
    source ??= await findSource(
      run,
      String(from),
      cluster,
      hosts,
      identity === undefined ? undefined : String(identity),
    );
    return source;
  };
  return {
    name: VERB,
    check: flagProblems,
    async derive(run, surveyed) {
      const found = await sourceOf(run, surveyed);
      const { cluster, hosts } = surveyed;
      const open = intentProblem(cluster, hosts, VERB, targetOf(found), PASSES);
      if (open) throw open;
      const done = doneIntent(hosts, VERB);
      if (done?.target === targetOf(found) && hosts[0]?.target.vars.again !== true) {
        run.log('info', `${cluster.name}: done before, by run ${done.done}: --again restores it once more`);
        return [];
      }
      await refuseUnfit(surveyed, found);
      return deriveSteps(run, surveyed, found, wanted);
    },
    // A copy that is damaged is told before hosts note what they head for: they would want that one alone from then on.
    async prepare(run, surveyed) {
      if (wanted.byHosts) await (await sourceOf(run, surveyed)).path();
    },
    wish: async (run, surveyed) => ({ target: targetOf(await sourceOf(run, surveyed)) }),
    question: (surveyed) => question(surveyed, source),
  };
}

/** What it heads for, as the hosts remember it. */
function targetOf({ sha256 }: Source): string {
  return `snapshot sha256:${sha256}`;
}

async function deriveSteps(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  source: Source,
  wanted: { byHosts: boolean },
): Promise<readonly OperationStep[]> {
  const { hosts } = surveyed;
  const id = openRun(hosts, VERB) ?? runId();
  const places = new Map(
    hosts.map((host) => [host, { member: memberOf(host.target), run: id, verb: VERB }] as const),
  );
  const progress = await Promise.all(
    hosts.map((host) => readProgress(host, places.get(host) as RestorePlace)),
  );
  const untouched = progress.every(({ prepared, placed }) => !prepared && !placed);
  const serves = hosts.some(({ target }) => target.facts.reading?.healthy);
  // What is about to be set aside is kept in a form that can be restored as easily.
  const snapshot = untouched && serves ? await snapshotStep(run, surveyed, { within: WITHIN }) : undefined;
  const byName = new Map(hosts.map((host) => [host.target.name, host]));
  wanted.byHosts = progress.some(({ prepared, placed }) => !prepared && !placed);
  if (!wanted.byHosts) source.release?.();
  const steps = restoreSteps(progress).map(({ kind, ...step }): OperationStep => {
    const host = byName.get(step.host) as EtcdHost;
    const place = places.get(host) as RestorePlace;
    const carryOut = {
      prepare: () => prepareOn(host, surveyed, place, source),
      stop: () => act(host, 'stopping etcd', stopMember(place.member)),
      place: async () => {
        await act(host, 'putting the restored data in place', placeData(place));
        run.log('info', `${host.target.name}: its old data is kept in ${keptIn(place)}`);
      },
      start: () => act(host, 'starting etcd', startClosed(place.member)),
      wait: () => waitForAll(run, surveyed, source),
      open: () => openOn(run, surveyed, host, place),
    }[kind];
    return { ...step, carryOut };
  });
  return snapshot ? [snapshot, ...steps] : steps;
}

async function readProgress(host: EtcdHost, place: RestorePlace): Promise<Progress> {
  const { name, facts } = host.target;
  const { out } = await host.read('looking how far it has come', progressFacts(place));
  const is = (what: string) => new RegExp(`^${MARK}${what}$`, 'm').test(out);
  if (!new RegExp(`^${MARK}tool /`, 'm').test(out)) {
    throw refusal({ host: name }, `neither etcdutl nor etcdctl is in ${place.member.binDir}`);
  }
  const status = facts.reading?.status;
  return {
    host: name,
    prepared: is('prepared'),
    placed: is('placed'),
    up: isUp(facts),
    healthy: facts.reading?.healthy === true,
    leads: status !== undefined && status.leaderId === status.memberId,
    closed: is('closed'),
  };
}

/** On this host alone: the others still serve, and so does this one. */
async function prepareOn(
  host: EtcdHost,
  { cluster }: Surveyed,
  place: RestorePlace,
  source: Source,
): Promise<void> {
  const seconds = Math.ceil(180 + (source.bytes / 2 ** 20) * 0.5);
  await host.send('sending the snapshot', await source.path(), sentFile(place.member));
  await act(host, 'restoring it beside the data', prepare(place, cluster, source.sha256), seconds);
}

async function waitForAll(run: PlayRun<EtcdFacts>, surveyed: Surveyed, { known }: Source): Promise<void> {
  const { cluster } = surveyed;
  const answers = await askUntilWhole(run, surveyed);
  const findings = judgeCluster(answers);
  if (findings.length > 0) {
    const lines = findings.map(({ message }) => `  ${message}`);
    throw refusal(cluster, ['it did not become whole, and stays closed to clients:', ...lines].join('\n'));
  }
  const revision = answers[0]?.reading?.status?.revision ?? 0;
  if (known && revision < known.revision) {
    throw refusal(
      cluster,
      `it is at revision ${revision}, and the snapshot at ${known.revision}: it stays closed`,
    );
  }
}

/** One after another, behind the gate where there are members to spare. */
async function openOn(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  host: EtcdHost,
  place: RestorePlace,
): Promise<void> {
  const open = (one: EtcdHost) => act(one, 'opening it to clients', openToClients(place));
  if (surveyed.cluster.members.length > 2) return roll(run, surveyed, [host], { apply: open });
  await open(host);
  await settle(run, surveyed, [host]);
}

async function act(host: EtcdHost, doing: string, shell: Sh, seconds?: number): Promise<void> {
  const { code, out } = await host.act(doing, shell, seconds === undefined ? {} : { seconds });
  if (code === 0) return;
  throw new QuorateError(
    `${host.target.name}: ${doing} failed: ${out.trim().split('\n').slice(-5).join('; ')}`,
    {
      exitCode: code === EXIT.untrusted ? EXIT.untrusted : EXIT.failed,
      host: host.target.name,
    },
  );
}

async function refuseUnfit(surveyed: Surveyed, { known, bytes, name }: Source): Promise<void> {
  const { cluster, hosts } = surveyed;
  const left = cluster.members.filter(
    ({ host }) => !hosts.some(({ target, selected }) => selected && target.name === host),
  );
  if (left.length > 0) {
    throw refusal(
      cluster,
      `one snapshot is for all members, and these are left out: ${left.map(({ host }) => host).join(', ')}`,
      'run without --limit',
    );
  }
  const rotating = await rotatingAuthority(surveyed);
  const ca = rotating?.caPem ?? (await readCa(cluster.pkiDir));
  refuse(await ownershipProblems(surveyed, ca, rotating?.passing));
  for (const { target } of hosts) {
    const installed = target.facts.reading?.status?.version ?? target.facts.installed;
    if (known === undefined || installed === undefined) continue;
    if (minorOf(known.version) === minorOf(installed) || compareVersions(known.version, installed) < 0)
      continue;
    throw refusal(
      { host: target.name },
      `${name} was taken of etcd ${known.version}, and ${installed} is here: an older etcd does not read it`,
    );
  }
  await Promise.all(hosts.map((host) => refuseNarrow(host, bytes)));
}

/** What is sent, and what is restored from it, lie there together for a while. */
async function refuseNarrow(host: EtcdHost, bytes: number): Promise<void> {
  const { dataDir } = memberOf(host.target);
  const wanted = Math.ceil((2 * bytes) / 1024) + 64 * 1024;
  const { room } = await readSnapshots(host, dataDir);
  if (room.freeKiB >= wanted) return;
  throw refusal(
    { host: host.target.name },
    `${dataDir} has ${room.freeKiB} KiB free, wanted ${wanted}: the old data stays beside the restored`,
  );
}

function question({ cluster, hosts }: Surveyed, source: Source | undefined): string {
  const known = source?.known;
  const now = Math.max(0, ...hosts.map(({ target }) => target.facts.reading?.status?.revision ?? 0));
  const lost =
    now === 0
      ? 'no member answers, so nobody can say what was written since'
      : known === undefined
        ? `the cluster is at revision ${now}: what was written since the snapshot is lost to clients`
        : now > known.revision && known.cluster === cluster.name
          ? `the cluster is at revision ${now}: ${now - known.revision} revisions since are lost to clients`
          : `the cluster is at revision ${now}: what it has is lost to clients`;
  const what = known ? `${source?.name} (${contentText(known)})` : String(source?.name);
  const open = openIntent(hosts);
  const ends =
    open && open.verb !== VERB
      ? ` What run ${open.runId} has begun (${open.verb}) ${open.verb === 'certs' ? 'goes on afterwards' : 'ends with it'}.`
      : '';
  return `${cluster.name}: ${what} on ${hostNames(hosts)}; ${lost}, and they are shut out meanwhile.${ends} Go on?`;
}

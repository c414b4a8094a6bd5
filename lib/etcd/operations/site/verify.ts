import { commandLine } from '../../../command-line.ts';
import { hasChanges, hostNames, type PlayRun } from '../../../dsl/play.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { type Answer, exitBy, type Finding, healthBy } from '../../health/answer.ts';
import { knownAnswers } from '../../health/ask.ts';
import { canary } from '../../health/canary.ts';
import { clusterState } from '../../health/cluster-state.ts';
import { askedOf, halfWay } from '../../health/half-way.ts';
import { judgeCluster } from '../../health/judge.ts';
import { isUnhashed } from '../../health/judge-hashes.ts';
import { filteredPorts } from '../../health/port-matrix.ts';
import { askUntilWhole } from '../../health/settle.ts';
import { wayOut } from '../../health/way-out.ts';
import { worthKnowing } from '../../health/worth-knowing.ts';
import { isOf } from '../../model/role-names.ts';
import { refusal, refuse } from '../../refusal.ts';
import { starts } from '../../roll.ts';
import { setUpByOthers } from '../../survey/ownership.ts';
import { renamedProblems } from '../../survey/renamed.ts';
import { listsThatCount } from '../../survey/revocations.ts';
import { clusterFacts, clustersOf, type EtcdHost, isBare, type Surveyed } from '../../surveyed.ts';
import { tellTaken } from './taken.ts';

const TITLES = {
  members: 'the cluster is healthy',
  functions: 'put, get, watch, lease and compare-and-swap work',
} as const;

/** Reads every cluster at the end of a run or check; the canary writes, so never in a check. */
export async function verify(run: PlayRun<EtcdFacts>): Promise<void> {
  const asked = run.roles.some((role) => isOf({ role }, 'verify'));
  if (!asked && !run.explicitRoles) return;
  await Promise.all(
    clustersOf(run).map(async (surveyed) => {
      try {
        if (asked) await verifyCluster(run, surveyed);
        else if (clusterFacts(surveyed)?.state === 'live') await readCluster(run, surveyed);
      } catch (error) {
        run.fail(error);
      }
    }),
  );
}

/** The same reads on their own, without the canary. */
export async function showStatus(run: PlayRun<EtcdFacts>): Promise<void> {
  for (const surveyed of clustersOf(run)) await showHealth(run, surveyed, 'nothing');
}

/** The same after a verb: what else was begun has waited for it, and is open again. */
export async function showOutcome(run: PlayRun<EtcdFacts>): Promise<void> {
  for (const surveyed of clustersOf(run)) await showHealth(run, surveyed);
}

/**
 * The same of one cluster, or of those of its members that are to be looked at; `mayBe`: what else may be open meanwhile
 * is told, and is not a fault.
 */
export async function showHealth(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  mayBe: 'open' | 'nothing' = 'open',
): Promise<void> {
  try {
    refuseBare(run, surveyed);
    const answers = await knownAnswers(run, surveyed, { sparing: true });
    if (answers.some(isUnhashed))
      run.log(
        'info',
        `${surveyed.cluster.name}: its data is large, and not compared here: no write ends on a member meanwhile. ${commandLine('site')} --check compares it`,
      );
    await reportHealth(run, surveyed, surveyed.hosts, answers, mayBe);
  } catch (error) {
    run.fail(error);
  }
}

/**
 * Where there was no run yet, or the cluster was taken down, there is nothing to look for. That is known only of all its
 * hosts: 4 where some were not reached. Neither is there where somebody else has set it up, or where it is there under
 * another unit's name (3).
 */
export function refuseBare({ unreachable }: Pick<PlayRun, 'unreachable'>, surveyed: Surveyed): void {
  // To set it up anew under another name is no way: what is ours is told first.
  refuse(renamedProblems(surveyed.hosts));
  const others = setUpByOthers(surveyed);
  if (others) throw others;
  if (!isBare(surveyed)) return;
  const missing = unreachable.filter((name) => surveyed.cluster.members.some(({ host }) => host === name));
  if (missing.length > 0)
    throw refusal(
      surveyed.cluster,
      `not reached: ${missing.join(', ')}; nothing of a cluster is on ${hostNames(surveyed.hosts)}`,
      undefined,
      EXIT.unreachable,
    );
  throw new QuorateError(`${surveyed.cluster.name}: there is no cluster on these hosts`, {
    exitCode: EXIT.unhealthy,
    hint: `${commandLine('site')} makes one`,
  });
}

async function verifyCluster(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  const { hosts } = surveyed;
  const selected = hosts.filter((host) => host.selected);
  const state = clusterFacts(surveyed)?.state;
  const lives = state === 'live' || (state === 'stopped' && !hosts.some(starts));
  if (run.check && !lives) {
    for (const host of selected) host.report('verify', TITLES.members, 'unknown');
    return;
  }
  if (state !== 'live' && state !== 'stopped') {
    // It did not come about, and why was said where it failed.
    if (hosts.some((host) => run.failed(host))) return;
    if (!hosts.some(starts)) throw nothingToVerify(surveyed);
  }
  await readCluster(run, surveyed);
  if (run.check || !(hosts.some(hasChanges) || run.explicitRoles)) return;
  await tellTaken(run, surveyed);
  const [first] = selected;
  if (!first) return;
  await canary(first);
  first.report('verify', TITLES.functions, 'ok');
}

/** After changes members may need a moment to find each other again. */
async function readCluster(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  const { hosts } = surveyed;
  // What failed before is said already, and nobody waits for it.
  const enough = () => run.stopping() || hosts.some((host) => run.failed(host));
  const answers =
    hosts.some(hasChanges) && !run.check
      ? await askUntilWhole(run, surveyed, enough)
      : await knownAnswers(run, surveyed);
  const selected = hosts.filter((host) => host.selected);
  await reportHealth(run, surveyed, selected, answers);
}

function nothingToVerify({ cluster }: Surveyed): QuorateError {
  return new QuorateError(`${cluster.name}: there is no cluster on these hosts to verify`, {
    exitCode: EXIT.failed,
    hint: 'run the role systemd first: -r systemd',
  });
}

async function reportHealth(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  selected: readonly EtcdHost[],
  answers: readonly Answer[],
  mayBe: 'open' | 'nothing' = 'nothing',
): Promise<void> {
  const { cluster } = surveyed;
  const half = halfWay(askedOf(surveyed), answers);
  const isTold = ({ check }: Finding) => mayBe === 'open' && check === 'half-way';
  const findings = [...half.filter((one) => !isTold(one)), ...judgeCluster(answers)];
  for (const { message, hint } of half.filter(isTold))
    run.log('warning', `${cluster.name}: ${message}; ${hint}`);
  for (const host of selected) {
    const own = findings.filter((one) => one.host === undefined || one.host === host.target.name);
    host.report('verify', TITLES.members, STATUS_OF.get(healthBy(own)) ?? 'failed');
  }
  const lists = await listsThatCount(surveyed);
  for (const line of worthKnowing(surveyed, answers, lists)) run.log('warning', line);
  run.show({ event: 'cluster', ...clusterState(cluster.name, answers, findings) });
  if (findings.length === 0) {
    run.conclude(`${cluster.name}: cluster is healthy`);
    return;
  }
  const said = [...(await filteredPorts(surveyed)), ...findings.map(({ message }) => message)];
  throw new QuorateError(
    [`${cluster.name}: ${sayUnhealthy(findings)}:`, ...said.map((line) => `  ${line}`)].join('\n'),
    { exitCode: exitBy(findings), hint: wayOut(cluster, answers, findings) },
  );
}

const STATUS_OF: ReadonlyMap<boolean | null, 'ok' | 'unknown'> = new Map([
  [true, 'ok'],
  [null, 'unknown'],
]);

/** What findings come to, for the head of their list. */
export function sayUnhealthy(findings: readonly Finding[]): string {
  return healthBy(findings) === null
    ? 'whether the cluster is healthy cannot be read'
    : 'cluster is not healthy';
}

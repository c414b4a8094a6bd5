import type { PlayRun } from '../dsl/play.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { canary } from './canary.ts';
import { endOf } from './certificates.ts';
import type { EtcdFacts } from './facts.ts';
import { askUntilWhole, knownAnswers } from './gate.ts';
import { type Answer, judgeCluster } from './judge.ts';
import { filteredPorts } from './port-matrix.ts';
import { clustersOf, type EtcdHost, isBare, type Surveyed } from './survey.ts';
import { daysUntil, healthTable } from './table.ts';

/** Days before its end at which a certificate is worth a warning. */
const SOON = 30;

const TITLES = {
  members: 'the cluster is healthy',
  functions: 'put, get, watch, lease and compare-and-swap work',
} as const;

/** Reads every cluster at the end of a run or check; the canary writes, so never in a check. */
export async function verify(run: PlayRun<EtcdFacts>): Promise<void> {
  if (!run.roles.includes('verify')) return;
  await Promise.all(
    clustersOf(run).map(async (surveyed) => {
      try {
        await verifyCluster(run, surveyed);
      } catch (error) {
        run.fail(error);
      }
    }),
  );
}

/** The same reads on their own, without the canary. */
export async function showStatus(run: PlayRun<EtcdFacts>): Promise<void> {
  for (const surveyed of clustersOf(run)) {
    try {
      refuseBare(surveyed);
      await reportHealth(run, surveyed, surveyed.hosts, await knownAnswers(run, surveyed));
    } catch (error) {
      run.fail(error);
    }
  }
}

/** Where there was no run yet, or the cluster was taken down, there is nothing to look for. */
export function refuseBare(surveyed: Surveyed): void {
  if (!isBare(surveyed)) return;
  throw new QuorateError(`${surveyed.cluster.name}: there is no cluster on these hosts`, {
    exitCode: EXIT.unhealthy,
    hint: 'npx tsx playbooks/site.ts makes one',
  });
}

async function verifyCluster(run: PlayRun<EtcdFacts>, surveyed: Surveyed): Promise<void> {
  const changes = surveyed.hosts.some((host) => host.plan.some((planned) => planned.changes.length > 0));
  const selected = surveyed.hosts.filter((host) => host.selected);
  const state = surveyed.hosts[0]?.target.facts.cluster?.state;
  if (run.check && state !== 'live') {
    for (const host of selected) host.report('verify', TITLES.members, 'unknown');
    return;
  }
  // It did not come about, and why was said where it failed.
  if (state !== 'live' && state !== 'stopped' && surveyed.hosts.some((host) => run.failed(host))) return;
  // What failed before is said already, and nobody waits for it.
  const enough = () => run.stopping() || surveyed.hosts.some((host) => run.failed(host));
  const answers =
    changes && !run.check ? await askUntilWhole(run, surveyed, enough) : await knownAnswers(run, surveyed);
  await reportHealth(run, surveyed, selected, answers);
  if (run.check || !(changes || run.explicitRoles)) return;
  const [first] = selected;
  if (!first) return;
  await canary(first);
  first.report('verify', TITLES.functions, 'ok');
}

async function reportHealth(
  run: PlayRun<EtcdFacts>,
  surveyed: Surveyed,
  selected: readonly EtcdHost[],
  answers: readonly Answer[],
): Promise<void> {
  const { cluster } = surveyed;
  const findings = judgeCluster(answers);
  for (const host of selected) {
    const bad = findings.some((finding) => finding.host === undefined || finding.host === host.target.name);
    host.report('verify', TITLES.members, bad ? 'failed' : 'ok');
  }
  for (const { member, reading } of answers) {
    const end = endOf(reading?.certificates ?? []);
    const days = end ? daysUntil(end) : SOON;
    if (days >= 0 && days < SOON)
      run.log('warning', `${member.host}: a certificate ends in ${days} days: a run renews it`);
  }
  run.log('table', healthTable(cluster, answers));
  if (findings.length === 0) {
    // Directly after the table: reports close with it.
    run.log('info', `${cluster.name}: cluster is healthy`);
    return;
  }
  const said = [...(await filteredPorts(surveyed)), ...findings.map(({ message }) => message)];
  throw new QuorateError(
    [`${cluster.name}: cluster is not healthy:`, ...said.map((line) => `  ${line}`)].join('\n'),
    { exitCode: EXIT.unhealthy, hint: 'npx tsx playbooks/doctor.ts looks for causes' },
  );
}

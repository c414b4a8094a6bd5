import { commandLine } from '../../command-line.ts';
import { quorum } from '../model/cluster.ts';
import { type NamedCluster, verbLine } from '../verb-line.ts';
import { type Answer, type Finding, healthBy } from './answer.ts';

const CAUSES = `${commandLine('doctor')} looks for causes`;

const DIFFERS: ReadonlySet<Finding['check']> = new Set(['membership', 'learner', 'unstarted']);

/** What to do about a cluster that may not be touched as it is. */
export const HEALTH_FIRST = healthFirst(CAUSES);

/** Where to go from a cluster that is not healthy: the doctor for causes, and the verb that is the answer to what was found. */
export function wayOut(
  cluster: NamedCluster,
  answers: readonly Answer[],
  findings: readonly Finding[],
): string {
  const healthy = answers.filter(({ reading }) => reading?.healthy).length;
  if (healthBy(findings) === null) return toRead(cluster, answers);
  const known = [...new Set(findings.flatMap(({ hint }) => hint ?? []))];
  return [
    ...known,
    CAUSES,
    ...(findings.some(({ check }) => check === 'no-space') ? [moreRoom(cluster)] : []),
    ...renewal(cluster, answers, findings),
    // What is half-way takes members in and out by itself.
    ...(known.length === 0 && findings.some(({ check }) => DIFFERS.has(check))
      ? [`${verbLine('members', cluster, '--check')} shows how its members differ from the inventory`]
      : []),
    ...(healthy < quorum(answers.length) ? [forGood(cluster)] : []),
  ].join('; ');
}

/** One that gets no more does not pass the gate beside those that do, and who has given it room takes the alarm back. */
function moreRoom(cluster: NamedCluster): string {
  const disarm = verbLine('etcdctl', cluster, '--', 'alarm', 'disarm');
  return `where data needs more room, raise quota-backend-bytes in etcd_settings for all members, then ${commandLine('site')}; once there is room, ${disarm} takes the alarm back`;
}

/** Works also where `site` is refused: in the middle of a rotation, and where the inventory has another version. */
function renewal(
  cluster: NamedCluster,
  answers: readonly Answer[],
  findings: readonly Finding[],
): readonly string[] {
  const bad = new Set(findings.filter(({ check }) => check === 'certificate').map(({ host }) => host));
  const ended = answers.filter(({ caEnd }) => caEnd !== undefined && caEnd < new Date());
  // Nothing holds that a CA signs which has ended itself.
  for (const { member } of ended) bad.delete(member.host);
  const hosts = [...bad].flatMap((host) => host ?? []);
  if (hosts.length === 0) return [];
  return [`${verbLine('certs', cluster, '--renew', ...hosts)} makes certificates anew, without a restart`];
}

/** An answer that is not known here is for a person to read, or for a release that knows it. */
function toRead(cluster: NamedCluster, answers: readonly Answer[]): string {
  const open = answers.flatMap(({ reading }) => reading?.unanswered ?? []);
  const question = open.find(({ kind }) => kind === 'unknown')?.question ?? 'endpoint status';
  const asked = verbLine('etcdctl', cluster, '--', '-w', 'json', ...question.split(' '));
  return `${asked} shows the answer; look for a newer Quorate that knows this etcd`;
}

/** The same where there is no quorum, whatever else is found. */
export function withoutQuorum(cluster: NamedCluster): string {
  return `${CAUSES}; ${forGood(cluster)}`;
}

function forGood(cluster: NamedCluster): string {
  return `where too many are lost for good, ${verbLine('recover', cluster, '--check')} shows what is left`;
}

/** The hint of a refusal for want of health. */
export function healthFirst(how: string): string {
  return `bring the cluster to health first; ${how}`;
}

/** What was found, a line each, below a refusal's first. */
export function linesOf(findings: readonly Finding[]): readonly string[] {
  return findings.map(({ message }) => `  ${message}`);
}

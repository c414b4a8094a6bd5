import { commandLine } from '../../command-line.ts';
import { hostNames } from '../../dsl/play.ts';
import { quote } from '../../dsl/shell/sh.ts';
import type { QuorateError } from '../../errors.ts';
import { isUp } from '../facts/index.ts';
import { memberOf, quorum } from '../model/cluster.ts';
import { SET_ASIDE } from '../model/set-aside.ts';
import { refusal } from '../refusal.ts';
import type { EtcdHost, Surveyed } from '../surveyed.ts';
import { verbLine } from '../verb-line.ts';
import { caProblems } from './authority.ts';
import { renamedProblems } from './renamed.ts';
import { strayData } from './stray-data.ts';

/**
 * What speaks against these hosts being the cluster's that the inventory means: another owner in their records, data
 * or a service without records, another CA than `ca` (the one on control, if there is one), another cluster ID than
 * the majority's. Whoever changes or takes away anything asks this first.
 *
 * @param all Of the cluster, where these are some of them.
 */
export async function ownershipProblems(
  surveyed: Surveyed,
  ca: string | undefined,
  passing: readonly string[] = [],
  all = surveyed.hosts,
): Promise<readonly QuorateError[]> {
  const renamed = renamedProblems(surveyed.hosts, all);
  if (renamed.length > 0) return renamed;
  return [
    ...surveyed.hosts.flatMap((host) => foreign(host, surveyed)),
    ...(ca === undefined ? [] : caProblems(surveyed, ca, passing)),
    ...(await strayData(surveyed)),
  ];
}

/** Data or a service that our records do not claim belongs to somebody else. */
function foreign({ target }: EtcdHost, { cluster }: Surveyed): readonly QuorateError[] {
  const { owner, data } = target.facts;
  const { service, dataDir } = memberOf(target);
  const about = { host: target.name };
  if (owner !== undefined && owner !== `cluster ${cluster.name}`) {
    return [
      refusal(
        about,
        `${memberOf(target).stateDir} says ${JSON.stringify(owner)}, this inventory says cluster ${cluster.name}`,
        `another inventory manages this host; if it is the same cluster under another file name, set etcd_cluster_name: ${owner.replace(/^cluster /, '')}`,
      ),
    ];
  }
  if (owner !== undefined) return [];
  const notOurs = notSetUp(target);
  if (isUp(target.facts)) return [refusal(about, `${service} runs, and ${notOurs}`, NOT_NEEDED)];
  if (data !== 'present') return [];
  const hint = `it is left untouched; if it is not needed, --${SET_ASIDE} ${target.name} moves the data aside`;
  return [refusal(about, `${dataDir} has data, and ${notOurs}`, hint)];
}

const NOT_NEEDED =
  'it is left untouched; if it is not needed, stop and disable it, and move its data away yourself';

/**
 * A refusal (3) of a cluster that somebody else has set up, and that runs: whatever would be asked with files of ours
 * tells nothing of it. undefined for all others, also where records of ours are lost and its members still answer.
 */
export function setUpByOthers(surveyed: Surveyed): QuorateError | undefined {
  const { cluster, hosts } = surveyed;
  const running = hosts.filter(({ target }) => isUp(target.facts));
  const isOurs = ({ target: { facts } }: EtcdHost) =>
    facts.owner !== undefined || facts.reading?.healthy || facts.reading?.status !== undefined;
  const [first] = running;
  // A few are no cluster: a package has started them, say.
  if (first === undefined || running.length < quorum(hosts.length) || hosts.some(isOurs)) return undefined;
  const { service } = memberOf(first.target);
  return refusal(
    cluster,
    `${service} runs on ${hostNames(running)}, and ${notSetUp(first.target)}: nothing can be said of it`,
    takeOver(surveyed),
  );
}

function notSetUp(target: EtcdHost['target']): string {
  return `it was not set up from here (no ${memberOf(target).stateDir})`;
}

/**
 * By which lines what it has becomes that of a cluster from here; for a hint. Of the whole cluster alone: beside members of
 * ours they would put the data of a stranger in the place of theirs.
 */
function takeOver({ cluster, hosts }: Surveyed): string {
  const aside = hosts.flatMap(({ target }) => (isUp(target.facts) ? [putAside(target)] : []));
  return [
    `${NOT_NEEDED}. What it has becomes that of a cluster from here by these: stop its clients (what they write after the snapshot is lost); etcdctl snapshot save FILE, with the flags that it wants, and bring FILE to this machine`,
    ...aside,
    commandLine('site'),
    verbLine('restore', cluster, '--from', 'FILE'),
    `${verbLine('certs', cluster, '--client', 'NAME')} for each of its clients: the CA is another one`,
  ].join('\nthen: ');
}

function putAside(target: EtcdHost['target']): string {
  const { host, service, dataDir } = memberOf(target);
  const moves = target.facts.data === 'present' ? [`mv ${quote(dataDir)} ${quote(`${dataDir}.before`)}`] : [];
  return `on ${host}: ${[`systemctl disable --now ${service}`, ...moves].join('; ')}`;
}

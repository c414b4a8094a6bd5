import type { PlayHost, PlayRun, Strategy } from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import type { QuorateError } from '../../../errors.ts';
import { readCa } from '../../../pki/index.ts';
import { clusterOf, isLocal, memberOf } from '../../model/cluster.ts';
import { refusal, refuse } from '../../refusal.ts';
import { ownershipProblems } from '../../survey/ownership.ts';
import { clustersOf } from '../../surveyed.ts';
import { etcdStrategy } from '../site/strategy.ts';
import { beginDestroying, isDestroying, keepControl, purgeControl } from './control.ts';
import type { DestroyFacts } from './facts.ts';

/** All hosts side by side: what goes away needs no turns. In the end what control keeps is put aside, too. */
export const destroyStrategy: Strategy<DestroyFacts> = {
  scope: etcdStrategy.scope,
  async survey(run) {
    const problems = await Promise.all(
      clustersOf(run).map(async (surveyed) =>
        ownershipProblems(surveyed, await readCa(surveyed.cluster.pkiDir)),
      ),
    );
    refuse([...problems.flat(), ...run.hosts.flatMap(manifestProblems)]);
    for (const { target } of run.hosts)
      for (const [user, why] of target.facts.needed)
        run.log('info', `${target.name}: user ${user} stays: ${why}`);
  },
  async converge(run) {
    const clusters = clustersOf(run).filter(({ hosts }) => hosts.every(({ selected }) => selected));
    for (const { cluster, hosts } of clusters)
      if (hosts.some(({ target }) => target.facts.owner !== undefined)) await beginDestroying(cluster);
    const done = await run.each(run.hosts, (host) => host.apply(() => true));
    if (done.length < run.hosts.length || run.unreachable.length > 0) return;
    for (const { cluster, hosts } of clusters) {
      const targets = hosts.map(({ target }) => target);
      if (!targets.every(isThrowAway) && !(await isDestroying(cluster))) continue;
      if (targets.every(purges)) await purgeControl(cluster);
      else await sayKept(run, await keepControl(cluster));
    }
  },
};

/** Data and CA go, too: with `--purge`, and where the cluster is a throw-away. */
export function purges(host: HostData): boolean {
  return host.vars.purge === true || isThrowAway(host);
}

/** On this machine, with its data among what Quorate keeps beside the inventory. */
function isThrowAway(host: HostData): boolean {
  return isLocal(host.vars) && memberOf(host).dataDir.startsWith(`${clusterOf(host).controlDir}/`);
}

/**
 * Where the inventory and the host's manifest mean other directories: only what runs have put there is taken away,
 * and what the inventory names may be anybody's.
 */
export function manifestProblems({
  target,
}: Pick<PlayHost<DestroyFacts>, 'target'>): readonly QuorateError[] {
  const { manifest, dataIn, data } = target.facts;
  if (manifest === undefined) return [];
  const { dataDir, configDir, stateDir } = memberOf(target);
  const elsewhere = dataIn.filter((path) => path !== dataDir);
  const confs = manifest.filter((path) => path.endsWith('/etcd.conf'));
  const disagree = (variable: string, path: string, recorded: readonly string[]) =>
    refusal(
      { host: target.name },
      `${variable} is ${path}, and ${stateDir}/manifest has ${recorded.join(' and ') || 'no such directory'}`,
      `put ${variable} back: what was not put there from here is not taken away`,
    );
  const isOther = manifest.includes(dataDir)
    ? data !== 'present' && elsewhere.length > 0
    : data !== 'absent' || elsewhere.length > 0;
  return [
    ...(isOther ? [disagree('etcd_data_dir', dataDir, elsewhere)] : []),
    ...(confs.length > 0 && !confs.includes(`${configDir}/etcd.conf`)
      ? [disagree('etcd_config_dir', configDir, confs)]
      : []),
  ];
}

async function sayKept(run: PlayRun<DestroyFacts>, kept: string | undefined): Promise<void> {
  if (kept !== undefined) run.log('info', `the CA and its certificates are kept in ${kept}`);
}

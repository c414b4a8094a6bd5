import { basename, dirname } from 'node:path';
import {
  hasChanges,
  hostNames,
  isDue,
  type PlayHost,
  type PlayRun,
  type Strategy,
} from '../../../dsl/play.ts';
import type { HostData } from '../../../dsl/role.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import type { QuorateError } from '../../../errors.ts';
import { readCa } from '../../../pki/index.ts';
import { setAside } from '../../../resources/set-aside.ts';
import { clusterOf, isLocal, type Member, memberOf } from '../../model/cluster.ts';
import { walPath } from '../../model/paths.ts';
import { refusal, refuse } from '../../refusal.ts';
import { ownershipProblems } from '../../survey/ownership.ts';
import { clustersOf } from '../../surveyed.ts';
import { refuseDueOfMinority } from '../common/minority.ts';
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
  async admit(run) {
    for (const surveyed of clustersOf(run)) refuseDueOfMinority(surveyed);
    for (const line of goingPaths(run.hosts)) run.log('info', line);
  },
  async converge(run) {
    const clusters = clustersOf(run).filter(({ hosts }) => hosts.every(({ selected }) => selected));
    for (const { cluster, hosts } of clusters)
      if (hosts.some(({ target }) => target.facts.owner !== undefined)) await beginDestroying(cluster);
    const done = await run.each(run.hosts, async (host) => {
      await host.apply(() => true);
      for (const line of await keptData(host)) run.log('info', line);
    });
    if (done.length < run.hosts.length || run.unreachable.length > 0) return;
    for (const { cluster, hosts } of clusters) {
      const targets = hosts.map(({ target }) => target);
      if (!targets.every(isThrowAway) && !(await isDestroying(cluster))) continue;
      if (targets.every(purges)) await purgeControl(cluster, inventoriesOf(targets));
      else await sayKept(run, await keepControl(cluster));
    }
  },
};

function inventoriesOf(hosts: readonly HostData[]): readonly string[] {
  const files = hosts.map(({ vars }) => vars.inventory_file);
  return [...new Set(files)].filter((file) => typeof file === 'string' && file !== '') as string[];
}

type Going = Pick<PlayHost<DestroyFacts>, 'target' | 'plan' | 'selected'>;

/** The paths that go, as far as plans have them: said once for hosts that have the same. */
export function goingPaths(hosts: readonly Going[]): readonly string[] {
  const same = new Map<string, Going[]>();
  for (const host of hosts.filter((one) => one.selected && hasChanges(one))) {
    const list = listOf(host);
    if (list !== '') same.set(list, [...(same.get(list) ?? []), host]);
  }
  return [...same].map(([list, some]) => `${hostNames(some)}: what runs have put there goes: ${list}`);
}

/** `/opt/etcd/bin (etcd, etcdctl), /etc/systemd/system/etcd.service`; what lies ready for a moment only is left out. */
function listOf({ target }: Going): string {
  const { stateDir } = memberOf(target);
  const paths = (target.facts.manifest ?? []).filter(
    (path) => path.startsWith('/') && !path.startsWith(`${stateDir}/`) && !path.endsWith('.next'),
  );
  const folders = [...new Set(paths.map(dirname))].filter((folder) => paths.includes(folder));
  const inside = (folder: string) =>
    paths.filter((path) => dirname(path) === folder).map((path) => basename(path));
  const alone = paths.filter((path) => !folders.includes(path) && !folders.includes(dirname(path)));
  return [...folders.map((folder) => `${folder} (${inside(folder).sort().join(', ')})`), ...alone]
    .sort()
    .join(', ');
}

/** Where the data of a host is now, of what this run has set aside. */
async function keptData(host: PlayHost<DestroyFacts>): Promise<readonly string[]> {
  const { target, plan } = host;
  const paths = plan.filter(isDue).flatMap(({ task }) => setAside.wishOf(task)?.path ?? []);
  if (paths.length === 0 || purges(target)) return [];
  const label = `${memberOf(target).service}.destroyed`;
  // Names carry the time, so that the last one is the latest.
  const { out } = await host.read(
    'looking for the data that was set aside',
    sh`for q_path in ${paths}; do
  q_last=
  for q_aside in "$q_path".${label}-* "$q_path"/.${label}-*; do if [ -d "$q_aside" ]; then q_last=$q_aside; fi; done
  if [ -n "$q_last" ]; then printf '%s\n' "$q_last"; fi
done`,
  );
  return out
    .split('\n')
    .filter(Boolean)
    .map((path) => `${target.name}: its data is kept in ${path}`);
}

/** Data and CA go, too: with `--purge`, and where the cluster is a throw-away. */
export function purges(host: HostData): boolean {
  return host.vars.purge === true || isThrowAway(host);
}

/** On this machine, with its data among what Quorate keeps beside the inventory. */
export function isThrowAway(host: HostData): boolean {
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
  const member = memberOf(target);
  const { dataDir, configDir, stateDir } = member;
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
  const logs = otherLogs(member, target.facts, manifest);
  return [
    ...(isOther ? [disagree('etcd_data_dir', dataDir, elsewhere)] : []),
    ...(logs === undefined ? [] : [disagree('etcd_wal_dir', walPath(member), logs)]),
    ...(confs.length > 0 && !confs.includes(`${configDir}/etcd.conf`)
      ? [disagree('etcd_config_dir', configDir, confs)]
      : []),
  ];
}

/**
 * Where the raft log lies, if the inventory would have it elsewhere: what nobody names is not taken away, and would be
 * left without a word. undefined where it lies as the inventory says, or goes with the data directory.
 */
function otherLogs(
  member: Member,
  { walElsewhere, logsIn }: DestroyFacts,
  manifest: readonly string[],
): readonly string[] | undefined {
  const { dataDir, walDir } = member;
  const wanted = walPath(member);
  const others = [...new Set([...logsIn, ...(walElsewhere === undefined ? [] : [walElsewhere])])].filter(
    (path) => path !== wanted && !path.startsWith(`${dataDir}/`),
  );
  const isMissing = !logsIn.includes(wanted) && others.length > 0;
  const isForeign = logsIn.includes(wanted) && walDir !== undefined && !manifest.includes(walDir);
  return isMissing || isForeign ? others : undefined;
}

async function sayKept(run: PlayRun<DestroyFacts>, kept: string | undefined): Promise<void> {
  if (kept !== undefined) run.log('info', `the CA and its certificates are kept in ${kept}`);
}

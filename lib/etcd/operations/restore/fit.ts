import { readCa } from '../../../pki/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { compareVersions, minorOf } from '../../model/versions.ts';
import { refusal, refuse } from '../../refusal.ts';
import { ownershipProblems } from '../../survey/ownership.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';
import { rotatingAuthority } from '../certs/rotation/state.ts';
import type { Source } from './file-source.ts';
import type { RestoreStanding } from './progress.ts';

/** Refuses (3) hosts that this snapshot is not for, or that cannot restore it. */
export async function refuseUnfit(
  surveyed: Surveyed,
  { known, name }: Source,
  { progress }: Pick<RestoreStanding, 'progress'>,
): Promise<void> {
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
    if (!progress.find(({ host }) => host === target.name)?.tool)
      throw refusal(
        { host: target.name },
        `neither etcdutl nor etcdctl is in ${memberOf(target).binDir}`,
        `a new machine joins after it: leave it out of the inventory until then, and restore with --again; ${verbLine('members', cluster)} adds it`,
      );
    if (known) refuseNewer(target, name, known.version);
  }
}

/** Refuses (3) data of a newer minor than is installed: of another patch it is read. */
export function refuseNewer(
  { name: host, facts }: EtcdHost['target'],
  name: string,
  version: string,
  hint?: string,
): void {
  const installed = facts.reading?.status?.version ?? facts.installed;
  if (installed === undefined || minorOf(version) === minorOf(installed)) return;
  if (compareVersions(version, installed) < 0) return;
  throw refusal(
    { host },
    `${name} was taken of etcd ${version}, and ${installed} is here: an older etcd does not read it`,
    hint,
  );
}

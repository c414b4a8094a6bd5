import { hostNames } from '../../dsl/play.ts';
import { sh } from '../../dsl/shell/sh.ts';
import type { QuorateError } from '../../errors.ts';
import { memberLog } from '../facts/member-log.ts';
import { type Member, memberOf, quorum } from '../model/cluster.ts';
import { SET_ASIDE } from '../model/set-aside.ts';
import { refusal } from '../refusal.ts';
import { type EtcdHost, recoveredId, recoveredLast, recoveryOf, type Surveyed } from '../surveyed.ts';
import { verbLine } from '../verb-line.ts';

/**
 * Members whose data is of another cluster than the majority's: the tutorial's second incident. With the
 * line that etcd wrote about it, where there is one.
 */
export async function strayData({ cluster, hosts }: Surveyed): Promise<readonly QuorateError[]> {
  const ids = new Map<string, EtcdHost[]>();
  for (const host of hosts) {
    const id = host.target.facts.reading?.status?.clusterId;
    if (id !== undefined) ids.set(id, [...(ids.get(id) ?? []), host]);
  }
  if (ids.size < 2) return [];
  const needed = quorum(cluster.members.length);
  const recovered = recoveredId(hosts);
  const [own] = recovered ? [recovered] : ([...ids].find(([, some]) => some.length >= needed) ?? []);
  if (own === undefined) {
    const all = [...ids].map(([id, some]) => `${id} on ${hostNames(some)}`).join('; ');
    return [
      refusal(
        cluster,
        `cluster IDs differ, and none has a majority of ${needed}: ${all}`,
        'which of them is the cluster is for you to say: stop the others',
      ),
    ];
  }
  const majority = ids.get(own) ?? [];
  const strays = [...ids]
    .filter(([id]) => id !== own)
    .flatMap(([id, some]) => some.map((host) => ({ id, host })));
  return Promise.all(
    strays.map(async ({ id, host }) => {
      const { name } = host.target;
      const replaced = verbLine('members', cluster, '--replace', name);
      const alone = recoveryOf(host);
      const isLater = alone !== undefined && alone > (recoveredLast(hosts) ?? '');
      if (isLater && !majority.some((one) => recoveryOf(one) === alone)) {
        const line = await mismatchLine([host, ...majority]);
        return refusal(
          { host: name },
          `its data is of another cluster: its cluster ID is ${id}, that of ${hostNames(majority)} is ${own}; it alone says that run ${alone} recovered or restored the cluster${line}`,
          `if somebody knows of that run, stop etcd on ${hostNames(majority)}, and replace these, not this one; else: ${replaced}`,
        );
      }
      if (recovered) {
        return refusal(
          { host: name },
          `its data is of the cluster before it was recovered or restored: its cluster ID is ${id}, that of ${hostNames(majority)} is ${own}`,
          `what only it has is lost once its data is set aside: ${replaced} does that, and adds it`,
        );
      }
      const line = await mismatchLine([host, ...majority]);
      const member = memberOf(host.target);
      const list = majority.flatMap(({ target }) => target.facts.reading?.members ?? []);
      const entry = list.find(({ peerUrls }) => peerUrls.includes(member.peerUrl));
      return refusal(
        { host: name },
        `its data is of another cluster: its cluster ID is ${id}, that of ${hostNames(majority)} is ${own}${line}`,
        entry?.clientUrls.length === 0
          ? `if that data is not needed here: --${SET_ASIDE} ${name} moves it aside`
          : `${entry ? 'it has joined this cluster before' : 'this cluster does not list it'}, so it comes ${entry ? 'back ' : ''}as a new member: ${replaced}`,
      );
    }),
  );
}

async function mismatchLine(hosts: readonly EtcdHost[]): Promise<string> {
  for (const host of hosts) {
    const { out } = await host.read('reading the journal', lastMismatch(memberOf(host.target)));
    if (out.trim() !== '') return `\n  ${host.target.name}: ${out.trim()}`;
  }
  return '';
}

function lastMismatch(member: Member) {
  return sh`${memberLog(member)} 2>/dev/null | head -n 2000 | grep -F 'cluster ID mismatch' | head -n 1`;
}

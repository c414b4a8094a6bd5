import { hostNames } from '../../dsl/play.ts';
import { sh } from '../../dsl/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { type Member, memberOf, quorum } from '../model/cluster.ts';
import { logFile } from '../model/paths.ts';
import type { EtcdHost, Surveyed } from './survey.ts';

/** `--set-aside-data HOST`, as it reaches the hosts. */
export const SET_ASIDE = 'set-aside-data';

/**
 * Lets the data of the host that `--set-aside-data` names make way: from here on the host counts as one
 * without data. Only for a member that has never joined this cluster; for any other the data is, or may
 * be, part of the cluster, and the reason is returned.
 */
export function admitSetAside(surveyed: Surveyed): readonly QuorateError[] {
  return surveyed.hosts.flatMap((host) => {
    const { facts, vars, name } = host.target;
    if (vars[SET_ASIDE] !== name || facts.data !== 'present') return [];
    // Done by an earlier run: the member works in this cluster.
    if (isHealthyMember(host, surveyed)) return [];
    const reason = reasonToKeep(host, surveyed);
    if (reason) return [reason];
    facts.setAside = true;
    facts.data = 'absent';
    facts.reading = undefined;
    if (facts.service !== 'absent') facts.service = 'inactive';
    return [];
  });
}

function isHealthyMember(host: EtcdHost, { hosts }: Surveyed): boolean {
  const { reading } = host.target.facts;
  const id = reading?.status?.clusterId;
  const same = hosts.filter(({ target }) => target.facts.reading?.status?.clusterId === id);
  return reading?.healthy === true && same.length > 1;
}

function reasonToKeep(host: EtcdHost, { cluster, hosts }: Surveyed): QuorateError | undefined {
  const member = memberOf(host.target);
  const refusal = (message: string, hint: string) =>
    new QuorateError(`${member.host}: its data stays where it is: ${message}`, {
      exitCode: EXIT.refused,
      host: member.host,
      hint,
    });
  const others = hosts.filter((other) => other !== host);
  const list = others.find(({ target }) => target.facts.reading?.healthy)?.target.facts.reading?.members;
  if (list) {
    const listed = list.find(({ peerUrls }) => peerUrls.includes(member.peerUrl));
    if (!listed) {
      return refusal(`${cluster.name} lives and does not list ${member.peerUrl}`, 'add the member first');
    }
    if (listed.clientUrls.length === 0) return undefined;
    return refusal(
      `member ${listed.name} (${listed.id}) has joined ${cluster.name} before`,
      'remove the member, then add it again: it must not come back under its old promises without its log',
    );
  }
  const holders = others.filter(({ target }) => target.facts.data === 'present');
  if (holders.length > 0) {
    return refusal(
      `there is no majority to go by: ${hostNames(holders)} has data, too, and no quorum`,
      'start the members that belong together first',
    );
  }
  if (host.target.facts.owner !== undefined) {
    return refusal(
      `it was set up as a member of ${cluster.name}, and no other member has data`,
      'this may be the last copy: restore the cluster from it, or move it by hand if it is not needed',
    );
  }
  return undefined;
}

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
  const [own] = [...ids].find(([, some]) => some.length >= needed) ?? [];
  if (own === undefined) {
    const all = [...ids].map(([id, some]) => `${id} on ${hostNames(some)}`).join('; ');
    return [
      new QuorateError(`${cluster.name}: cluster IDs differ, and none has a majority of ${needed}: ${all}`, {
        exitCode: EXIT.refused,
        hint: 'which of them is the cluster is for you to say: stop the others',
      }),
    ];
  }
  const majority = ids.get(own) ?? [];
  const strays = [...ids]
    .filter(([id]) => id !== own)
    .flatMap(([id, some]) => some.map((host) => ({ id, host })));
  return Promise.all(
    strays.map(async ({ id, host }) => {
      const { name } = host.target;
      const line = await mismatchLine([host, ...majority]);
      const joined = majority
        .flatMap(({ target }) => target.facts.reading?.members ?? [])
        .some(
          ({ peerUrls, clientUrls }) =>
            peerUrls.includes(memberOf(host.target).peerUrl) && clientUrls.length > 0,
        );
      return new QuorateError(
        `${name}: its data is of another cluster: its cluster ID is ${id}, that of ${hostNames(majority)} is ${own}${line}`,
        {
          exitCode: EXIT.refused,
          host: name,
          hint: joined
            ? 'it has joined this cluster before: remove the member, set its data aside by hand, and add it again'
            : `if that data is not needed here: --${SET_ASIDE} ${name} moves it aside`,
        },
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
  const { manager, service } = member;
  const lines =
    manager === 'systemd'
      ? sh`journalctl --no-pager --output=cat --lines=2000 --unit ${service}.service`
      : sh`tail -n 2000 ${logFile(member)}`;
  return sh`${lines} 2>/dev/null | grep -F 'cluster ID mismatch' | tail -n 1`;
}

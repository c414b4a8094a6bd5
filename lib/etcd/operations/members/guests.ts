import type { PlayRun } from '../../../dsl/play.ts';
import { namedParts } from '../../../dsl/shell/probe.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import { etcdctlFunction } from '../../facts/etcdctl/etcdctl.ts';
import type { EtcdFacts } from '../../facts/index.ts';
import { isMemberUrl } from '../../facts/plain-words.ts';
import { memberOf } from '../../model/cluster.ts';
import { confFile } from '../../model/paths.ts';
import type { EtcdHost } from '../../surveyed.ts';
import type { Scene } from './scene.ts';

/** An address that members have to let in, and that no host of the inventory has. */
export interface Guest {
  readonly name: string;
  readonly address: string;
  readonly port: number;
}

/** The peer URL that a running member was started with, as its process says, and the one of its etcd.conf. */
export interface RunsAt {
  readonly url: string;
  readonly written: string | undefined;
}

/** Where each running member was started, by its host. */
export async function addressesOf(
  run: PlayRun<EtcdFacts>,
  hosts: readonly EtcdHost[],
): Promise<ReadonlyMap<string, RunsAt>> {
  const found = new Map<string, RunsAt>();
  const running = hosts.filter(({ target }) => target.facts.reading !== undefined);
  await run.each(running, async (host) => {
    const member = memberOf(host.target);
    const { out } = await host.read(
      'looking where it runs',
      sh`${etcdctlFunction(member)}
if q_setting ETCD_INITIAL_ADVERTISE_PEER_URLS; then q_part "runs-at"; printf '%s\n' "$q_value"; fi
if [ -f ${confFile(member)} ]; then
  q_part "written"
  while IFS= read -r q_line; do
    case $q_line in ETCD_INITIAL_ADVERTISE_PEER_URLS=*) q_line=\${q_line#*=\"}; printf '%s\n' "\${q_line%\"}" ;; esac
  done <${confFile(member)}
fi`,
    );
    const parts = namedParts(out);
    const url = parts.get('runs-at')?.trim();
    if (url && isMemberUrl(url)) found.set(host.target.name, { url, written: parts.get('written')?.trim() });
  });
  return found;
}

/** Peer URLs that the members list, or that our records have; a process can say anything of itself. */
export function knownUrls(hosts: readonly EtcdHost[]): ReadonlySet<string> {
  const all = hosts.flatMap(({ target: { facts } }) => [
    ...(facts.reading?.members ?? []),
    ...(facts.formed ?? []),
  ]);
  return new Set(all.flatMap(({ peerUrls }) => peerUrls));
}

/**
 * Members without a host, and old addresses of those that move: rules are made for these. What is `strange` only its
 * process says, and whoever has taken a member over would have a door opened by it.
 */
export function guestsOf(
  { listed, places }: Pick<Scene, 'listed' | 'places'>,
  runsAt: ReadonlyMap<string, RunsAt>,
  known: ReadonlySet<string>,
): { readonly guests: readonly Guest[]; readonly strange: readonly Guest[] } {
  const homeless = listed.filter((one) => !places.some(({ peerUrl }) => one.peerUrls.includes(peerUrl)));
  const moving = places.flatMap(({ name, host, elsewhere }) => {
    const at = runsAt.get(host);
    return elsewhere && at ? [{ name, ...at }] : [];
  });
  const isKnown = ({ url, written }: RunsAt) => url === written || known.has(url);
  const at = (some: typeof moving) => some.flatMap(({ name, url }) => guestAt(name, url));
  return {
    guests: [
      ...homeless.flatMap(({ id, name, peerUrls }) => peerUrls.flatMap((url) => guestAt(name || id, url))),
      ...at(moving.filter(isKnown)),
    ],
    strange: at(moving.filter((one) => !isKnown(one))),
  };
}

function guestAt(name: string, url: string): readonly Guest[] {
  const [, bracketed, plain, port] = /^https?:\/\/(?:\[([^\]]+)\]|([^:/]+)):(\d+)$/.exec(url) ?? [];
  const address = bracketed ?? plain;
  return address === undefined ? [] : [{ name, address, port: Number(port) }];
}

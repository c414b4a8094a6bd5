import { quote } from '../dsl/sh.ts';
import { fromHere } from '../paths.ts';
import { type Member, memberOf } from './model/cluster.ts';
import type { Surveyed } from './surveyed.ts';

/** etcdctl on the host of `place` with the member's own certificate, as a line to copy; `versions` are those that run. */
export function etcdctlLine(
  place: Member,
  endpoints: readonly string[],
  command: string,
  versions: readonly (string | undefined)[],
): string {
  // On this machine the paths may be long: seen from here they are not.
  const here = (path: string) => (place.local ? fromHere(path) : path);
  const [binDir, certDir] = [here(place.binDir), here(place.certDir)];
  const words = [
    `${binDir}/etcdctl`,
    `--cacert=${certDir}/ca.pem`,
    `--cert=${certDir}/server.pem`,
    `--key=${certDir}/server-key.pem`,
    `--endpoints=${endpoints.join(',')}`,
  ];
  // Only 3.3 speaks API 2 by itself; 3.6 and later warn of the variable.
  const old = versions.some((version) => /^3\.[0-3]\./.test(version ?? ''));
  return `${old ? 'ETCDCTL_API=3 ' : ''}${words.map(quote).join(' ')} ${command}`;
}

/** Lines to copy, one a command, for a host whose member answers. */
export function etcdctlLines({ cluster, hosts }: Surveyed, ...commands: readonly string[]): string {
  const answers = hosts.find(({ target }) => target.facts.reading?.healthy)?.target;
  const place = answers ? memberOf(answers) : cluster.members[0]!;
  const endpoint = answers?.facts.reading?.clientUrl || place.clientUrl;
  const versions = hosts.map(({ target }) => target.facts.reading?.status?.version);
  const where = [
    ...(place.local ? [] : [`on ${place.host}`]),
    ...(place.user === undefined ? [] : [`as root or ${place.user}`]),
  ];
  return [
    ...(where.length > 0 ? [`# ${where.join(', ')}:`] : []),
    ...commands.map((command) => etcdctlLine(place, [endpoint], command, versions)),
  ].join('\n');
}

/** Lines that put a member on the list of a cluster that lives; one that has joined before is taken off it first. */
export function addLines(surveyed: Surveyed, { name, peerUrl }: Member, joinedAs?: string): string {
  const add = `member add ${quote(name)} --peer-urls=${quote(peerUrl)}`;
  return etcdctlLines(surveyed, ...(joinedAs === undefined ? [] : [`member remove ${quote(joinedAs)}`]), add);
}

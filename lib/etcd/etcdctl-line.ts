import { quote } from '../dsl/shell/sh.ts';
import { fromHere } from '../paths.ts';
import type { Member } from './model/cluster.ts';
import { etcdctlWrapper } from './model/paths.ts';

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

/** The same by the script that a run puts on the host: short, and right whatever changes there. */
export function wrapperLine(place: Member, command: string): string {
  const path = etcdctlWrapper(place);
  return `${quote(place.local ? fromHere(path) : path)} ${command}`;
}

/** Where and as whom such a line is run, as a comment above it; nothing for one who is there already. */
export function whereToRun({ host, user, local }: Member): readonly string[] {
  const where = [...(local ? [] : [`on ${host}`]), ...(user === undefined ? [] : [`as root or ${user}`])];
  return where.length > 0 ? [`# ${where.join(', ')}:`] : [];
}

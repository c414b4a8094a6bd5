import type { Lab } from './lab.ts';

/** One state of a managed file that a host's watcher saw. */
export interface Sighting {
  readonly host: string;
  readonly path: string;
  readonly sha256: string;
}

/** Where managed files lie; data is etcd's own, and digests is a cache that each write replaces. */
const FIND = `find /opt/etcd /etc/systemd/system /var/lib/quorate -type f ! -name digests ! -path '*.wants/*' ! -name '.*' 2>/dev/null`;

/** Begins to look at every managed file of every host, some ten times a second, until it is told to stop. */
export async function watchFiles(lab: Lab): Promise<() => Promise<readonly Sighting[]>> {
  const begin = `touch /run/watch; setsid sh -c 'while [ -e /run/watch ]; do ${FIND.replaceAll("'", "'\\''")} -exec sha256sum {} + 2>/dev/null; sleep 0.1; done >/run/watch.log' >/dev/null 2>&1 </dev/null &`;
  await Promise.all(lab.hosts.map(({ name }) => lab.ssh(name, begin)));
  return async () => {
    const seen = await Promise.all(
      lab.hosts.map(async ({ name }) => {
        const { stdout } = await lab.ssh(name, 'rm -f /run/watch; sleep 0.3; sort -u /run/watch.log');
        return parse(name, stdout);
      }),
    );
    return seen.flat();
  };
}

/** The managed files as they are now. */
export async function filesNow(lab: Lab): Promise<readonly Sighting[]> {
  const seen = await Promise.all(
    lab.hosts.map(async ({ name }) =>
      parse(name, (await lab.ssh(name, `${FIND} -exec sha256sum {} +`)).stdout),
    ),
  );
  return seen.flat();
}

/** What was seen of files that is neither how they were nor how they became: something half-written. */
export function partial(
  seen: readonly Sighting[],
  ...whole: readonly (readonly Sighting[])[]
): readonly string[] {
  const key = ({ host, path, sha256 }: Sighting) => `${host} ${path} ${sha256}`;
  const known = new Set(whole.flat().map(key));
  return seen.filter((one) => !known.has(key(one))).map(({ host, path }) => `${host}:${path}`);
}

function parse(host: string, text: string): readonly Sighting[] {
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => ({ host, sha256: line.slice(0, 64), path: line.slice(66) }));
}

import { memberOf } from '../../model/cluster.ts';
import { withBolt } from '../../snapshots/bolt.ts';
import type { EtcdHost } from '../../surveyed.ts';

/** In protobuf, among the roles of a user. */
const ROLE_ROOT = '\x1a\x04root';

/**
 * Hosts whose member could not be asked with the data of this snapshot: etcd's users are in force in it, and the common
 * name of the member's certificate is none with the role root. Empty where the file does not tell.
 */
export async function shutOut(path: string, hosts: readonly EtcdHost[]): Promise<readonly string[]> {
  const users = await usersIn(path).catch(() => undefined);
  if (users === undefined) return [];
  const isRoot = (name: string) => users.get(name)?.includes(ROLE_ROOT) === true;
  return hosts.filter((host) => !isRoot(userOf(host))).map(({ target }) => target.name);
}

/** What becomes of that, for a sentence. */
export function shutOutSaid(hosts: readonly string[]): string {
  return `etcd's users are in force in this snapshot, and that of the certificate of ${hosts.join(', ')} has no role root: the restored cluster stays closed to clients until a user with that role lets it in, by lines that are told then`;
}

/** By name, as etcd stores them; undefined where users are not in force. */
async function usersIn(path: string): Promise<ReadonlyMap<string, Buffer> | undefined> {
  return withBolt(path, async (db) => {
    const enabled = (await db.bucket('auth'))?.get('authEnabled');
    return enabled?.[0] === 1 ? ((await db.bucket('authUsers')) ?? new Map()) : undefined;
  });
}

function userOf({ target }: EtcdHost): string {
  const named = target.facts.reading?.certificates.find(({ commonName }) => commonName);
  return named?.commonName ?? memberOf(target).name;
}

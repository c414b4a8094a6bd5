import type { Lab } from './lab.ts';

/** How many CAs each host trusts, by its `ca.pem`. */
export function trustedCas(lab: Lab): Promise<readonly number[]> {
  return Promise.all(
    lab.hosts.map(async ({ name }) =>
      Number((await lab.ssh(name, 'grep -c BEGIN /opt/etcd/ssl/ca.pem')).stdout),
    ),
  );
}

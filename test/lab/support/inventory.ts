import { stringify } from 'yaml';
import { keyFile, knownHostsFile } from './host/keys.ts';
import type { LabRecord } from './host/record.ts';

/** Where the etcd releases are served, in every lab's own namespace. */
export const MIRROR_PORT = 8379;
export const MIRROR_URL = `http://127.0.0.1:${MIRROR_PORT}`;

/** `etcd_download_url` of a lab. */
export const DOWNLOAD_URL = `${MIRROR_URL}/v{version}/etcd-v{version}-linux-{arch}.tar.gz`;

/** The inventory of a lab in Ansible's YAML format: all its hosts in group `etcd`, as root. */
export function inventoryOf(lab: LabRecord, etcdVersion: string): string {
  const hosts = lab.hosts.map(({ name, address }) => [name, { ansible_host: address }]);
  return stringify(
    {
      etcd: {
        hosts: Object.fromEntries(hosts),
        vars: {
          ansible_user: 'root',
          ansible_ssh_private_key_file: keyFile(lab.stateDir),
          ansible_ssh_common_args: `-o UserKnownHostsFile=${knownHostsFile(lab.stateDir)}`,
          etcd_version: etcdVersion,
          etcd_download_url: DOWNLOAD_URL,
          // Debian's releases are older than the last known data bug.
          etcd_allow_unsafe_version: true,
        },
      },
    },
    { lineWidth: 0, defaultStringType: 'PLAIN' },
  );
}

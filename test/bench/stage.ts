import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { cgroupPaths } from '../lab/support/cgroups.ts';
import { DOWNLOAD_URL } from '../lab/support/inventory.ts';
import { type Lab, type LabHost, startLab } from '../lab/support/lab.ts';
import { sleep } from '../lab/support/process.ts';

const VERSION = '3.5.16';

/** A lab of one peer, with what the peer is told about it. */
export interface Stage {
  readonly lab: Lab;
  readonly inventoryFile: string;
  /** The hosts once more for the script: name, address and cluster a line. */
  readonly hostsFile: string;
  /** Where the peer keeps CA, certificates and release; the inventory is in there too. */
  readonly controlDir: string;
  readonly tarball: string;
  /** Bare hosts, and nothing on control. */
  reset(): Promise<void>;
  /** Lets the lab run; gives its members time to find each other again. */
  thaw(): Promise<void>;
  /** Stops the lab's clocks and processes, so that it takes nothing away from others. */
  freeze(): void;
}

/** Brings up a lab with clusters of three. */
export async function startStage(peer: string, hosts: number): Promise<Stage> {
  const lab = await startLab({ name: `bench${peer}${hosts}`, hosts, etcdVersion: VERSION });
  const controlDir = join(lab.stateDir, 'control');
  const stage: Stage = {
    lab,
    controlDir,
    inventoryFile: join(controlDir, 'inventory.yaml'),
    hostsFile: join(controlDir, 'hosts.txt'),
    tarball: DOWNLOAD_URL.replaceAll('{version}', VERSION).replaceAll('{arch}', 'amd64'),
    async reset() {
      await lab.reset();
      await rm(controlDir, { recursive: true, force: true });
      describe(stage);
      await sleep(500);
    },
    async thaw() {
      if (setFrozen(lab.name, false)) await sleep(2000);
    },
    freeze: () => void setFrozen(lab.name, true),
  };
  describe(stage);
  return stage;
}

/** Takes down a lab. */
export async function stopStage({ lab }: Stage): Promise<void> {
  setFrozen(lab.name, false);
  await lab.stop();
}

/** Whether there is a freezer here: without cgroup v2 the idle labs go on, about 1 % of a core a member. */
function setFrozen(lab: string, frozen: boolean): boolean {
  const file = cgroupPaths(lab)
    .map((path) => join(path, 'cgroup.freeze'))
    .find(existsSync);
  if (file !== undefined) writeFileSync(file, frozen ? '1' : '0');
  return file !== undefined;
}

function describe({ lab, controlDir, inventoryFile, hostsFile }: Stage): void {
  mkdirSync(controlDir, { recursive: true, mode: 0o700 });
  const names = [...new Set(lab.hosts.map((host) => clusterOf(lab, host)))];
  const children = names.map((name) => {
    const hosts = lab.hosts.filter((host) => clusterOf(lab, host) === name);
    const entries = hosts.map((host) => [host.name, { ansible_host: host.address }]);
    return [name, { vars: { etcd_cluster_name: name }, hosts: Object.fromEntries(entries) }];
  });
  const vars = {
    ansible_user: 'root',
    ansible_ssh_private_key_file: lab.keyFile,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHostsFile}`,
    etcd_version: VERSION,
    etcd_download_url: DOWNLOAD_URL,
    etcd_allow_unsafe_version: true,
    etcd_firewall: 'nftables',
  };
  writeFileSync(
    inventoryFile,
    stringify({ etcd: { vars, children: Object.fromEntries(children) } }, { lineWidth: 0 }),
  );
  const lines = lab.hosts.map((host) => `${host.name} ${host.address} ${clusterOf(lab, host)}\n`);
  writeFileSync(hostsFile, lines.join(''));
}

function clusterOf(lab: Lab, host: LabHost): string {
  return `c${String(Math.floor(lab.hosts.indexOf(host) / 3) + 1).padStart(2, '0')}`;
}

import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { stringify } from 'yaml';
import { cgroupPaths } from '../lab/support/host/cgroups.ts';
import { sleep } from '../lab/support/host/process.ts';
import { DOWNLOAD_URL } from '../lab/support/inventory.ts';
import { type Lab, type LabHost, startLab } from '../lab/support/lab.ts';
import type { Job } from './options.ts';

const VERSION = '3.5.16';

/** A lab of one peer, with what the peer is told about it. */
export interface Stage {
  readonly lab: Lab;
  readonly inventoryFile: string;
  /** The same hosts for pyinfra. */
  readonly pyinfraFile: string;
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

/** Brings up a lab, for etcd with clusters of three. */
export async function startStage(job: Job, peer: string, hosts: number): Promise<Stage> {
  const lab = await startLab({ name: `bench${peer}${hosts}`, hosts, etcdVersion: VERSION });
  const controlDir = join(lab.stateDir, 'control');
  const stage: Stage = {
    lab,
    controlDir,
    inventoryFile: join(controlDir, 'inventory.yaml'),
    pyinfraFile: join(controlDir, 'inventory.py'),
    hostsFile: join(controlDir, 'hosts.txt'),
    tarball: DOWNLOAD_URL.replaceAll('{version}', VERSION).replaceAll('{arch}', 'amd64'),
    async reset() {
      // Taking back twelve tasks is quicker than a hundred new hosts.
      if (job === 'etcd') await lab.reset();
      else await undo(lab);
      await rm(controlDir, { recursive: true, force: true });
      describe(job, stage);
      await sleep(500);
    },
    async thaw() {
      if (setFrozen(lab.name, false)) await sleep(2000);
    },
    freeze: () => void setFrozen(lab.name, true),
  };
  describe(job, stage);
  if (job === 'plain') await undo(lab);
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

/** What the plain role makes is gone, and what it takes away is there; so are the records of those who did it. */
async function undo(lab: Lab): Promise<void> {
  const script = `rm -rf /srv/bench /var/lib/quorate ~/.ansible; getent passwd bench >/dev/null && userdel bench
getent group bench >/dev/null && groupdel bench; : >/etc/bench.old`;
  const outcomes = await Promise.all(lab.hosts.map(({ name }) => lab.enter(name, script)));
  const failed = outcomes.find(({ code }) => code !== 0);
  if (failed !== undefined) throw new Error(`Cannot take back the plain role: ${failed.stderr}`);
}

function describe(job: Job, { lab, controlDir, inventoryFile, pyinfraFile, hostsFile }: Stage): void {
  mkdirSync(controlDir, { recursive: true, mode: 0o700 });
  const names = [...new Set(lab.hosts.map((host) => clusterOf(lab, host)))];
  const children = names.map((name) => {
    const hosts = lab.hosts.filter((host) => clusterOf(lab, host) === name);
    return [name, { vars: { etcd_cluster_name: name }, hosts: Object.fromEntries(hosts.map(entryOf)) }];
  });
  const access = {
    ansible_user: 'root',
    ansible_ssh_private_key_file: lab.keyFile,
    ansible_ssh_common_args: `-o UserKnownHostsFile=${lab.knownHostsFile}`,
  };
  const etcd = {
    etcd_version: VERSION,
    etcd_download_url: DOWNLOAD_URL,
    etcd_allow_unsafe_version: true,
    etcd_firewall: 'nftables',
  };
  const inventory =
    job === 'etcd'
      ? { etcd: { vars: { ...access, ...etcd }, children: Object.fromEntries(children) } }
      : { all: { vars: access, hosts: Object.fromEntries(lab.hosts.map(entryOf)) } };
  writeFileSync(inventoryFile, stringify(inventory, { lineWidth: 0 }));
  const forPyinfra = lab.hosts.map(({ name, address }) => [
    name,
    {
      ssh_hostname: address,
      ssh_user: 'root',
      ssh_key: lab.keyFile,
      ssh_known_hosts_file: lab.knownHostsFile,
    },
  ]);
  writeFileSync(
    pyinfraFile,
    `hosts = [${forPyinfra.map(([name, data]) => `(${JSON.stringify(name)}, ${JSON.stringify(data)})`).join(', ')}]\n`,
  );
  const lines = lab.hosts.map((host) => `${host.name} ${host.address} ${clusterOf(lab, host)}\n`);
  writeFileSync(hostsFile, lines.join(''));
}

function entryOf({ name, address }: LabHost) {
  return [name, { ansible_host: address }] as const;
}

function clusterOf(lab: Lab, host: LabHost): string {
  return `c${String(Math.floor(lab.hosts.indexOf(host) / 3) + 1).padStart(2, '0')}`;
}

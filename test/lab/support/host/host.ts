import { spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, copyFileSync, mkdirSync, openSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { joinFiles, killAll, leaderOf } from './cgroups.ts';
import { hostKeyFile, keyFile } from './keys.ts';
import { namespaceFile, namespaceOf, plugHost, unplugHost } from './network.ts';
import { type Outcome, type RunOptions, run, waitFor } from './process.ts';
import { type LabHost, type LabRecord, labDir } from './record.ts';

/**
 * Starts a host. Control groups of its own keep its systemd from fighting with the others' over
 * `system.slice/etcd.service`; the mount namespace takes the overlay away with the last process, however that
 * ends. nspawn ends with 133 when the host reboots itself, which empties a kernel's firewall.
 */
const START = `set -eu
for file in $LAB_JOIN; do echo $$ >"$file"; done
mount -t overlay overlay -o "lowerdir=$LAB_ROOTFS,upperdir=$LAB_DIR/upper,workdir=$LAB_DIR/work" "$LAB_DIR/root"
while :; do
  status=0
  systemd-nspawn --quiet --settings=no --register=no --keep-unit --boot \\
    --machine="$LAB_MACHINE" --hostname="$LAB_HOSTNAME" --directory="$LAB_DIR/root" \\
    --network-namespace-path="$LAB_NETNS" --capability=CAP_NET_ADMIN \\
    --resolv-conf=off --timezone=off --link-journal=no || status=$?
  [ $status = 133 ] || exit $status
  nsenter --net="$LAB_NETNS" nft flush ruleset
done
`;

/** Boots a host, as it was when it was last killed or from a bare file system, and waits until systemd is up. */
export async function bootHost(lab: LabRecord, host: LabHost): Promise<void> {
  const dir = hostDir(lab, host);
  layDown(lab, host);
  await plugHost(lab.name, host);
  const log = openSync(join(dir, 'console.log'), 'a');
  const child = spawn('unshare', ['--mount', '--propagation', 'slave', 'sh', '-c', START], {
    detached: true,
    stdio: ['ignore', log, log],
    env: {
      PATH: process.env.PATH,
      LAB_JOIN: joinFiles(lab.name, host.name).join(' '),
      LAB_ROOTFS: lab.rootfs,
      LAB_DIR: dir,
      LAB_MACHINE: namespaceOf(lab.name, host.name),
      LAB_HOSTNAME: host.name,
      LAB_NETNS: namespaceFile(lab.name, host.name),
      // nspawn's own locks would stay behind when it is killed; a lab's name already is a lock.
      SYSTEMD_NSPAWN_LOCK: '0',
      SYSTEMD_NSPAWN_UNIFIED_HIERARCHY: lab.cgroup2 ? '1' : undefined,
    },
  });
  child.unref();
  closeSync(log);
  await waitUntilUp(lab, host, () => child.exitCode ?? child.signalCode);
}

/** Cuts a host's power: its processes end at once, its disk stays, its kernel's network state does not. */
export async function killHost(lab: LabRecord, host: LabHost): Promise<void> {
  await killAll(lab.name, host.name);
  await unplugHost(lab.name, host.name);
  await rm(`/run/systemd/nspawn/propagate/${namespaceOf(lab.name, host.name)}`, {
    recursive: true,
    force: true,
  });
}

/** Has a host shut down and boot again; waits until it is up. */
export async function rebootHost(lab: LabRecord, host: LabHost): Promise<void> {
  const before = leaderOf(lab.name, host.name);
  await enterHost(lab, host, 'systemctl reboot');
  await waitFor(`${host.name} has shut down`, 120_000, () => {
    const leader = leaderOf(lab.name, host.name);
    return leader !== undefined && leader !== before ? true : undefined;
  });
  await waitUntilUp(lab, host, () => null);
}

/** Throws a killed host's disk away. */
export async function wipeHost(lab: LabRecord, host: LabHost): Promise<void> {
  await rm(hostDir(lab, host), { recursive: true, force: true });
}

/** Runs `script` in a host, in all of its namespaces, without sshd or its network: also when it is cut off. */
export async function enterHost(
  lab: LabRecord,
  host: LabHost,
  script: string,
  options: RunOptions = {},
): Promise<Outcome> {
  const leader = leaderOf(lab.name, host.name);
  if (leader === undefined) throw new Error(`Cannot enter ${host.name}: it is not running`);
  return run('nsenter', ['--target', String(leader), '--all', 'sh', '-c', script], options);
}

function hostDir(lab: LabRecord, host: LabHost): string {
  return join(labDir(lab.name), 'hosts', host.name);
}

/**
 * Writes what tells hosts apart into the host's own layer. The machine id also keeps systemd from taking this for
 * a first boot, which would enable every unit.
 */
function layDown(lab: LabRecord, host: LabHost): void {
  const dir = hostDir(lab, host);
  const etc = join(dir, 'upper/etc');
  try {
    mkdirSync(join(dir, 'upper'), { recursive: true });
    mkdirSync(etc);
  } catch {
    return; // not a bare host
  }
  for (const path of ['work', 'root', 'upper/etc/ssh']) mkdirSync(join(dir, path), { recursive: true });
  writeFileSync(join(etc, 'machine-id'), `${randomBytes(16).toString('hex')}\n`);
  writeFileSync(join(etc, 'hostname'), `${host.name}\n`);
  writeFileSync(
    join(etc, 'hosts'),
    `127.0.0.1 localhost\n127.0.1.1 ${host.name}\n::1 localhost ip6-localhost\n`,
  );
  const manager = join(etc, 'systemd/system.conf.d');
  mkdirSync(manager, { recursive: true });
  writeFileSync(join(manager, 'lab.conf'), '[Manager]\nDefaultEnvironment=GOMAXPROCS=1\n');
  const ssh = join(etc, 'ssh');
  copyFileSync(hostKeyFile(lab.name, host.name), join(ssh, 'ssh_host_ed25519_key'));
  copyFileSync(`${hostKeyFile(lab.name, host.name)}.pub`, join(ssh, 'ssh_host_ed25519_key.pub'));
  copyFileSync(`${keyFile(lab.stateDir)}.pub`, join(ssh, 'lab_authorized_keys'));
}

/** Says so when all has started, or all but a member that waits for others: it may do so for minutes. */
const IS_UP = `case $(timeout 5 systemctl is-system-running --wait 2>/dev/null) in running|degraded) echo up; exit;; esac
systemctl list-jobs --no-legend 2>/dev/null | awk '$4 == "running" { if ($2 == "etcd.service") waits = 1; else others = 1 }
  END { if (waits && !others) print "up" }'`;

async function waitUntilUp(lab: LabRecord, host: LabHost, ended: () => unknown): Promise<void> {
  const timeoutMs = 60_000 + lab.hosts.length * 2_000;
  const console = join(hostDir(lab, host), 'console.log');
  await waitFor(`${host.name} is up (see ${console})`, timeoutMs, async () => {
    if (ended() !== null) {
      throw new Error(
        `Host ${host.name} ended while it booted:\n${readFileSync(console, 'utf8').slice(-2000)}`,
      );
    }
    if (leaderOf(lab.name, host.name) === undefined) return undefined;
    // Its sshd tells systemd when it listens, so "running" says that ssh works.
    const { stdout } = await enterHost(lab, host, IS_UP, { timeoutMs });
    return stdout.includes('up') ? true : undefined;
  });
}

import type { ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { forgetConnections, runInside, spawnInside, sshArgs, startMirror, wwwDir } from './control.ts';
import { killAll, leaderOf } from './host/cgroups.ts';
import { bootHost, enterHost, killHost, rebootHost, wipeHost } from './host/host.ts';
import { raiseInotifyLimit, restoreInotifyLimit } from './host/inotify.ts';
import { createKeys, keyFile, knownHostsFile } from './host/keys.ts';
import { addressesOf, CONTROL, createNetwork, removeNetwork, setCable, setCuts } from './host/network.ts';
import { type Outcome, type RunOptions, run } from './host/process.ts';
import {
  allRecords,
  isOrphaned,
  type LabHost,
  type LabRecord,
  labDir,
  ownProcess,
  readRecord,
} from './host/record.ts';
import { inventoryOf, MIRROR_URL } from './inventory.ts';
import { labsDir } from './paths.ts';
import { prepare } from './prepare.ts';
import { releasedVersions, usualVersion } from './releases/releases.ts';

export type { LabHost } from './host/record.ts';
export { labUnavailable } from './host/unavailable.ts';

export interface LabOptions {
  /** How many; 3 when not given, at most 100. */
  readonly hosts?: number;
  /** Debian's, of the hosts: `bullseye`, `bookworm` (when not given), `trixie`. */
  readonly suite?: string;
  /** Hosts on pure cgroup v2, as newer distributions have it. */
  readonly cgroup2?: boolean;
  /** Tells labs apart that are up at the same time: lower-case letters and digits; a new one when not given. */
  readonly name?: string;
  /** Written into the inventory; the newest that the project knows when not given. */
  readonly etcdVersion?: string;
  /** Where keys and inventory go, if not into the lab's own folder. Removed when the lab goes down. */
  readonly stateDir?: string;
  /** The lab stays when this process ends. */
  readonly keep?: boolean;
  readonly log?: (line: string) => void;
}

/** One end of a cut: a host's name, or `control` for this machine. */
export interface CutEnds {
  readonly from: string;
  readonly to: string;
  /** TCP port of `to`; every packet when not given. */
  readonly port?: number;
}

/** Real systemd hosts on this machine, and this machine's place in their network. */
export interface Lab {
  readonly name: string;
  readonly hosts: readonly LabHost[];
  readonly stateDir: string;
  readonly inventoryFile: string;
  readonly knownHostsFile: string;
  readonly keyFile: string;
  /** The stand-in for the upstream release site, reachable inside the lab only. */
  readonly mirrorUrl: string;
  /** Files put here are served by the mirror too, and before its own. */
  readonly wwwDir: string;
  /** The etcd versions of the mirror, oldest first. */
  readonly versions: readonly string[];
  /** Runs a command on control, inside the lab's network, to its end. */
  run(command: string, args: readonly string[], options?: RunOptions): Promise<Outcome>;
  /** Starts one, to be killed or read from as it goes; streams are pipes. */
  spawn(command: string, args: readonly string[], options?: RunOptions): ChildProcess;
  /** Runs a shell script on a host over a kept SSH connection; as root when no user is given. */
  ssh(host: string, script: string, options?: RunOptions & { readonly user?: string }): Promise<Outcome>;
  /** Runs a shell script on a host as root, without network and sshd: also when both are broken. */
  enter(host: string, script: string, options?: RunOptions): Promise<Outcome>;
  /** Cuts the power of hosts; their disks stay. */
  kill(...hosts: string[]): Promise<void>;
  /** Boots hosts that were killed or powered off. */
  boot(...hosts: string[]): Promise<void>;
  /** Has hosts shut down and boot again in good order; what their firewalls had only at runtime is gone. */
  reboot(...hosts: string[]): Promise<void>;
  /** Replaces hosts by bare ones with the same name, addresses and host key; all hosts when none is named. */
  reset(...hosts: string[]): Promise<void>;
  /** Drops packets of one direction on the way; each call replaces the cuts of the one before, none heals all. */
  cut(...cuts: CutEnds[]): Promise<void>;
  /** Pulls a host's network cable, and puts it back. */
  unplug(host: string): Promise<void>;
  plug(host: string): Promise<void>;
  /** Takes everything down. */
  stop(): Promise<void>;
}

/** Brings up a lab; the first time on a machine its preparation takes about a minute. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const { suite = 'bookworm', name = `t${randomBytes(4).toString('hex')}`, hosts: count = 3 } = options;
  if (!/^[a-z0-9]{1,20}$/.test(name))
    throw new Error(`A lab's name is lower-case letters and digits: ${name}`);
  if (count < 1 || count > 100) throw new Error(`A lab has 1 to 100 hosts: ${count}`);
  const rootfs = await prepare(suite, options.log);
  await sweepLabs();
  const record: LabRecord = {
    name,
    suite,
    rootfs,
    cgroup2: options.cgroup2 ?? false,
    stateDir: options.stateDir ?? join(labDir(name), 'state'),
    hosts: Array.from({ length: count }, (_, index) => hostOf(index)),
    owner: options.keep === true ? undefined : ownProcess(),
  };
  claim(record);
  try {
    raiseInotifyLimit(count);
    await createNetwork(name);
    await createKeys(name, record.stateDir, record.hosts);
    writeFileSync(inventoryFile(record), inventoryOf(record, options.etcdVersion ?? usualVersion()));
    await Promise.all([startMirror(record), ...record.hosts.map((host) => bootHost(record, host))]);
  } catch (error) {
    await stopLab(record);
    throw error;
  }
  return labOf(record);
}

/** A lab that is up, started by this process or another one; undefined when there is none of that name. */
export function openLab(name: string): Lab | undefined {
  const record = readRecord(name);
  return record && labOf(record);
}

/** Takes down the labs that processes left behind when they were killed. */
export async function sweepLabs(): Promise<void> {
  for (const record of allRecords().filter(isOrphaned)) await stopLab(record);
}

function labOf(record: LabRecord): Lab {
  const host = (name: string) => {
    const found = record.hosts.find((candidate) => candidate.name === name);
    if (found === undefined) throw new Error(`Lab ${record.name} has no host ${name}`);
    return found;
  };
  const each = async (names: readonly string[], act: (host: LabHost) => Promise<void>) => {
    await Promise.all(names.map((name) => act(host(name))));
  };
  const kill = async (target: LabHost) => {
    await forgetConnections(record, target);
    await killHost(record, target);
  };
  const end = (name: string) => (name === 'control' ? { name, ...CONTROL } : host(name));
  return {
    name: record.name,
    hosts: record.hosts,
    stateDir: record.stateDir,
    inventoryFile: inventoryFile(record),
    knownHostsFile: knownHostsFile(record.stateDir),
    keyFile: keyFile(record.stateDir),
    mirrorUrl: MIRROR_URL,
    wwwDir: wwwDir(record),
    versions: releasedVersions(),
    run: (command, args, options) => runInside(record, command, args, options),
    spawn: (command, args, options) => spawnInside(record, command, args, options),
    ssh: (name, script, options) =>
      runInside(
        record,
        'ssh',
        [...sshArgs(record, host(name), options?.user ?? 'root', true), script],
        options,
      ),
    enter: (name, script, options) => enterHost(record, host(name), script, options),
    kill: (...names) => each(names, kill),
    boot: (...names) =>
      each(names, async (target) => {
        if (leaderOf(record.name, target.name) !== undefined) throw new Error(`${target.name} is up already`);
        await kill(target);
        await bootHost(record, target);
      }),
    reboot: (...names) => each(names, (target) => rebootHost(record, target)),
    reset: (...names) =>
      each(names.length > 0 ? names : record.hosts.map(({ name }) => name), async (target) => {
        await kill(target);
        await wipeHost(record, target);
        await bootHost(record, target);
      }),
    cut: (...cuts) =>
      setCuts(
        record.name,
        cuts.map(({ from, to, port }) => ({ from: end(from), to: end(to), port })),
      ),
    unplug: (name) => setCable(record.name, host(name).name, 'down'),
    plug: (name) => setCable(record.name, host(name).name, 'up'),
    stop: () => stopLab(record),
  };
}

function hostOf(index: number): LabHost {
  return { name: `etcd${String(index + 1).padStart(2, '0')}`, ...addressesOf(index), port: 22 };
}

function inventoryFile(record: LabRecord): string {
  return join(record.stateDir, 'inventory.yaml');
}

/** Takes the lab's name. The record comes before anything else, so a start that dies can be swept away. */
function claim(record: LabRecord): void {
  mkdirSync(labsDir(), { recursive: true });
  try {
    mkdirSync(labDir(record.name), { mode: 0o755 });
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    throw new Error(`Lab ${record.name} is up already: take it down first, or name another`);
  }
  writeFileSync(join(labDir(record.name), 'lab.json'), `${JSON.stringify(record, null, 2)}\n`);
  for (const path of [join(labDir(record.name), 'mux'), wwwDir(record)]) mkdirSync(path);
  mkdirSync(record.stateDir, { recursive: true, mode: 0o700 });
}

async function stopLab(record: LabRecord): Promise<void> {
  await killAll(record.name);
  await Promise.all(record.hosts.map((host) => killHost(record, host)));
  await removeNetwork(record.name);
  await unmountBelow(record.stateDir);
  await rm(record.stateDir, { recursive: true, force: true });
  await rm(labDir(record.name), { recursive: true, force: true });
  restoreInotifyLimit();
}

/** Takes away what a killed test left mounted: it would keep the folder, and every later lab waits for the sweep. */
async function unmountBelow(folder: string): Promise<void> {
  const mounts = readFileSync('/proc/self/mounts', 'utf8').split('\n');
  const below = mounts
    .flatMap((line) => line.split(' ')[1] ?? [])
    .filter((path) => path.startsWith(`${folder}/`));
  for (const path of below.reverse()) await run('umount', ['--lazy', path]);
}

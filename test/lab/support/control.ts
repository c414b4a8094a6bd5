import { type ChildProcess, spawn } from 'node:child_process';
import { openSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { program } from '../../program.ts';
import { joinFiles } from './host/cgroups.ts';
import { keyFile, knownHostsFile } from './host/keys.ts';
import { namespaceFile } from './host/network.ts';
import { collect, type Outcome, type RunOptions, run, spawnOptions } from './host/process.ts';
import { type LabHost, type LabRecord, labDir } from './host/record.ts';
import { MIRROR_PORT } from './inventory.ts';
import { labNode } from './nodes.ts';
import { CHECKOUT } from './paths.ts';
import { releasesDir } from './releases/releases.ts';

/** Joins the control group of the lab, so that nothing started here outlives it, and its network. */
const ENTER = `net=$1; shift
while [ "$1" != -- ]; do echo $$ >"$1"; shift; done; shift
exec nsenter --net="$net" -- "$@"`;

/** Starts a command on control, inside the lab's network; the child is the command itself, so it can be killed. */
export function spawnInside(
  lab: LabRecord,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): ChildProcess {
  const enter = ['-c', ENTER, 'sh', namespaceFile(lab.name), ...joinFiles(lab.name, 'control'), '--'];
  if (command !== 'node') return spawn('sh', [...enter, command, ...args], spawnOptions(options));
  // The program starts its own cache, but as a bundle only once all of it has been compiled.
  const env = { NODE_COMPILE_CACHE: program('.compiled'), ...options.env };
  return spawn('sh', [...enter, labNode(), ...args], spawnOptions({ ...options, env }));
}

/** Runs a command on control, inside the lab's network, to its end. */
export function runInside(
  lab: LabRecord,
  command: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<Outcome> {
  return collect(spawnInside(lab, command, args, options), options);
}

/** Starts the HTTP server of the etcd releases; what a test puts into the lab's `www` folder goes first. */
export async function startMirror(lab: LabRecord): Promise<void> {
  const log = openSync(join(labDir(lab.name), 'mirror.log'), 'a');
  const enter = ['-c', ENTER, 'sh', namespaceFile(lab.name), ...joinFiles(lab.name, 'control'), '--'];
  const server = [process.execPath, program('test/lab/support/serve.ts'), String(MIRROR_PORT)];
  const child = spawn('sh', [...enter, ...server, wwwDir(lab), releasesDir()], {
    cwd: CHECKOUT,
    detached: true,
    stdio: ['ignore', 'pipe', log],
  });
  await new Promise<void>((resolve, reject) => {
    child.once('exit', (code) =>
      reject(new Error(`The release server ended (${code}): see ${labDir(lab.name)}/mirror.log`)),
    );
    child.stdout?.once('data', resolve);
  });
  child.removeAllListeners('exit');
  child.stdout?.destroy();
  child.unref();
}

/** Files a test wants served, before the releases: a broken archive, a wrong checksum. */
export function wwwDir(lab: LabRecord): string {
  return join(labDir(lab.name), 'www');
}

/** The OpenSSH command line to a host. With `share`, the first connection is kept for those that follow. */
export function sshArgs(lab: LabRecord, host: LabHost, user: string, share: boolean): string[] {
  const options = {
    UserKnownHostsFile: knownHostsFile(lab.stateDir),
    GlobalKnownHostsFile: '/dev/null',
    StrictHostKeyChecking: 'yes',
    IdentitiesOnly: 'yes',
    BatchMode: 'yes',
    ConnectTimeout: '5',
    LogLevel: 'ERROR',
    ...(share && { ControlMaster: 'auto', ControlPath: socketOf(lab, host, user), ControlPersist: 'yes' }),
  };
  const list = Object.entries(options).flatMap(([name, value]) => ['-o', `${name}=${value}`]);
  return ['-F', 'none', '-i', keyFile(lab.stateDir), ...list, `${user}@${host.address}`];
}

/** Ends the kept connections to a host, which is about to be killed. */
export async function forgetConnections(lab: LabRecord, host: LabHost): Promise<void> {
  for (const user of ['root', 'admin', 'ops']) {
    const socket = socketOf(lab, host, user);
    await run('ssh', ['-F', 'none', '-O', 'exit', '-o', `ControlPath=${socket}`, host.address]);
    await rm(socket, { force: true });
  }
}

function socketOf(lab: LabRecord, host: LabHost, user: string): string {
  return join(labDir(lab.name), 'mux', `${user}@${host.name}`);
}

import { existsSync, mkdirSync, readdirSync, readFileSync, rmdirSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from './process.ts';

/** The control group of a lab (`host` undefined) or of one of its parts, in every hierarchy that is there. */
export function cgroupPaths(lab: string, part?: string): string[] {
  return hierarchies().map((top) => join(top, `quorate-lab-${lab}`, part ?? ''));
}

/** Makes the control groups of a part and gives their `cgroup.procs` files: who writes its pid there joins. */
export function joinFiles(lab: string, part: string): string[] {
  return cgroupPaths(lab, part).map((path) => {
    mkdirSync(path, { recursive: true });
    return join(path, 'cgroup.procs');
  });
}

/** The pids of all processes in a lab or one of its parts. */
function pidsOf(lab: string, part?: string): number[] {
  return [...new Set(cgroupPaths(lab, part).flatMap(pidsBelow))];
}

/**
 * The pid of a host's systemd as seen from outside, or undefined while there is none. It sits in `init.scope`
 * as soon as it has set up its tree.
 */
export function leaderOf(lab: string, host: string): number | undefined {
  for (const path of cgroupPaths(lab, host)) {
    const [pid] = readPids(join(path, 'payload/init.scope'));
    if (pid !== undefined) return pid;
  }
  return undefined;
}

/**
 * Kills every process of a lab or of one of its parts and removes the control groups. Membership is what
 * says that a process is ours: it is inherited, and unlike a recorded pid it is never reused.
 */
export async function killAll(lab: string, part?: string): Promise<void> {
  const leader = part === undefined ? undefined : leaderOf(lab, part);
  // A dying pid namespace takes all its processes along, so a host goes at once, as in a power cut.
  if (leader !== undefined) kill(leader);
  // A busy machine takes its time to end what was killed, and what ends may still have begun something.
  const deadline = Date.now() + 30_000;
  while (Date.now() < deadline) {
    const pids = pidsOf(lab, part).filter((pid) => pid !== process.pid);
    if (pids.length === 0 && cgroupPaths(lab, part).every(removeTree)) return;
    pids.forEach(kill);
    await sleep(25);
  }
  throw new Error(`Cannot remove the control groups of lab ${lab}: processes ${pidsOf(lab, part).join(' ')}`);
}

/** systemd's own hierarchies: the one tree of cgroup v2, or the named one and v2 beside it. */
export function hierarchies(): string[] {
  const top = '/sys/fs/cgroup';
  if (existsSync(join(top, 'cgroup.procs'))) return [top];
  return ['systemd', 'unified'].map((name) => join(top, name)).filter((path) => existsSync(path));
}

function pidsBelow(path: string): number[] {
  return [...readPids(path), ...childrenOf(path).flatMap(pidsBelow)];
}

function readPids(path: string): number[] {
  try {
    return readFileSync(join(path, 'cgroup.procs'), 'utf8').split('\n').filter(Boolean).map(Number);
  } catch {
    return []; // gone, or a threaded group
  }
}

function childrenOf(path: string): string[] {
  try {
    const entries = readdirSync(path, { withFileTypes: true });
    return entries.filter((entry) => entry.isDirectory()).map((entry) => join(path, entry.name));
  } catch {
    return [];
  }
}

function removeTree(path: string): boolean {
  try {
    for (const child of childrenOf(path)) removeTree(child);
    if (existsSync(path)) rmdirSync(path);
    return true;
  } catch {
    return false; // still busy
  }
}

function kill(pid: number): void {
  try {
    process.kill(pid, 'SIGKILL');
  } catch {
    // already gone
  }
}

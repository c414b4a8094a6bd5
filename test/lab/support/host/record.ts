import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { labsDir } from '../paths.ts';

/** A host of a lab, as its users see it. */
export interface LabHost {
  readonly name: string;
  /** In 10.0.52.0/24. */
  readonly address: string;
  /** In fd00:52::/64. */
  readonly address6: string;
  /** sshd's. */
  readonly port: number;
}

/** What is known of a lab that is up (or half up); kept as `lab.json` so that another process can take it down. */
export interface LabRecord {
  readonly name: string;
  readonly suite: string;
  readonly rootfs: string;
  /** The hosts see pure cgroup v2. */
  readonly cgroup2: boolean;
  /** Keys, known_hosts and inventory. */
  readonly stateDir: string;
  readonly hosts: readonly LabHost[];
  /** The process the lab belongs to; a lab whose owner is gone is swept away. None: it stays until `down`. */
  readonly owner: { readonly pid: number; readonly startTime: string } | undefined;
}

/** The folder of a running lab. */
export function labDir(lab: string): string {
  return join(labsDir(), lab);
}

/** The record of lab `name`, or undefined when it is not up. */
export function readRecord(name: string): LabRecord | undefined {
  const file = join(labDir(name), 'lab.json');
  return existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as LabRecord) : undefined;
}

/** All labs of this machine. */
export function allRecords(): LabRecord[] {
  if (!existsSync(labsDir())) return [];
  return readdirSync(labsDir()).flatMap((name) => readRecord(name) ?? []);
}

/** Whether the process that a lab belongs to has ended without taking it down. */
export function isOrphaned({ owner }: LabRecord): boolean {
  return owner !== undefined && startTimeOf(owner.pid) !== owner.startTime;
}

/** This process, as the owner of a lab. */
export function ownProcess(): { pid: number; startTime: string } {
  return { pid: process.pid, startTime: startTimeOf(process.pid) ?? '' };
}

/** When a process started, in clock ticks since boot: with it a pid is never mistaken for a later process. */
function startTimeOf(pid: number): string | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // Field 22; the command name in field 2 may hold spaces and parentheses.
    return stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
  } catch {
    return undefined;
  }
}

import { existsSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { cacheDir } from './paths.ts';
import { allRecords } from './record.ts';

const SETTING = '/proc/sys/fs/inotify/max_user_instances';

/** A host's systemd and daemons take about 8, all as the same root; the usual limit of 128 ends at 16 hosts. */
const PER_HOST = 16;

/** Raises the kernel's limit of inotify instances to what all labs that are up need, and notes what it was. */
export function raiseInotifyLimit(): void {
  const hosts = allRecords().reduce((sum, lab) => sum + lab.hosts.length, 0);
  const before = Number(readFileSync(SETTING, 'utf8'));
  const needed = 64 + hosts * PER_HOST;
  if (before >= needed) return;
  if (!existsSync(noteFile())) writeFileSync(noteFile(), String(before));
  writeFileSync(SETTING, String(needed));
}

/** Puts the limit back when the last lab has gone. */
export function restoreInotifyLimit(): void {
  if (!existsSync(noteFile()) || allRecords().length > 0) return;
  writeFileSync(SETTING, readFileSync(noteFile(), 'utf8'));
  rmSync(noteFile(), { force: true });
}

function noteFile(): string {
  return join(cacheDir(), 'inotify-before');
}

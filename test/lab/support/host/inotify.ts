import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { namespaceOf } from './network.ts';

const SETTING = '/proc/sys/fs/inotify/max_user_instances';

/** What the limit was before the first lab. Of the machine, like the limit: labs may keep their caches apart. */
const NOTE = '/run/quorate-lab-inotify';

/** A host's systemd and daemons take about 8, all as the same root; the usual limit of 128 ends at 16 hosts. */
const PER_HOST = 16;

/** Raises the kernel's limit of inotify instances to what `hosts` more need beside those of labs that are up. */
export function raiseInotifyLimit(hosts: number): void {
  const before = Number(readFileSync(SETTING, 'utf8'));
  const needed = 64 + (namespaces().length + hosts) * PER_HOST;
  if (before >= needed) return;
  if (!existsSync(NOTE)) writeFileSync(NOTE, String(before));
  writeFileSync(SETTING, String(needed));
}

/** Puts the limit back once no lab is up any more, whoever started it. */
export function restoreInotifyLimit(): void {
  if (!existsSync(NOTE) || namespaces().length > 0) return;
  writeFileSync(SETTING, readFileSync(NOTE, 'utf8'));
  rmSync(NOTE, { force: true });
}

/** Those of all labs on the machine, and of their hosts. */
function namespaces(): readonly string[] {
  if (!existsSync('/run/netns')) return [];
  return readdirSync('/run/netns').filter((name) => name.startsWith(namespaceOf('')));
}

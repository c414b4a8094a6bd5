import { type Sh, sh } from '../../dsl/shell/sh.ts';

/** KiB that stay free beside whatever is put somewhere. */
export const SPARE_KIB = 64 * 1024;

/** KiB that etcd lays down for its raft log, whatever is in it: two segments. */
export const LOG_KIB = 2 * 64 * 1024;

/** What is free on the disk of a folder, and which disk that is, as the host numbers them. */
export interface Room {
  readonly disk: string;
  readonly freeKiB: number;
}

/** Read-only shell: a part `room DISK LINE` of a folder that is there or is to come; the line is that of df. */
export function roomLine(folder: string): Sh {
  return sh`q_up=${folder}
while [ ! -d "$q_up" ]; do q_up=\${q_up%/*} q_up=\${q_up:-/}; done
q_part "room $(stat -L -c %d -- "$q_up") $(df -Pk -- "$q_up" | tail -n 1)"`;
}

/** Takes such a part apart, without its name; undefined where df said nothing. */
export function parseRoom(text: string): Room | undefined {
  const [, disk, free] = /^(\d+) .* \d+ +\d+ +(\d+) +[\d-]+%? +\/.*$/.exec(text) ?? [];
  return disk === undefined ? undefined : { disk, freeKiB: Number(free) };
}

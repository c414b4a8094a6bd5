import { dirname } from 'node:path';
import { MARK } from '../../../dsl/shell/probe.ts';
import { joinSh, quote, type Sh, sh } from '../../../dsl/shell/sh.ts';
import type { QuorateError } from '../../../errors.ts';
import { isUp } from '../../facts/index.ts';
import { notMounted, UNMOUNTED } from '../../facts/unmounted.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { refusal } from '../../refusal.ts';
import { LOG_KIB, parseRoom, roomLine, SPARE_KIB } from '../../snapshots/room.ts';
import type { EtcdHost } from '../../surveyed.ts';
import { leftOver } from './left-over.ts';

/** What is to come into a folder of a host. */
export interface Need {
  readonly folder: string;
  readonly kib: number;
  /** For people: `the restored data`. */
  readonly what: string;
}

/** Room that a snapshot of `bytes` needs. Its raft log lies beside the old one, maybe on a disk of its own. */
export function restoreNeeds({ stateDir, dataDir, walDir }: Member, bytes: number): readonly Need[] {
  const kib = Math.ceil(bytes / 1024);
  return [
    { folder: stateDir, kib, what: 'the snapshot as it is sent' },
    { folder: dataDir, kib, what: 'the restored data' },
    { folder: walDir === undefined ? dataDir : dirname(walDir), kib: LOG_KIB, what: 'its raft log' },
  ];
}

/** Room for a member that is made of data of `bytes`, raft log included. */
export function recoverNeeds({ dataDir, walDir }: Member, bytes: number): readonly Need[] {
  const data = {
    folder: dataDir,
    kib: Math.ceil((2 * bytes) / 1024),
    what: 'a copy, and what is made of it',
  };
  return [
    data,
    ...(walDir === undefined ? [] : [{ folder: dirname(walDir), kib: LOG_KIB, what: 'its raft log' }]),
  ];
}

/** Room for a member that joins others whose database has `bytes`: they send all of it. */
export function joinNeeds({ dataDir, walDir }: Member, bytes: number): readonly Need[] {
  return [
    { folder: dataDir, kib: Math.ceil(bytes / 1024), what: 'the data of the cluster' },
    { folder: walDir === undefined ? dataDir : dirname(walDir), kib: LOG_KIB, what: 'its raft log' },
  ];
}

/**
 * Refuses (3) a host with a disk that has no room for all that is to come there, beside the old data; or whose disk is not
 * mounted: all would come into the folder below it.
 */
export async function refuseNarrow(host: EtcdHost, needs: readonly Need[], hint?: string): Promise<void> {
  const { out } = await host.read('looking for room', roomFacts(memberOf(host.target), needs));
  const parts = (name: string) =>
    [...out.matchAll(new RegExp(`^${MARK}${name} (.*)$`, 'gm'))].map(([, text]) => text ?? '');
  const [unmounted] = isUp(host.target.facts) ? [] : parts('unmounted');
  if (unmounted !== undefined) throw withoutDisk(host, unmounted);
  const rooms = parts('room').map(parseRoom);
  const left = parts('left').map((text) => text.split(/\s+/));
  for (const disk of new Set(rooms.map((room) => room?.disk))) {
    const here = needs.filter((_need, i) => rooms[i]?.disk === disk);
    const goes = left.reduce((sum, [on, kib]) => sum + (on === disk ? Number(kib) : 0), 0);
    const free = goes + (rooms.find((room) => room?.disk === disk)?.freeKiB ?? 0);
    const wanted = SPARE_KIB + here.reduce((sum, { kib }) => sum + kib, 0);
    if (free >= wanted) continue;
    const folders = [...new Set(here.map(({ folder }) => folder))];
    const beside = host.target.facts.data === 'present' ? '; the old data stays beside it' : '';
    throw refusal(
      { host: host.target.name },
      `${folders.join(' and ')}: ${free} KiB are free there, wanted ${wanted} for ${here.map(({ what }) => what).join(', ')}${beside}`,
      hint,
    );
  }
}

function withoutDisk({ target }: EtcdHost, place: string): QuorateError {
  return refusal(
    { host: target.name },
    `${notMounted(place)}: the data would come onto the disk below`,
    `mount it: mount ${quote(place)}, or start its unit; where it is to be without that disk, take the entry or the unit out`,
  );
}

/** Read-only shell: `room` and `unmounted` of each folder, and `left DISK KIB` of what goes before anything comes. */
function roomFacts(member: Member, needs: readonly Need[]): Sh {
  return joinSh([
    UNMOUNTED,
    ...needs.flatMap(({ folder }) => [
      roomLine(folder),
      sh`q_unmounted ${folder} | while IFS= read -r q_place; do q_part "unmounted $q_place"; done`,
    ]),
    sh`for q_file in ${leftOver(member)}; do
  if [ -e "$q_file" ]; then q_part "left $(stat -L -c %d -- "$q_file") $(du -sk -- "$q_file")"; fi
done`,
  ]);
}

import { MARK } from '../../dsl/shell/probe.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { memberOf } from '../model/cluster.ts';
import type { EtcdHost } from '../surveyed.ts';
import { parseRoom, roomLine } from './room.ts';
import { byAge, DIGEST_BYTES, parseSnapshot, partsOf, type Snapshot } from './snapshot.ts';

/** What a host keeps of its cluster. */
export interface KeptSnapshots {
  /** Newest first; those that are dated in the future last. */
  readonly verified: readonly Snapshot[];
  /** Names like ours without the description that a verified one has, or of another size than that says. */
  readonly unverified: readonly string[];
  /** Where snapshots go: what is free there, and whether etcd's data lies on the same disk. */
  readonly room: { readonly freeKiB: number; readonly sharesData: boolean };
}

/** The snapshots of its cluster in a host's `etcd_backup_dir`, or in another folder there. Reads only. */
export async function readSnapshots(host: EtcdHost, folder?: string): Promise<KeptSnapshots> {
  const member = memberOf(host.target);
  const { out } = await host.read('reading its snapshots', listSnapshots(member, folder));
  return parseSnapshots(out, member.cluster);
}

/** Read-only shell: what lies there. A link is nothing of ours. */
export function listSnapshots({ backupDir, dataDir }: Member, folder = backupDir): Sh {
  return sh`q_part "now $(date +%s)"
${roomLine(folder)}
q_part "data $(stat -L -c %d -- ${dataDir} 2>/dev/null)"
if cd -- ${folder} 2>/dev/null; then
  for q_file in *.db; do
    if [ -f "$q_file" ] && [ ! -L "$q_file" ]; then
      q_part "db $(stat -c %s -- "$q_file") $q_file"
      q_beside=\${q_file%.db}.json
      if [ -f "$q_beside" ] && [ ! -L "$q_beside" ]; then head -c 4096 -- "$q_beside" 2>/dev/null; fi
    fi
  done
fi`;
}

/** Takes apart what `listSnapshots` printed; what belongs to other clusters is left out. */
export function parseSnapshots(out: string, cluster: string): KeptSnapshots {
  const parts = out.split(new RegExp(`^${MARK}`, 'm')).slice(1);
  const line = (name: string) =>
    parts
      .find((part) => part.startsWith(`${name} `))
      ?.slice(name.length + 1)
      .trim() ?? '';
  const now = Number(line('now')) * 1000;
  const verified: Snapshot[] = [];
  const unverified: string[] = [];
  for (const part of parts) {
    const [, size, file = '', beside = ''] = /^db (\d+) ([^\n]+)\n(.*)$/s.exec(part) ?? [];
    if (partsOf(file)?.cluster !== cluster) continue;
    const snapshot = parseSnapshot(file, beside, now);
    if (snapshot && snapshot.size + DIGEST_BYTES === Number(size)) verified.push(snapshot);
    else unverified.push(file);
  }
  const room = parseRoom(line('room'));
  return {
    verified: verified.sort(byAge),
    unverified,
    room: { freeKiB: room?.freeKiB ?? 0, sharesData: room !== undefined && room.disk === line('data') },
  };
}

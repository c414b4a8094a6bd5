import { sh } from '../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { etcdctlFunction } from '../facts/etcdctl/etcdctl.ts';
import { memberOf } from '../model/cluster.ts';
import type { EtcdHost } from '../surveyed.ts';

/** Takes snapshots away, as the member's user: the description first, so that no half of one passes for whole. */
export async function removeSnapshots(host: EtcdHost, files: readonly string[]): Promise<void> {
  const member = memberOf(host.target);
  const both = files.flatMap((file) => [file.replace(/\.db$/, '.json'), file]);
  const { code, out } = await host.act(
    'removing older snapshots',
    sh`${etcdctlFunction(member)}
$q_become sh -c 'cd -- "$1" && shift && rm -f -- "$@"' q_own ${[member.backupDir, ...both]}`,
  );
  if (code === 0) return;
  throw new QuorateError(`${host.target.name}: older snapshots could not be removed: ${out.trim()}`, {
    exitCode: EXIT.failed,
    host: host.target.name,
  });
}

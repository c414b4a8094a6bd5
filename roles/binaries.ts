import { dirname, join } from 'node:path';
import { shortDigest } from '../lib/dsl/path.ts';
import type { Role } from '../lib/dsl/role.ts';
import type { EtcdFacts } from '../lib/etcd/facts/index.ts';
import { clusterOf, memberOf } from '../lib/etcd/model/cluster.ts';
import { releaseRecord } from '../lib/etcd/model/paths.ts';
import { pinnedDigest } from '../lib/etcd/model/pinned-digest.ts';
import { declare, MEMBER_VARS } from '../lib/etcd/model/vars.ts';
import { needsProgram } from '../lib/etcd/needs.ts';
import { versionRefusal } from '../lib/etcd/survey/admit-version.ts';
import type { Software } from '../lib/release/index.ts';
import { directory } from '../lib/resources/directory.ts';
import { release } from '../lib/resources/release.ts';

/** What a release of etcd is made of, where packages have it, and the variables that choose it. */
export const SOFTWARE: Software = {
  name: 'etcd',
  // `etcdutl` came with 3.5.
  programs: [{ name: 'etcd' }, { name: 'etcdctl' }, { name: 'etcdutl', optional: true }],
  folder: /^etcd-v(\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?)-linux-(\w+)$/,
  version: /^etcd Version: (\d+\.\d+\.\d+(?:-[a-z]+\.\d+)?)/m,
  // Debian and Ubuntu split etcd in two; their old releases did not.
  packages: { deb: [['etcd-server', 'etcd-client'], ['etcd']], rpm: 'etcd' },
  vars: {
    version: 'etcd_version',
    source: 'etcd_source',
    url: 'etcd_download_url',
    sha256: 'etcd_sha256',
  },
};

/** `etcd`, `etcdctl` and, where the release has it, `etcdutl`. */
export const binaries: Role<EtcdFacts> = {
  name: 'binaries',
  description: 'etcd, etcdctl and etcdutl of the wanted release',
  vars: declare(
    ...MEMBER_VARS,
    'etcd_allow_unsafe_version',
    'etcd_source',
    'etcd_download_url',
    'etcd_sha256',
  ),
  tasks(target) {
    const member = memberOf(target);
    const { vars, facts } = target;
    const root = member.user === undefined ? {} : { owner: 'root', group: 'root' };
    // `path` on a remote host: the image brings the binaries, nothing is sent.
    if (vars.etcd_source === 'path') return [needsProgram(member, vars)];
    const version = facts.cluster?.version;
    const upgraded = runningProgram(facts);
    return [
      directory(member.binDir, { mode: '0755', ...root, title: 'the directory of the binaries exists' }),
      release(member.binDir, {
        names: SOFTWARE.programs.map(({ name }) => name),
        version,
        ...(upgraded && { upgraded }),
        record: releaseRecord(member),
        mode: '0755',
        ...root,
        async fetch({ progress }) {
          const { fetchRelease } = await import('../lib/release/index.ts');
          const { controlDir } = clusterOf(target);
          const sha256 = pinnedDigest(vars, version, facts.arch);
          const found = await fetchRelease(
            {
              software: SOFTWARE,
              version,
              arch: facts.arch,
              source: vars.etcd_source as 'release',
              url: String(vars.etcd_download_url),
              ...(sha256 !== undefined && { sha256 }),
              cacheDir: join(controlDir, 'cache'),
              baseDir: dirname(dirname(controlDir)),
            },
            progress,
          );
          // Where any will do, its version is known only now.
          const refusal = versionRefusal({ name: member.cluster }, found.version, vars);
          if (version === undefined && refusal !== undefined) throw refusal;
          return found;
        },
        title: `etcd ${version ?? ''} is installed`.replace('  ', ' '),
        // Bytes that the member has loaded change nothing for it; the gate asks it with the other tools.
        inTurn: (changes) =>
          changes.some(
            ({ property, after }) =>
              property === 'version' ||
              (property === 'etcd' && after !== shortDigest(facts.kept.loadedProgram ?? '')),
          ),
      }),
    ];
  },
};

/** What a member runs, by its own word and the record of its start. */
function runningProgram({ kept, reading }: EtcdFacts) {
  const [version, sha256] = [reading?.status?.version, kept.loadedProgram];
  return version !== undefined && sha256 !== undefined ? { name: 'etcd', version, sha256 } : undefined;
}

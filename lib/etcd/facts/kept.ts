import { asUser } from '../../dsl/shell/as-user.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { crlFile, etcdctlWrapper, loadedRecord } from '../model/paths.ts';
import { dataVersions } from './data-version.ts';

/** A directory above those that only root may fill, and somebody else may. */
export interface Loose {
  readonly path: string;
  /** `can be written by everybody` */
  readonly why: string;
}

/** What a host kept from before: it outlives the process, and the run that began it. */
export interface KeptFacts {
  /** SHA-256 of the DER of each CA certificate that the host was set up with, by our record; empty without one. */
  readonly trusted: readonly string[];
  /**
   * Version of the program that a start would run, by its own word; undefined while the member answers and runs the very
   * file that is there.
   */
  readonly program: string | undefined;
  /** Why a start of the member, which runs, would come to nothing: `is missing`. */
  readonly unrunnable: string | undefined;
  /** SHA-256 of the program that the running process has loaded, by what it noted at its start. */
  readonly loadedProgram: string | undefined;
  /** SHA-256 of the CA file that the running process has loaded, by the same note. */
  readonly loadedCa: string | undefined;
  /** The list of revoked certificates, DER; undefined without one. */
  readonly crl: Buffer | undefined;
  /** By its etcd.conf the member looks at such a list for each connection. */
  readonly looksAtList: boolean;
  /** Version of the cluster that wrote the data last, as in 3.6.0; undefined while the member runs. */
  readonly dataVersion: string | undefined;
  /** Name and peer URL of the members that etcd.conf would found a cluster with: how the data here began. */
  readonly begunWith: readonly (readonly [name: string, peerUrl: string])[];
  /** By its etcd.conf only members are let in at its peer port; undefined without that file. */
  readonly peersApart: boolean | undefined;
  /** etcdctl for people is there, and can be run: see `etcdctlScript`. */
  readonly wrapper: boolean;
  /** There is a `member` directory without any raft log: nothing was ever written, or the log is lost. */
  readonly withoutLog: boolean;
  /** Above those of binaries, configuration and certificates, where these are to be root's. */
  readonly loose: readonly Loose[];
}

export const NOTHING_KEPT: KeptFacts = {
  trusted: [],
  program: undefined,
  unrunnable: undefined,
  loadedProgram: undefined,
  loadedCa: undefined,
  crl: undefined,
  looksAtList: false,
  dataVersion: undefined,
  begunWith: [],
  peersApart: undefined,
  wrapper: false,
  withoutLog: false,
  loose: [],
};

/** Where a host records, among what is root's, the CA that it was set up with. */
export function trustedRecord({ stateDir }: Member): string {
  return `${stateDir}/ca`;
}

/** Read-only shell. `$q_state_now` is the state of the member's service. */
export function keptFacts(member: Member): Sh {
  const { configDir, dataDir } = member;
  const record = trustedRecord(member);
  const conf = `${configDir}/etcd.conf`;
  const loaded = loadedRecord(member);
  return sh`if [ -f ${loaded} ]; then
  { read -r q_line q_rest; echo "loaded-program $q_line"; read -r q_line; read -r q_line q_rest; echo "loaded-ca $q_line"; } <${loaded}
fi
if [ -f ${crlFile(member)} ]; then base64 ${crlFile(member)} | sed 's/^/crl /'; fi
if [ -f ${record} ]; then while read -r q_line; do echo "trusted $q_line"; done <${record}; fi
${loosePaths(member)}
if [ -x ${etcdctlWrapper(member)} ]; then echo 'wrapper yes'; fi
q_log=${`${dataDir}/member/wal`}
if [ -f ${conf} ]; then
  q_apart=no
  while IFS= read -r q_line; do
    q_value=\${q_line#*=\"}
    case $q_line in
      ETCD_INITIAL_CLUSTER=*) echo "begun-with \${q_value%\"}" ;;
      ETCD_WAL_DIR=*) q_log=\${q_value%\"} ;;
      ETCD_PEER_CERT_ALLOWED_*) q_apart=yes ;;
      ETCD_CLIENT_CRL_FILE=*) echo 'looks-at-list yes' ;;
    esac
  done <${conf}
  echo "peers-apart $q_apart"
fi
if [ -d ${`${dataDir}/member`} ]; then
  for q_file in "$q_log"/*.wal; do if [ ! -e "$q_file" ]; then echo 'without-log yes'; fi; break; done
fi
case \${q_state_now-} in active) ;; *)
  ${programVersion(member)}
  { ${dataVersions(`${dataDir}/member/snap/db`)}; } | sed 's/^[a-z]*-version /data-version /'
esac`;
}

/** Also those that a link on the way leads through. */
function loosePaths({ user, binDir, configDir, certDir }: Member): Sh {
  if (user === undefined) return sh`:`;
  return joinSh([
    asUser,
    sh`q_folders() { q_path=$1; while q_path=\${q_path%/*} && [ -n "$q_path" ]; do set -- "$@" "$q_path"; done; shift; printf '%s\n' "$@"; }
set --
for q_dir in ${[binDir, configDir, certDir]}; do
  for q_folder in $(q_folders "$q_dir"); do
    set -- "$@" "$q_folder/"
    if [ -L "$q_folder" ]; then for q_real in $(q_folders "$(readlink -f -- "$q_folder")/x"); do set -- "$@" "$q_real/"; done; fi
  done
done
q_loose "$@" / | while IFS= read -r q_line; do echo "loose $q_line"; done`,
  ]);
}

/**
 * Read-only shell, behind the questions to a member that is active: what its next start would run, where the member has not
 * told its version, or runs another file than the one that lies there now. In a part of its own, `==kept`. A unit that runs
 * another program is not asked about this one.
 */
export function programToCome(member: Member): Sh {
  const program = `${member.binDir}/etcd`;
  return sh`q_file=/proc/\${q_main:-0}/exe
case \${q_answers-} in
  *'@status 0'*) if [ "\${q_exec-}" != ${program} ] || [ ! -e "$q_file" ] || [ "$q_file" -ef ${program} ]; then q_file=; fi ;;
esac
if [ -n "$q_file" ]; then q_part kept; ${programVersion(member)}; fi
if [ "\${q_exec-}" = ${program} ]; then
  q_fault=
  if [ ! -e ${program} ]; then q_fault='is missing'
  elif [ ! -x ${program} ]; then q_fault='may not be executed'
  elif [ -n "$q_file" ] && [ -z "$q_program$q_refused" ]; then q_fault='does not say which version it is'; fi
  if [ -n "$q_fault" ]; then q_part kept; echo "unrunnable $q_fault"; fi
fi`;
}

/** Our record counts as long as the file is the one that was installed; any other is asked, by no more than it needs. */
function programVersion(member: Member): Sh {
  const [program, record] = [`${member.binDir}/etcd`, `${member.stateDir}/release`];
  return sh`q_program= q_recorded= q_refused=
if [ -f ${program} ]; then
  if [ -f ${record} ]; then
    { read -r q_program q_rest; while read -r q_sum q_name; do if [ "$q_name" = etcd ]; then q_recorded=$q_sum; fi; done; } <${record}
  fi
  if [ -z "$q_recorded" ] || [ "$(q_sha256 ${program})" != "$q_recorded" ]; then
    q_program=
    ${asItself(member, program)}
    if [ -z "$q_refused" ]; then
      q_program=$($q_become timeout 5 ${program} --version 2>/dev/null </dev/null | sed -n 's/^etcd Version: //p')
    fi
  fi
  if [ -n "$q_program" ]; then echo "program $q_program"; fi
fi`;
}

/** Sets `$q_become` to the words that run a program as the member's user; else `$q_refused`, unless it is root's alone. */
function asItself({ manager, user }: Member, program: string): Sh {
  if (manager === 'process' || user === undefined) return sh`q_become= q_refused=`;
  return joinSh([
    asUser,
    sh`q_refused=
if ! q_as ${user} && [ "$q_uid" = 0 ]; then q_refused=$(q_not_roots ${program}); fi`,
  ]);
}

/** Takes apart what `keptFacts` printed among other lines. */
export function parseKept(out: string): KeptFacts {
  const all = (name: string) =>
    out.split('\n').flatMap((line) => (line.startsWith(`${name} `) ? [line.slice(name.length + 1)] : []));
  const version = (text: string | undefined) =>
    text !== undefined && /^\d+\.\d+\.\d+\S*$/.test(text) ? text : undefined;
  return {
    trusted: all('trusted').filter((line) => /^[0-9a-f]{64}$/.test(line)),
    program: version(all('program')[0]),
    unrunnable: all('unrunnable')[0],
    loadedProgram: all('loaded-program').find((line) => /^[0-9a-f]{64}$/.test(line)),
    loadedCa: all('loaded-ca').find((line) => /^[0-9a-f]{64}$/.test(line)),
    crl: listIn(all('crl')),
    dataVersion: version(all('data-version').sort(byVersion).at(-1)),
    begunWith: (all('begun-with')[0] ?? '').split(',').flatMap((one) => {
      const [, name, url] = /^([^=]+)=(https?:\/\/\S+)$/.exec(one) ?? [];
      return name !== undefined && url !== undefined ? [[name, url] as const] : [];
    }),
    looksAtList: all('looks-at-list').length > 0,
    peersApart: all('peers-apart').map((said) => said === 'yes')[0],
    wrapper: all('wrapper').length > 0,
    withoutLog: all('without-log').length > 0,
    loose: [...new Set(all('loose'))].flatMap((line) => {
      const [, path, why] = /^(\/|\/.*?)\/? (can be written by .+|is not root's)$/.exec(line) ?? [];
      return path !== undefined && why !== undefined ? [{ path, why }] : [];
    }),
  };
}

function byVersion(a: string, b: string): number {
  return a.localeCompare(b, 'en', { numeric: true });
}

/** A list of a company has thousands of names: more than a line of an answer may have. */
function listIn(lines: readonly string[]): Buffer | undefined {
  return lines.length === 0 ? undefined : Buffer.from(lines.join(''), 'base64');
}

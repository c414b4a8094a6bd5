import { isWildcard } from '../../../addresses.ts';
import { asUser } from '../../../dsl/shell/as-user.ts';
import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import { hostPort, type Member } from '../../model/cluster.ts';
import { pidFile } from '../../model/paths.ts';
import { loadedUnit } from '../loaded-unit.ts';

/**
 * Defines `q_etcdctl`: etcdctl against the host's own member, with the member's own certificate and as its user; run
 * by `$q_within` where that is set (`timeout 1`), with our limits of time unless `$q_limits` says others. Nothing of the
 * host's environment reaches it. `q_reach` chooses the URL that answers, where there are two.
 *
 * A member that runs is asked as it runs: what the inventory says of ports and paths may be yet to come. What it says
 * of itself (its environment) counts for where it listens and which certificates it shows, never for what is run:
 * programs come from the unit that systemd has loaded, from the inventory or from our manifest.
 *
 * `$q_url` is where it is asked, `$q_other` where else it may answer, `$q_closed` is set where only its host can ask it, `$q_told` where it tells others that it is (empty
 * when it does not say), `$q_certs` the directory of its certificates;
 * `$q_foreign` is the program that runs, where that is none that was installed, and `$q_exec` the one that was to run.
 */
export function etcdctlFunction(member: Member): Sh {
  return joinSh([settings(member), loaded(member), INSTALLED, identity(member), AS_IT_RUNS, CALL]);
}

/** The same for a member that was started a moment ago, as the inventory wants it: looks for nothing. */
export function wantedEtcdctl(member: Member): Sh {
  return joinSh([settings(member), identity(member), CALL]);
}

/** Runs one command as the member's user, who owns the folders that it is about: a link there leads nowhere further. */
export function asMember(member: Member, command: Sh): Sh {
  return joinSh([
    etcdctlFunction(member),
    sh`if [ -z "$q_trusts" ]; then echo "cannot become $q_user: neither setpriv, chroot nor runuser does it" >&2; exit 1; fi
$q_become ${command}`,
  ]);
}

/** What the inventory says. The listen address comes first: others may reach the member where its own host does not. */
function settings({ binDir, certDir, clientUrl, clientPort, listenAddress, user }: Member): Sh {
  const listens = listenAddress && `https://${hostPort(reachable(listenAddress), clientPort)}`;
  const other = listens === undefined || listens === clientUrl ? '' : clientUrl;
  return sh`q_program=${`${binDir}/etcdctl`} q_exec=${`${binDir}/etcd`} q_user=${user ?? ''}
q_url=${listens ?? clientUrl} q_other=${other} q_by_name=${listens === undefined ? 'yes' : ''} q_certs=${certDir}
q_ca=${`${certDir}/ca.pem`} q_cert=${`${certDir}/server.pem`} q_private=${`${certDir}/server-key.pem`}`;
}

/** Who listens on every address answers on loopback, which each certificate of ours has. */
function reachable(address: string): string {
  return isWildcard(address) ? '127.0.0.1' : address;
}

/** Sets `$q_main`, 0 or empty when there is no process, and what was to be run as whom. */
function loaded(member: Member): Sh {
  if (member.manager === 'process') {
    return sh`q_main=
if [ -f ${pidFile(member)} ]; then
  read -r q_main q_start <${pidFile(member)}
  q_lives "$q_main" "$q_start" || q_main=
fi`;
  }
  return joinSh([
    loadedUnit(member),
    sh`q_property MainPID; q_main=$q_rest
q_property User; if [ "\${q_main:-0}" -gt 0 ]; then q_user=\${q_rest:-root}; fi
q_property ExecStart
case $q_rest in '{ path=/'*)
  q_exec=\${q_rest#*path=} q_exec=\${q_exec%% ;*}
  if [ -x "\${q_exec%/*}/etcdctl" ]; then q_program=\${q_exec%/*}/etcdctl; fi ;;
esac`,
  ]);
}

/** A plain process is whoever runs Quorate, and so is what it was started from. */
function identity({ manager }: Member): Sh {
  if (manager === 'process') return sh`q_become= q_trusts=yes q_refused=`;
  return joinSh([
    asUser,
    sh`q_trusts= q_refused=
if q_as "$q_user"; then q_trusts=yes; fi
if [ "$q_uid" = 0 ] && [ -z "$q_become" ]; then
  q_refused=$(q_not_roots "$q_program")
  if [ -n "$q_refused" ]; then q_refused="$q_program is not run as root: $q_refused"; fi
fi`,
  ]);
}

/** What our records know of: another etcdctl where the wanted one is yet to come, and a program that is none of ours. */
const INSTALLED = sh`q_listed() { grep -qxF -- "$1" "$q_state/manifest" 2>/dev/null; }
if [ ! -x "$q_program" ] && [ -f "$q_state/manifest" ]; then
  while IFS= read -r q_line; do
    case $q_line in */etcdctl) if [ -x "$q_line" ]; then q_program=$q_line; fi ;; esac
  done <"$q_state/manifest"
fi
q_strange() {
  q_foreign=$(readlink "/proc/$q_main/exe" 2>/dev/null) q_foreign=\${q_foreign% (deleted)}
  case $q_foreign in '' | "$q_exec" | "$(readlink -f -- "$q_exec")") return 1 ;; esac
  ! q_listed "$q_foreign"
}
# After a wrapper anything may run; and a moment before its program a process is what starts it.
case \${q_main:-0}$q_exec in
  0*) q_foreign= ;;
  */etcd) q_strange && q_nap 0.3 && q_strange || q_foreign= ;;
  *) q_foreign= ;;
esac`;

/** What the process's environment says of URLs and certificates; of URLs only `https://HOST:PORT` counts. */
const AS_IT_RUNS = sh`q_env=
if [ "\${q_main:-0}" -gt 0 ]; then q_env=$q_nl$({ tr '\0' '\n' <"/proc/$q_main/environ"; } 2>/dev/null)$q_nl; fi
q_setting() {
  case $q_env in *"$q_nl$1="*) q_value=\${q_env#*"$q_nl$1="} q_value=\${q_value%%"$q_nl"*} ;; *) return 1 ;; esac
}
q_https() {
  q_setting "$1" || return
  q_list=$q_value,
  while [ -n "$q_list" ]; do
    q_value=\${q_list%%,*} q_list=\${q_list#*,}
    case $q_value in
      https://*[!][A-Za-z0-9.:_-]* | *[!0-9]) ;;
      https://0.0.0.0:* | https://'[::]':*) q_value=https://127.0.0.1:\${q_value##*:}; return ;;
      https://?*:[0-9]*) return ;;
    esac
  done
  return 1
}
q_told= q_closed=
if q_https ETCD_ADVERTISE_CLIENT_URLS; then q_told=$q_value q_url=$q_value q_other=; fi
if q_https ETCD_LISTEN_CLIENT_URLS && [ "$q_value" != "$q_url" ]; then
  q_list=$q_value; q_setting ETCD_LISTEN_CLIENT_URLS
  # One that is closed to clients answers nowhere else, and whoever asks there waits for nothing.
  # Where only the host knows the address, certificates need not have it: it comes second.
  if [ "$q_value" = "$q_list" ] && [ "https://127.0.0.1:\${q_list##*:}" = "$q_list" ]; then q_url=$q_list q_other= q_closed=yes
  elif [ -n "$q_by_name" ]; then q_other=$q_list; else q_other=$q_url q_url=$q_list; fi
fi
q_file() { if [ -n "$q_trusts" ] && q_setting "$1"; then case $q_value in /*) return ;; esac; fi; return 1; }
if q_file ETCD_TRUSTED_CA_FILE; then q_ca=$q_value; fi
if q_file ETCD_CERT_FILE; then q_cert=$q_value q_certs=\${q_value%/*}; fi
if q_file ETCD_KEY_FILE; then q_private=$q_value; fi`;

/**
 * Proxies and settings of the host's environment are not meant for this: it begins empty. etcdutl came with 3.5. Before,
 * etcdctl speaks API 2 unless told otherwise (3.3); from 3.6 on it warns of the variable.
 */
const CALL = sh`for q_pem in "$q_ca" "$q_cert" "$q_private"; do
  # It would be read until somebody writes to it.
  if [ -e "$q_pem" ] && [ ! -f "$q_pem" ]; then q_refused="$q_pem is not a file"; fi
done
if [ -e "\${q_program%/*}/etcdutl" ]; then q_api=; else q_api=ETCDCTL_API=3; fi
q_etcdctl() {
  if [ -n "$q_refused" ]; then echo "$q_refused" >&2; return 126; fi
  \${q_within-} $q_become env -i PATH="$PATH" $q_api "$q_program" --endpoints="$q_url" \
    --cacert="$q_ca" --cert="$q_cert" --key="$q_private" \${q_limits---dial-timeout=2s --command-timeout=4s} "$@"
}
# A linearizable read goes through it. Where its health is asked for, a full member says no from 3.5 on, though it reads.
q_answers() { q_etcdctl endpoint health || { [ -z "$q_api" ] && q_etcdctl member list >/dev/null; }; }
q_reach() {
  if [ -z "$q_other" ] || q_answers >/dev/null 2>&1; then return; fi
  set -- "$q_url"; q_url=$q_other q_other=
  q_answers >/dev/null 2>&1 || q_url=$1
}`;

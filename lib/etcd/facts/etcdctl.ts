import { type Sh, sh } from '../../dsl/sh.ts';
import type { Member } from '../model/cluster.ts';
import { pidFile } from '../model/paths.ts';

/**
 * Defines `q_etcdctl`: etcdctl against the host's own member with the member's own certificate; run by
 * `$q_within` where that is set (`timeout 1`). A member that runs is asked as it runs, by its environment: what the
 * inventory says of ports and paths may be yet to come. `$q_url` and `$q_certs` are what was found; `$q_main` may
 * say which process it is.
 */
export function etcdctlFunction(member: Member): Sh {
  return sh`${wantedEtcdctl(member)}
q_setting() {
  case $q_env in *"$q_nl$1="*) q_value=\${q_env#*"$q_nl$1="} q_value=\${q_value%%"$q_nl"*} ;; *) return 1 ;; esac
}
${mainProcess(member)}
q_env=
if [ "\${q_main:-0}" -gt 0 ]; then
  q_env=$q_nl$({ tr '\0' '\n' <"/proc/$q_main/environ"; } 2>/dev/null)$q_nl
  q_value=$(readlink "/proc/$q_main/exe" 2>/dev/null)
  if [ -x "\${q_value%/*}/etcdctl" ]; then q_program=\${q_value%/*}/etcdctl; fi
fi
if q_setting ETCD_ADVERTISE_CLIENT_URLS; then case $q_value in https://*) q_url=\${q_value%%,*} ;; esac; fi
if q_setting ETCD_TRUSTED_CA_FILE; then q_ca=$q_value; fi
if q_setting ETCD_CERT_FILE; then q_cert=$q_value q_certs=\${q_value%/*}; fi
if q_setting ETCD_KEY_FILE; then q_private=$q_value; fi`;
}

/** The same for a member that was started a moment ago, as the inventory wants it: looks for nothing. */
export function wantedEtcdctl({ binDir, certDir, clientUrl }: Member): Sh {
  return sh`q_program=${`${binDir}/etcdctl`} q_url=${clientUrl} q_certs=${certDir}
q_ca=${`${certDir}/ca.pem`} q_cert=${`${certDir}/server.pem`} q_private=${`${certDir}/server-key.pem`}
q_etcdctl() {
  # etcdutl came with 3.5. Before, etcdctl speaks API 2 unless told otherwise (3.3); from 3.6 on it warns of the variable.
  if [ -e "\${q_program%/*}/etcdutl" ]; then unset ETCDCTL_API; else ETCDCTL_API=3; export ETCDCTL_API; fi
  \${q_within-} "$q_program" --endpoints="$q_url" --cacert="$q_ca" --cert="$q_cert" --key="$q_private" \
    --dial-timeout=2s --command-timeout=4s "$@"
}`;
}

/** Sets `$q_main` where nobody has; empty or 0 when there is no process. */
function mainProcess(member: Member): Sh {
  const { manager, service } = member;
  return manager === 'process'
    ? sh`if [ -f ${pidFile(member)} ]; then read -r q_main q_born <${pidFile(member)}; fi`
    : sh`if [ -z "\${q_main-}" ]; then q_main=$(systemctl show -p MainPID ${service}.service 2>/dev/null); q_main=\${q_main#MainPID=}; fi`;
}

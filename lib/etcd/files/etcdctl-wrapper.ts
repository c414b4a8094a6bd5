import { sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { bootstrapFile, confFile } from '../model/paths.ts';

/**
 * A script that people call instead of etcdctl: it takes certificates and the URL from the etcd.conf that is in force,
 * so that it holds nothing itself that could be out of date, or secret. A member that is closed to clients (a restore is
 * under way) is asked where it listens meanwhile. `ETCDCTL_ENDPOINTS` asks other members.
 */
export function etcdctlScript(member: Member): string {
  const { binDir, listenAddress } = member;
  // Who else reaches the host by its name may be nobody on the host itself; certificates have only what is given.
  const url = listenAddress === undefined ? 'ETCD_ADVERTISE_CLIENT_URLS' : 'ETCD_LISTEN_CLIENT_URLS';
  const { text } = sh`conf=${confFile(member)}
if [ ! -r "$conf" ]; then echo "$conf cannot be read: become root, or the user of etcd" >&2; exit 1; fi
value() { value=$(sed -n "s/^$1=//p" "\${2-$conf}" 2>/dev/null | tail -n 1); value=\${value#[\"\']}; printf '%s' "\${value%[\"\']}"; }
url=$(value ETCD_LISTEN_CLIENT_URLS ${bootstrapFile(member)}); if [ -z "$url" ]; then url=$(value ${url}); fi; url=\${url%%,*}
case $url in https://0.0.0.0:* | 'https://[::]:'*) url=https://127.0.0.1:\${url##*:} ;; esac
# Before 3.5, which brought etcdutl, it speaks API 2 unless told otherwise; from 3.6 on it warns of the variable.
if [ -e ${`${binDir}/etcdutl`} ]; then api=; else api=ETCDCTL_API=3; fi
exec env -i PATH="$PATH" \${TERM:+TERM="$TERM"} $api ${`${binDir}/etcdctl`} --endpoints="\${ETCDCTL_ENDPOINTS:-$url}" --cacert="$(value ETCD_TRUSTED_CA_FILE)" --cert="$(value ETCD_CERT_FILE)" --key="$(value ETCD_KEY_FILE)" "$@"`;
  return `#!/bin/sh\n# etcdctl of member ${member.name}, with its own certificate; written by Quorate.\n${text}\n`;
}

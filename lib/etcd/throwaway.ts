import { READERS } from './facts/etcdctl/shell.ts';

/**
 * Functions for a POSIX script that runs as the member's user: an etcd that nobody reaches. It listens on sockets in a
 * folder below its data, which belongs to that user alone, and shares no port, no file and no certificate with the member.
 *
 * - `up DATA ETCD ETCDCTL FLAG…`: starts it on the data in DATA, an absolute path. It ends with the script in any case.
 * - `ask WORD…`: etcdctl against it; what it says beside goes into the file `said`.
 * - `let_in`: starts it anew so that the member is asked as the user of its certificate: `$ca`, `$cert` and `$key`, which the
 *   script sets. Fails where they cannot be read. `carried` does so where it has to.
 * - `carried LAST ALIKE OLD`: waits until it leads, has carried out entry LAST, and as many further answers as ALIKE are the
 *   same; sets `$now` to its status. 3.3 does not say how far it has come: there OLD answers must be the same. Fails, and
 *   prints its last lines, where it ends or takes too long (1), and where its status is in no shape that is known (2).
 * - `down`: ends it.
 */
export const THROWAWAY = `${READERS}
up() {
  data=$1 etcd=$2 ctl=$3
  shift 3
  flags=$*
  mkdir -p -- "$data/run" && cd -- "$data/run" || exit
  if [ -e "\${ctl%/*}/etcdutl" ]; then api=; else api=ETCDCTL_API=3; fi
  begin unix
  trap 'kill -9 "$pid" 2>/dev/null' EXIT
}
begin() {
  at=$1://c:1
  shift
  env -i PATH="$PATH" "$etcd" --data-dir "$data" --quota-backend-bytes=-1 --listen-client-urls "$at" \\
    --advertise-client-urls http://localhost:2379 --listen-peer-urls unix://p:1 $flags "$@" >log 2>&1 &
  pid=$!
}
ask() {
  case $at in unixs:*) set -- --cacert="$ca" --cert="$cert" --key="$key" --insecure-skip-tls-verify "$@" ;; esac
  env -i PATH="$PATH" $api "$ctl" --endpoints="$at" "$@" 2>said
}
let_in() {
  case $at in unixs:*) return 1 ;; esac
  [ -r "\${ca:-}" ] && [ -r "\${cert:-}" ] && [ -r "\${key:-}" ] || return
  kill "$pid"
  wait "$pid" 2>/dev/null
  begin unixs --cert-file "$cert" --key-file "$key" --trusted-ca-file "$ca" --client-cert-auth
}
carried() {
  left=900 before= alike=0
  while :; do
    if now=$(ask --command-timeout=3s -w json endpoint status); then
      q_status "$now" || { q_unknown 'endpoint status' ask; return 2; }
      if [ "$now" = "$before" ]; then alike=$((alike + 1)); else alike=0; fi
      case $q_leader:$q_etcd in
        0:*) ;;
        *:3.3.*) if [ "$alike" -ge "$3" ]; then return; fi ;;
        *) if [ "$alike" -ge "$2" ] && [ "\${q_applied:-0}" -gt 0 ] && [ "$q_applied" -ge "$1" ]; then return; fi ;;
      esac
    elif q_denied said && ! let_in; then
      echo "authentication is enabled in this data, and the user of the member's certificate has no role root in it"
      exit 3
    fi
    before=$now left=$((left - 1))
    if [ "$left" = 0 ] || ! kill -0 "$pid" 2>/dev/null; then tail -n 5 log; return 1; fi
    sleep 0.3
  done
}
down() {
  kill "$pid"
  wait "$pid"
  trap - EXIT
}`;

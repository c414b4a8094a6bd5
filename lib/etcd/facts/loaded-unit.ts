import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';

/** How often a unit that somebody restarts this very moment is looked at, a quarter of a second apart. */
const LOOKS = 20;

/**
 * Defines `q_property NAME`, which sets `$q_rest` to a property of the member's unit as systemd has loaded it: what
 * root has written, whatever the process says of itself. systemd is asked once a fragment; a member between its stop and
 * its next start is waited for, since one that does not run is another matter.
 */
export function loadedUnit({ service }: Member): Sh {
  return sh`q_property() {
  case $q_unit in *"$q_nl$1="*) q_rest=\${q_unit#*"$q_nl$1="} q_rest=\${q_rest%%"$q_nl"*} ;; *) q_rest= ;; esac
}
q_restarts() {
  q_property ActiveState
  case $q_rest in
    deactivating) ;;
    inactive | failed) q_property Job; [ "\${q_rest:-0}" != 0 ] ;;
    # By itself it may wait for its peers.
    activating) [ "$q_looks" -gt 1 ] ;;
    *) return 1 ;;
  esac
}
if [ -z "\${q_unit-}" ]; then
  q_looks=0
  while
    q_looks=$((q_looks + 1))
    q_unit=$q_nl$(systemctl show -p LoadState -p FragmentPath -p DropInPaths -p ActiveState -p UnitFileState -p Job -p MainPID -p User -p ExecStart ${service}.service 2>/dev/null)$q_nl
    [ "$q_looks" -lt ${LOOKS} ] && q_restarts
  do q_nap 0.25; done
fi`;
}

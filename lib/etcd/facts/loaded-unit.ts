import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';

/**
 * Defines `q_property NAME`, which sets `$q_rest` to a property of the member's unit as systemd has loaded it: what
 * root has written, whatever the process says of itself. systemd is asked once a fragment.
 */
export function loadedUnit({ service }: Member): Sh {
  return sh`if [ -z "\${q_unit-}" ]; then
  q_unit=$q_nl$(systemctl show -p LoadState -p FragmentPath -p DropInPaths -p ActiveState -p MainPID -p User -p ExecStart ${service}.service 2>/dev/null)$q_nl
fi
q_property() {
  case $q_unit in *"$q_nl$1="*) q_rest=\${q_unit#*"$q_nl$1="} q_rest=\${q_rest%%"$q_nl"*} ;; *) q_rest= ;; esac
}`;
}

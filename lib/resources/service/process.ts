import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { waitUntil } from '../../dsl/shell/wait-until.ts';
import type { ProcessService, ServiceManager } from './types.ts';

/** Services as plain processes with a pid file: for a machine without systemd, or without root. */
export const processManager: ServiceManager<ProcessService> = {
  probe: ({ pidFile }) => sh`if ${isRunning(pidFile)}; then echo "born $q_pid-$q_start"; fi`,

  parse(out) {
    const start = /^born (\S+)$/m.exec(out)?.[1];
    const state = start === undefined ? 'stopped' : 'running';
    return { state, enabled: true, stale: false, start, since: undefined };
  },

  prepare: () => sh`:`,

  start: (desired) => sh`${stopPidFile(desired.pidFile)}
${startProcess(desired)}`,
};

/** Exits 0 when the process of the pid file is the one that wrote it; sets `q_pid` and `q_start`. */
function isRunning(pidFile: string): Sh {
  return sh`q_pid= q_start=
if [ -f ${pidFile} ]; then read -r q_pid q_start <${pidFile}; fi
q_lives "$q_pid" "$q_start"`;
}

/** Ends the process of a pid file: TERM, then KILL after ten seconds. Fails where that ends nothing in another ten. */
export function stopPidFile(pidFile: string): Sh {
  return sh`if ${isRunning(pidFile)}; then
  kill "$q_pid"
  q_tries=0
  while q_lives "$q_pid" "$q_start"; do
    q_tries=$((q_tries + 1))
    if [ "$q_tries" = 100 ]; then kill -9 "$q_pid"; fi
    if [ "$q_tries" = 200 ]; then echo "process $q_pid does not end, not even by KILL"; exit 1; fi
    q_nap 0.1
  done
fi
rm -f -- ${pidFile}`;
}

function startProcess(desired: ProcessService): Sh {
  const { executable, environmentFiles, before, pidFile, log, ready, name } = desired;
  const why = sh`tail -c +"$((q_from + 1))" ${log} | (${ready?.telling ?? sh`cat >/dev/null`})
echo 'its last lines:'; tail -c +"$((q_from + 1))" ${log} | tail -n 12 | cut -c1-400`;
  // Its end is ours to ask for: kill -0 would find it until then.
  const ended = sh`if ! q_lives "$q_pid" "$q_start"; then echo ${`${name} ended at once`}; exit 1; fi`;
  return sh`q_leads_group() ( q_line=$(cat "/proc/$1/stat") && set -- "$1" \${q_line##*) } && [ "$4" = "$1" ] ) 2>/dev/null
{ ${before}; } || exit 1
q_from=0; if [ -f ${log} ]; then q_from=$(wc -c <${log}); fi
(
  ${emptyEnvironment}
  ${exportEnvironment(environmentFiles)}
  umask 077
  exec setsid ${executable} >>${log} 2>&1 </dev/null
) &
q_pid=$!
q_start=$(q_born "$q_pid")
# A process that is not on record would be started once more, on the same data.
echo "$q_pid $q_start" | q_write ${pidFile} 0644 '' '' || {
  kill -9 "$q_pid"
  echo ${`${name} was ended again: its process could not be noted in ${pidFile}`}
  exit 1
}
# Whoever ends our process group ends it as well, until it leads one of its own.
q_tries=0
until q_leads_group "$q_pid" || ! q_lives "$q_pid" "$q_start" || [ "$q_tries" = 100 ]; do q_tries=$((q_tries + 1)); q_nap 0.1; done
${ready ? sh`(${waitUntil(ready.until, ready.timeout, ended)}) || { ${why}; exit 1; }` : sh`:`}`;
}

/** Shell that takes everything out of the environment but the way to programs: what systemd starts has none of it either. */
export const emptyEnvironment = sh`for q_name in $(env | sed -n 's/^\([A-Za-z_][A-Za-z0-9_]*\)=.*/\1/p'); do
    case $q_name in PATH | HOME | q_*) ;; *) command unset "$q_name" 2>/dev/null || : ;; esac
  done`;

/** Shell that exports the `KEY="value"` or `KEY='value'` lines of environment files, each value as it stands between its quotes. */
export function exportEnvironment(environmentFiles: readonly string[]): Sh {
  return sh`for q_file in ${environmentFiles}; do
    if [ -f "$q_file" ]; then
      while IFS= read -r q_line; do
        case $q_line in [A-Z]*=*) q_value=\${q_line#*=[\"\']}; export "\${q_line%%=*}=\${q_value%[\"\']}" ;; esac
      done <"$q_file"
    fi
  done`;
}

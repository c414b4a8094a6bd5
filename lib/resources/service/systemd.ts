import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { waitUntil } from '../../dsl/shell/wait-until.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Running, ServiceManager, SystemdService } from './types.ts';

/** Where units of ours lie. */
export function unitPath(unit: string): string {
  return `/etc/systemd/system/${unit}`;
}

/** The whole name of a unit; what has no ending is a service. */
export function unitName(name: string): string {
  return /\.(service|socket|timer|path|mount|automount|target|slice)$/.test(name) ? name : `${name}.service`;
}

/** Throws exit code 2, in a check too, where `systemctl show` has told nothing of a unit: no systemd runs on the host. */
export function requireSystemd(shown: string, name: string): void {
  if (/^(LoadState|NeedDaemonReload|Version)=/m.test(shown)) return;
  const said = shown.trim().split('\n')[0] ?? '';
  throw new QuorateError(
    `cannot look at ${name}: systemd does not answer on this host${said === '' ? '' : `: ${said}`}`,
    {
      exitCode: EXIT.failed,
      hint: 'other service managers are not known here: write a command() with unless',
    },
  );
}

/** Services under systemd. */
export const systemdManager: ServiceManager<SystemdService> = {
  probe: (desired) =>
    sh`systemctl show -p ActiveState -p UnitFileState -p NeedDaemonReload -p InvocationID -p ActiveEnterTimestampMonotonic ${unit(desired)} || exit 1; sed -n '/^btime/p' /proc/stat`,

  parse(out) {
    const property = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(out)?.[1] ?? '';
    const booted = Number(/^btime (\d+)$/m.exec(out)?.[1] ?? Number.NaN);
    const since = booted + Number(property('ActiveEnterTimestampMonotonic') || Number.NaN) / 1e6;
    const fileState = property('UnitFileState');
    return {
      state: STATES[property('ActiveState')] ?? 'stopped',
      // A unit without [Install] is started by others: there is nothing to enable.
      enabled: /^(enabled|static|indirect|generated|alias)$/.test(fileState),
      ...(fileState.startsWith('masked') && { masked: fileState }),
      stale: property('NeedDaemonReload') === 'yes',
      start: property('InvocationID') || undefined,
      since: Number.isNaN(since) ? undefined : since,
    };
  },

  // Enabling has systemd read all units again, too.
  prepare: (desired, actions) =>
    sh`systemctl ${actions.has('enabled') ? ['enable', '--quiet', unit(desired)] : ['daemon-reload']} || exit 1`,

  start(desired, how) {
    const name = unit(desired);
    const { ready } = desired;
    // A crash loop leaves the unit refusing to start until its counter is reset.
    const restart = sh`q_cursor=$(journalctl --quiet --lines=1 --output=cat --show-cursor 2>/dev/null | sed -n 's/^-- cursor: //p')
systemctl reset-failed ${name} 2>/dev/null
systemctl restart ${ready ? ['--no-block'] : []} ${name} || { ${why(desired)}; exit 1; }`;
    const wait =
      ready && sh`(${waitUntil(ready.until, ready.timeout, giveUp(name))}) || { ${why(desired)}; exit 1; }`;
    return sh`q_cursor=
${how === 'start' ? restart : sh`:`}
${wait ?? sh`:`}`;
  },
};

const STATES: Readonly<Record<string, Running['state']>> = {
  active: 'running',
  reloading: 'running',
  refreshing: 'running',
  activating: 'starting',
  failed: 'failed',
};

/** Says why a service does not run, where it does not: of one that has just been started. */
export function whyNotRunning(name: string): Sh {
  const service: SystemdService = { manager: 'systemd', name, loads: [] };
  return sh`case $(systemctl show -p ActiveState -p SubState ${unit(service)}) in
  *ActiveState=failed* | *ActiveState=inactive* | *SubState=auto-restart*)
    case $(systemctl show -p ConditionResult ${unit(service)}) in *=no) echo 'a condition of its unit does not hold' ;; esac
    q_cursor=
    ${why(service)} ;;
esac`;
}

/** Ends the wait when systemd gave up. */
function giveUp(name: string): Sh {
  return sh`if systemctl is-failed --quiet ${name}; then echo ${`${name} failed`}; exit 1; fi`;
}

/**
 * Says why a start did not work: the line that tells it, what systemd makes of it, and what came last. Only of this
 * start, and the tries that followed it: what an earlier one said would mislead.
 */
function why(desired: SystemdService): Sh {
  const name = unit(desired);
  const telling = desired.ready?.telling;
  const { logs = [] } = desired;
  const tails = logs.length > 0 ? sh`tail -q -n 200 ${logs} 2>/dev/null;` : sh``;
  return sh`q_said() {
  if [ -n "$q_cursor" ]; then journalctl --no-pager --quiet --output=cat --unit ${name} --after-cursor="$q_cursor" "$@"
  else
    q_id=$(systemctl show -p InvocationID ${name})
    # What it says itself, and what systemd says of it.
    q_id=\${q_id#InvocationID=}
    journalctl --no-pager --quiet --output=cat _SYSTEMD_INVOCATION_ID="$q_id" + INVOCATION_ID="$q_id" "$@"
  fi 2>/dev/null
}
${telling ? sh`{ q_said --lines=2000; ${tails} } | (${telling})` : sh`:`}
echo ${`${name}:`} $(systemctl show -p ActiveState -p SubState -p Result -p ExecMainStatus -p NRestarts ${name})
echo 'its last lines:'
{ q_said --lines=12; ${tails} } | tail -n 12 | cut -c1-400`;
}

function unit(desired: SystemdService): string {
  return unitName(desired.name);
}

import { joinSh, type Sh, sh } from '../../dsl/sh.ts';
import { waitUntil } from '../../dsl/wait-until.ts';
import { bootstrapApply, ownPart, parseCommon, serviceProbe } from './common.ts';
import type { ServiceManager, SystemdService } from './index.ts';

/** Where units of ours lie. */
export function unitPath(unit: string): string {
  return `/etc/systemd/system/${unit}`;
}

/** Services under systemd. */
export const systemdManager: ServiceManager<SystemdService> = {
  probe: (desired) =>
    serviceProbe(
      desired,
      sh`systemctl show -p ActiveState -p UnitFileState -p NeedDaemonReload ${unit(desired)}`,
    ),

  parse(out, desired) {
    const property = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(ownPart(out))?.[1] ?? '';
    const active = property('ActiveState');
    const common = parseCommon(out, desired);
    const unitIndex = desired.loads.findIndex(({ path }) => path === desired.unitPath);
    const isWanted = common.onDisk[unitIndex] === desired.loads[unitIndex]?.digest;
    return {
      ...common,
      state:
        active === 'active' || active === 'reloading'
          ? 'running'
          : active === 'failed'
            ? 'failed'
            : 'stopped',
      enabled: property('UnitFileState') === 'enabled',
      stale: property('NeedDaemonReload') === 'yes' && isWanted,
      otherUnit: !isWanted,
    };
  },

  apply(desired, actions) {
    const name = unit(desired);
    const starts = actions.has('start') || actions.has('restart');
    // A crash loop leaves the unit refusing to start until its counter is reset.
    const start = sh`systemctl reset-failed ${name} 2>/dev/null
systemctl ${actions.has('restart') ? sh`restart` : sh`start`} --no-block ${name} || exit 1
${waitUntil(desired.ready.until, desired.ready.timeout, giveUp(name))}`;
    return joinSh([
      // Enabling has systemd read all units again, too.
      sh`systemctl ${actions.has('enabled') ? ['enable', '--quiet', name] : ['daemon-reload']} || exit 1`,
      ...bootstrapApply(desired, starts ? start : undefined),
    ]);
  },
};

/** Ends the wait when systemd gave up, with why the service ended, if it said so, and what came last. */
function giveUp(name: string): Sh {
  return sh`if systemctl is-failed --quiet ${name}; then
    echo ${`${name} failed; its last lines:`}
    journalctl --no-pager --output=cat --lines=400 --unit ${name} | grep -E 'panic:|"level":"(fatal|panic)"| C \| ' | tail -n 1 | cut -c1-400
    journalctl --no-pager --output=cat --lines=12 --unit ${name}; exit 1
  fi`;
}

function unit(desired: SystemdService): string {
  return `${desired.name}.service`;
}

import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { unitName, unitPath } from './systemd.ts';

export interface AtBoot {
  /** Another unit starts it, or D-Bus. */
  readonly wanted: boolean;
  /** Enabling it would enable a unit that its `Also=` names: none of them is. */
  readonly alsoDisabled: boolean;
}

/** Properties by which another unit, or D-Bus, starts a unit (org.freedesktop.systemd1(5)). */
const STARTED_BY = ['WantedBy', 'RequiredBy', 'UpheldBy', 'BoundBy', 'TriggeredBy', 'BusName'];

/** Words for `systemctl show`. */
export const AT_BOOT: readonly string[] = STARTED_BY.flatMap((one) => ['-p', one]);

/** Shell that tells more of what `q_shown` leaves open: whether a script starts it, and what `Also=` names. */
export function lookAtBoot(name: string): Sh {
  return sh`case $q_shown in
  # Made of a script in /etc/init.d: its links say whether it starts.
  *UnitFileState=generated*) echo "by script $(systemctl is-enabled ${unitName(name)} 2>/dev/null | tail -n 1)" ;;
  *UnitFileState=indirect*)
    for q_unit in $(systemctl cat ${unitName(name)} 2>/dev/null | sed -n 's/^Also=//p'); do
      echo "also $(systemctl is-enabled "$q_unit" 2>/dev/null | tail -n 1)"
    done ;;
esac`;
}

export function parseAtBoot(out: string): AtBoot {
  const also = [...out.matchAll(/^also (\S+)$/gm)].map(([, word]) => word);
  return {
    wanted: STARTED_BY.some((one) => new RegExp(`^${one}=.`, 'm').test(out)),
    alsoDisabled: also.includes('disabled') && !also.includes('enabled'),
  };
}

/** Whether the unit that an earlier task places says how it is enabled; undefined where that is not known. */
export function foreseenInstall(name: string, world: World): boolean | undefined {
  const unit = unitName(name);
  const text = world.isProof ? undefined : world.path(unitPath(unit)).state?.text;
  return text === undefined || comingUnits(world).includes(`${unit}.d`)
    ? undefined
    : /^\[Install\]/m.test(text);
}

/** What comes by earlier tasks may start it. */
export function mayBeStarted(name: string, world: World): boolean {
  return world.bringsMore || comingUnits(world).some((one) => one !== unitName(name));
}

/** Units, folders of drop-ins, and folders that name units, of earlier tasks. */
function comingUnits(world: World): readonly string[] {
  return world.namesIn(unitPath('').slice(0, -1), []);
}

export function nothingStarts(name: string): QuorateError {
  return new QuorateError(
    `cannot have ${name} start at boot: its unit has no [Install], and no other unit starts it`,
    {
      exitCode: EXIT.failed,
      hint: `write into the unit: [Install] WantedBy=multi-user.target; or say that it does not: service('${name}', { enabled: false })`,
    },
  );
}

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

/** Properties by which another unit starts a unit (org.freedesktop.systemd1(5)). */
const STARTED_BY = ['WantedBy', 'RequiredBy', 'UpheldBy', 'BoundBy', 'TriggeredBy'];

/** Words for `systemctl show`. */
export const AT_BOOT: readonly string[] = [...STARTED_BY, 'BusName'].flatMap((one) => ['-p', one]);

/** Where D-Bus looks for what it may start. */
const BUS_FOLDERS = ['/etc', '/run', '/usr/local/share', '/usr/share', '/lib'].map(
  (one) => `${one}/dbus-1/system-services`,
);

/** Shell that tells more of what `q_shown` leaves open: whether a script starts it, and what `Also=` names. */
export function lookAtBoot(name: string): Sh {
  return sh`case $q_shown in
  # Made of a script in /etc/init.d: its links say whether it starts.
  *UnitFileState=generated*) echo "by script $(systemctl is-enabled ${unitName(name)} 2>/dev/null | tail -n 1)" ;;
  *UnitFileState=indirect*)
    for q_unit in $(systemctl cat ${unitName(name)} 2>/dev/null | sed -n 's/^Also=//p'); do
      echo "also $(systemctl is-enabled "$q_unit" 2>/dev/null | tail -n 1)"
    done ;;
esac
# A name on the bus is not enough: D-Bus starts what has a file that says so.
q_bus=$(printf '%s\n' "$q_shown" | sed -n 's/^BusName=//p')
if [ -n "$q_bus" ]; then
  for q_in in ${BUS_FOLDERS}; do
    if grep -qsxF "Name=$q_bus" "$q_in"/*.service; then echo 'bus starts it'; break; fi
  done
fi`;
}

export function parseAtBoot(out: string): AtBoot {
  const also = [...out.matchAll(/^also (\S+)$/gm)].map(([, word]) => word);
  return {
    wanted: /^bus starts it$/m.test(out) || STARTED_BY.some((one) => new RegExp(`^${one}=.`, 'm').test(out)),
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
  const unit = unitName(name);
  return (
    world.bringsMore ||
    comingUnits(world).some((one) => mayStart(unit, one, world)) ||
    GENERATED.some(([path, units]) => {
      const { state } = world.isProof ? {} : world.path(path);
      return Boolean(state) && (units.test(unit) || state?.text?.includes(unit) === true);
    }) ||
    BUS_FOLDERS.some((folder) => world.namesIn(folder, []).length > 0)
  );
}

/** Files of which systemd's generators make units, and links that start them (systemd.generator(7)). */
const GENERATED: readonly (readonly [path: string, units: RegExp])[] = [
  ['/etc/rc.local', /^rc-local\.service$/],
  ['/etc/fstab', /mount$/],
  ['/etc/crypttab', /^systemd-cryptsetup@/],
];

/** Settings by which a unit starts those that it names, with the lines that go on. */
const STARTS = /^\s*(?:Wants|Requires|BindsTo|Upholds|Sockets|Service|Unit)\s*=((?:.*\\\n)*.*)/gm;

/** What comes may start a unit: it has its name, as a socket has, or names it; what is not known may. */
function mayStart(unit: string, coming: string, world: World): boolean {
  if (coming === unit) return false;
  const ownName = (one: string) => one.replace(/\.d$/, '').replace(/(@.*)?\.[a-z]+$/, '');
  if (ownName(coming) === ownName(unit)) return true;
  const inside = world.namesIn(unitPath(coming), []);
  if (/\.(wants|requires|upholds)$/.test(coming)) return inside.includes(unit);
  const files = coming.endsWith('.d') ? inside.map((one) => `${coming}/${one}`) : [coming];
  return files.some((one) => {
    const text = world.path(unitPath(one)).state?.text;
    const named = [...(text ?? '').matchAll(STARTS)].flatMap(([, names = '']) => names.split(/[\s\\]+/));
    return text === undefined || named.some((other) => other === unit || other.includes('%'));
  });
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

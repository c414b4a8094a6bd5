import type { LeftOver } from '../../dsl/ledger/left-over.ts';
import type { Kept } from '../../dsl/ledger/records.ts';
import { sh } from '../../dsl/shell/sh.ts';
import { taking } from './taking.ts';

/** Without these a host cannot be reached, or does not work: a person stops them, if anybody. */
const VITAL = /^(sshd?|dbus|dbus-broker|systemd-.+|.*[Nn]etwork.*)\.[a-z]+$/;

/** A unit that was started or enabled is stopped and disabled. */
export function leftUnit(made: Kept): LeftOver {
  const { name: unit } = made;
  const service = unit.replace(/\.service$/, '');
  return taking(made, {
    probe: sh`systemctl show -p Id -p ActiveState -p UnitFileState ${unit} 2>/dev/null`,
    judge({ out }) {
      const runs = /^ActiveState=(active|activating|reloading|refreshing)$/m.test(out);
      const isEnabled = /^UnitFileState=enabled/m.test(out);
      if (!runs && !isEnabled) return 'gone';
      if (VITAL.test(unit)) return { why: 'the host needs it' };
      const before = [...(isEnabled ? ['enabled'] : []), ...(runs ? ['running'] : [])].join(' and ');
      return { kind: 'stop', property: 'state', before, after: 'stopped' };
    },
    // Rules of a `firewall` that go with it may be what lets us in.
    ...(unit.endsWith('-firewall.service') && {
      guard: { save: sh`:`, undo: () => sh`systemctl enable --quiet --now ${unit}` },
    }),
    foresee: (world) => world.unit(unit).willBe({ state: 'stopped' }),
    // A unit that was started by an alias is itself what is enabled.
    apply:
      () => sh`q_unit=$(systemctl show -p Id ${unit}) && q_unit=\${q_unit#Id=} && systemctl stop "$q_unit" || exit
case $(systemctl is-enabled "$q_unit" 2>/dev/null) in enabled*) systemctl disable --quiet "$q_unit" || exit ;; esac
systemctl reset-failed "$q_unit" 2>/dev/null
q_records ${`started-${service}`} | while IFS= read -r q_file; do rm -f -- "$q_file"; done`,
  });
}

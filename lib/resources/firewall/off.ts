import { requireAnswer } from '../../dsl/common/answer.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { sh } from '../../dsl/shell/sh.ts';

interface ObservedUnit {
  readonly active: string;
  /** State of the unit file; empty when there is none. */
  readonly enabled: string;
}

/** A firewall (a unit, without `.service`) that neither runs nor starts at boot. One that is not installed is off. */
export const firewallOff = defineResource<object, { readonly service: string }, ObservedUnit>({
  kind: 'firewall-off',
  options: {},
  complete: (service) => ({ service }),
  name: ({ service }) => service,
  title: ({ service }) => `${service} is stopped and disabled`,
  probe: ({ service }) => sh`systemctl show -p ActiveState -p UnitFileState ${`${service}.service`}`,
  parse(reading, { service }) {
    requireAnswer(reading, `the state of ${service}`);
    const property = (name: string) => new RegExp(`^${name}=(.*)$`, 'm').exec(reading.out)?.[1] ?? '';
    return { active: property('ActiveState'), enabled: property('UnitFileState') };
  },
  diff(_desired, { active, enabled }) {
    const stop: Difference = { kind: 'stop', property: 'state', before: active, after: 'inactive' };
    const disable: Difference = { kind: 'update', property: 'enabled', before: enabled, after: 'disabled' };
    return [
      ...(active === 'inactive' || active === 'failed' ? [] : [stop]),
      ...(enabled.startsWith('enabled') ? [disable] : []),
    ];
  },
  apply: ({ service }) => sh`systemctl disable --now ${`${service}.service`}`,
});

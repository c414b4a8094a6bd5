import { requireAnswer } from '../../dsl/answer.ts';
import { is, must, type OptionTable } from '../../dsl/options.ts';
import { composed, defineResource } from '../../dsl/resource.ts';
import type { Task } from '../../dsl/task.ts';
import type { TaskOptions } from '../../dsl/task-options.ts';
import type { FirewallBackend } from './backend.ts';
import { firewalldBackend } from './firewalld.ts';
import { iptablesBackend } from './iptables.ts';
import { nftablesBackend } from './nftables.ts';
import type { FirewallDesired, FirewallOptions, OpenPort } from './rules.ts';
import { ufwBackend } from './ufw.ts';

const FIREWALL: OptionTable<FirewallOptions> = {
  backend: must(is.one('firewalld', 'ufw', 'nftables', 'iptables')),
  ports: must(is.list(is.object<OpenPort>())),
  addresses: must(is.list(is.text)),
  besides: is.one('firewalld', 'ufw'),
  unit: must(is.text),
  rulesFile: must(is.text),
};

/**
 * TCP ports that let in whom they are for. With `firewalld` and `ufw` these are rules of that firewall, which
 * drops the rest; of what is there, only entries that open exactly these ports are ours to remove. With
 * `nftables` and `iptables` it is a table or chain of our own that judges these ports only, as it is in the
 * kernel; the unit and the file that load it at boot are tasks of the role.
 */
export function firewall(name: string, options: FirewallOptions & TaskOptions): Task {
  return composed('firewall', name, options, {
    options: FIREWALL,
    make: () => BACKENDS[options.backend](name, options),
  });
}

/** A task that `firewall` made. */
export function isFirewall(task: Task): boolean {
  return Object.values(BACKENDS).some((backend) => backend.wishOf(task) !== undefined);
}

const BACKENDS = {
  firewalld: define(firewalldBackend),
  ufw: define(ufwBackend),
  nftables: define(nftablesBackend),
  iptables: define(iptablesBackend),
};

function define<Observed>(backend: FirewallBackend<Observed>) {
  return defineResource<FirewallOptions, FirewallDesired, Observed>({
    kind: 'firewall',
    options: FIREWALL,
    complete: (name, options) => ({ name, ...options }),
    name: ({ name, besides }) => (besides === undefined ? name : `${name} besides ${besides}`),
    title: ({ backend: name, ports }) =>
      `${name} lets in whom ${ports.map(({ port }) => port).join(' and ')} are for`,
    ...backend,
    parse(reading, desired) {
      requireAnswer(reading, `the rules of ${desired.backend}`);
      return backend.parse(reading, desired);
    },
  });
}

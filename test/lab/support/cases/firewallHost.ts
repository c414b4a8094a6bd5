import type { Change } from '../../../../lib/dsl/task.ts';
import { type EtcdFacts, etcdFacts } from '../../../../lib/etcd/facts/index.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import type { RunEvent } from '../../../../lib/runner/events.ts';
import { exchange } from '../../../../lib/runner/exchange/exchange.ts';
import { LoopHost } from '../../../../lib/runner/loop-host.ts';
import type { Host } from '../../../../lib/transport/host.ts';
import { firewall } from '../../../../roles/firewall.ts';
import { DEFAULTS } from '../../../unit/support/defaults.ts';
import type { Lab } from '../lab.ts';

export interface FirewallRun {
  readonly facts: EtcdFacts;
  /** What differed, `resource property: before → after`. */
  readonly changes: readonly string[];
  readonly events: readonly RunEvent[];
}

/** Runs the firewall role alone on one host through the runner's own loop; the first `members` hosts are the cluster. */
export async function runFirewall(
  lab: Lab,
  name: string,
  vars: Readonly<Record<string, unknown>> = {},
  { check = false, members = 3, by = 'address' as 'address' | 'address6' | 'name' } = {},
): Promise<FirewallRun> {
  const hostvars = Object.fromEntries(
    lab.hosts.slice(0, members).map((host) => [host.name, varsOf(host[by], vars)]),
  );
  const data = { name, vars: hostvars[name] as Record<string, unknown>, hostvars };
  const host = hostOf(lab, name);
  const { readings } = await exchange(host, [{ id: 'facts', sh: etcdFacts.probe(data), critical: false }]);
  const facts = etcdFacts.parse(readings.get('facts') ?? { code: 1, out: '' }, data);
  const target = { ...data, facts };
  const events: RunEvent[] = [];
  const loop = new LoopHost<EtcdFacts>(target, {
    host,
    connect: async () => hostOf(lab, name),
    selected: true,
    check,
    stateDir: memberOf(data).stateDir,
    owner: 'cluster lab',
    build: (own) => firewall.tasks(own).map((task) => ({ role: 'firewall', task })),
    sink: { emit: (event) => events.push(event), progress: () => {} },
  });
  await loop.replan();
  const changes = loop.plan.flatMap((planned) => planned.changes.map(describe));
  if (!check) await loop.apply(() => true);
  return { facts, changes, events };
}

/** The variables of a host, as defaults and inventory give them. */
function varsOf(address: string, vars: Readonly<Record<string, unknown>>): Record<string, unknown> {
  return { ...DEFAULTS, ansible_host: address, ...vars };
}

function describe({ resource, property, before, after }: Change): string {
  return `${resource} ${property}: ${before} → ${after}`;
}

function hostOf(lab: Lab, name: string): Host {
  return {
    name,
    roundTrips: 0,
    run: (script, streams) => ({
      done: lab.ssh(name, 'sh -s', { input: script }).then(({ code, stdout, stderr }) => {
        streams.stdout(Buffer.from(stdout));
        streams.stderr(Buffer.from(stderr));
        return { code };
      }),
      stop: () => {},
      kill: () => {},
    }),
    send: () => Promise.reject(new Error('the firewall role sends nothing')),
    close: () => Promise.resolve(),
  };
}

import { join } from 'node:path';
import { factSource } from './facts.ts';
import type { HostFacts } from './host-facts.ts';
import type { Play } from './play.ts';
import type { HostData, Role } from './role.ts';

/** A play of roles that need no facts of a domain, whose hosts go through their tasks free of each other. */
export interface PlainPlay {
  /** Host pattern. */
  readonly hosts: string;
  readonly roles: readonly Role<HostFacts>[];
  /** Records on the hosts are kept under it; that of the playbook unless said. */
  readonly name?: string;
}

/**
 * Declare which roles are for which hosts.
 *
 * @example
 * play({ hosts: 'web', roles: [base, nginx] })
 */
export function play(plain: PlainPlay): PlainPlay {
  return plain;
}

/**
 * The play whole. Records are kept in `/var/lib/quorate/<name>` of a host; of this machine, where one may not be root,
 * in `.quorate` beside the inventory.
 */
export function plainPlay({ name, ...plain }: PlainPlay & { readonly name: string }): Play<HostFacts> {
  return {
    ...plain,
    name,
    gather: factSource([...new Set(plain.roles.flatMap(({ facts = [] }) => facts))]),
    strategy: {
      async converge(run) {
        await run.each(run.hosts, (host) => host.apply(() => true));
      },
    },
    stateDir: ({ name: host, vars }: HostData) =>
      vars.ansible_connection === 'local'
        ? join(String(vars.inventory_dir), '.quorate', name, host)
        : join('/var/lib/quorate', name),
    owner: () => `playbook ${name}`,
  };
}

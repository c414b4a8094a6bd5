import { join } from 'node:path';
import { EXIT, QuorateError } from '../errors.ts';
import { factSource } from './facts.ts';
import type { HostFacts } from './host-facts.ts';
import type { Batches, Play } from './play.ts';
import type { HostData, Role } from './role.ts';

/** A play of roles that need no facts of a domain, whose hosts go through their tasks free of each other. */
export interface PlainPlay extends Batches {
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
  checkBatches(plain);
  return plain;
}

function checkBatches({ serial = [], maxFailPercentage = 0 }: PlainPlay): void {
  const wrong = (message: string, hint: string) => new QuorateError(message, { exitCode: EXIT.usage, hint });
  for (const one of [serial].flat()) {
    const isCount = typeof one === 'number' ? Number.isInteger(one) && one >= 0 : /^\d+(\.\d+)?%$/.test(one);
    if (!isCount)
      throw wrong(
        `serial: ${JSON.stringify(one)} is no number of hosts`,
        "write 2, or '30%', or a list of these",
      );
  }
  if (!(maxFailPercentage >= 0 && maxFailPercentage <= 100))
    throw wrong(`maxFailPercentage: ${maxFailPercentage} is no percentage`, 'write a number from 0 to 100');
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

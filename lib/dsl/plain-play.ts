import { join } from 'node:path';
import type { QuorateError } from '../errors.ts';
import { factSource } from './facts.ts';
import type { HostFacts } from './host-facts.ts';
import type { LedgerPlace, Maker } from './ledger/ledger.ts';
import { mistakesIn } from './options/mistakes.ts';
import { is, must, type OptionTable } from './options/options.ts';
import type { Batches, Play } from './play.ts';
import type { HostData, Role } from './role.ts';
import { positionOf } from './trace/position.ts';

/** A play of roles that need no facts of a domain, whose hosts go through their tasks free of each other. */
export interface PlainPlay extends Batches {
  /** Host pattern. */
  readonly hosts: string;
  readonly roles: readonly Role<HostFacts>[];
  /** That of the playbook unless said. Records on the hosts are kept under it where there is no `id`. */
  readonly name?: string;
  /** Keeps its records apart from those of the playbook, whatever that and the play are called. */
  readonly id?: string;
  /** Its stack begins where the play was written. */
  readonly writtenAt?: Error;
}

/**
 * Declare which roles are for which hosts.
 *
 * @example
 * play({ hosts: 'web', roles: [base, nginx] })
 */
export function play(plain: PlainPlay): PlainPlay {
  // Told where the playbook is run, with all else that is wrong.
  return { ...plain, writtenAt: new Error('play') };
}

const isCount = (one: unknown) =>
  typeof one === 'number' ? Number.isInteger(one) && one >= 0 : /^\d+(\.\d+)?%$/.test(String(one));

const PLAY: OptionTable<PlainPlay> = {
  hosts: { ...must(is.text), hint: () => "name a host, a group or a pattern: hosts: 'web'" },
  roles: {
    required: true,
    wanted: 'a list of roles',
    hint: (value, name) => (isRole(value) ? `write ${name}: [ … ] around it` : 'role({ … }) makes one'),
    holds: (value) => Array.isArray(value) && value.every(isRole),
  },
  name: is.text,
  id: is.text,
  serial: {
    wanted: 'a number of hosts',
    hint: () => "write 2, or '30%', or a list of these",
    holds: (value) => [value].flat().every(isCount),
  },
  maxFailPercentage: {
    wanted: 'a percentage',
    hint: () => 'write a number from 0 to 100',
    holds: (value) => typeof value === 'number' && value >= 0 && value <= 100,
  },
  writtenAt: is.any(),
};

/** All that is wrong with a play of roles, where it was written. */
export function mistakesInPlay(plain: PlainPlay): readonly QuorateError[] {
  return mistakesIn('play', plain ?? null, PLAY, { at: positionOf(plain?.writtenAt) });
}

function isRole(value: unknown): boolean {
  return (
    typeof value === 'object' && value !== null && 'name' in value && 'tasks' in value && 'vars' in value
  );
}

/**
 * The play whole. Records are kept in `/var/lib/quorate/<name>` of a host; of this machine, where one may not be root,
 * in `.quorate` beside the inventory.
 */
export function plainPlay(
  { name, id, writtenAt: _, ...plain }: PlainPlay & { readonly name: string },
  playbook = name,
  maker?: Maker,
): Play<HostFacts> {
  return {
    ...plain,
    name,
    gather: factSource([...new Set(plain.roles.flatMap(({ facts = [] }) => facts))]),
    strategy: {
      async converge(run) {
        await run.each(run.hosts, (host) => host.apply(() => true));
      },
    },
    stateDir: (host) => recordsOf(host, id ?? name).dir,
    heldAs: id ?? name,
    ledger: (host) => ({ ...recordsOf(host, id ?? playbook), maker }),
    owner: () => `playbook ${id ?? name}`,
  };
}

function recordsOf({ name: host, vars }: HostData, id: string): LedgerPlace {
  if (vars.ansible_connection !== 'local')
    return { root: '/var/lib/quorate', dir: join('/var/lib/quorate', id) };
  const root = join(String(vars.inventory_dir), '.quorate');
  return { root, dir: join(root, id, host) };
}

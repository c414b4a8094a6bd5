import { join } from 'node:path';
import type { QuorateError } from '../errors.ts';
import { factSource } from './facts.ts';
import type { HostFacts } from './host-facts.ts';
import type { LedgerPlace, ProjectMaker } from './ledger/ledger.ts';
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
  /** That of the playbook unless said. What hosts record of archives, certificates and starts is then kept under it. */
  readonly name?: string;
  /** Keeps all its records apart from those of the playbook, whatever that and the play are called. */
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

/** What a play has of its playbook. */
export interface WithinPlaybook {
  /** How many plays are before it; 0. */
  readonly position?: number;
  readonly maker?: ProjectMaker | undefined;
}

/**
 * The play whole; `playbook` is the name of the one that it is in. Records are kept in `/var/lib/quorate/<name>` of a host;
 * of this machine, where one may not be root, in `.quorate` beside the inventory.
 */
export function plainPlay(
  { name: given, id, writtenAt: _, ...plain }: PlainPlay,
  playbook = given ?? 'playbook',
  { position = 0, maker }: WithinPlaybook = {},
): Play<HostFacts> {
  const name = given ?? (position === 0 ? playbook : `${playbook}-${position + 1}`);
  const makes = maker && id !== undefined ? { ...maker, isOurs: maker.isOfProject } : maker;
  // Who holds the playbook holds all of it; one play, by what a run calls it.
  const words = [...new Set([id ?? name, playbook])];
  return {
    ...plain,
    name,
    gather: factSource([...new Set(plain.roles.flatMap(({ facts = [] }) => facts))]),
    strategy: {
      apart: true,
      async converge(run) {
        await run.each(run.hosts, (host) => host.apply(() => true));
      },
    },
    // Plays without a name of their own change places: what they have recorded is one play's as well as another's.
    stateDir: (host) => recordsOf(host, id ?? given ?? playbook).dir,
    holds: (host) => words.map((as) => ({ as, dir: recordsOf(host, as).dir })),
    ledger: (host) => ({ ...recordsOf(host, id ?? playbook), maker: makes }),
    owner: () => `playbook ${id ?? given ?? playbook}`,
  };
}

function recordsOf({ name: host, vars }: HostData, id: string): LedgerPlace {
  if (vars.ansible_connection !== 'local')
    return { root: '/var/lib/quorate', dir: join('/var/lib/quorate', id) };
  const root = join(String(vars.inventory_dir), '.quorate');
  return { root, dir: join(root, id, host) };
}

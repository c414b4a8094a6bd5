import { it } from 'vitest';

/** Cases that take long, by the command of package.json that runs them all; docs/guarantees.md has the table. */
export type Long =
  | 'FAULTS'
  | 'FLEETS'
  | 'HANDBOOK'
  | 'KILLS'
  | 'MEMBERS'
  | 'NODES'
  | 'RECOVER'
  | 'RESOURCES'
  | 'UPGRADES';

/** Whether all of these cases are asked for: `QUORATE_FAULTS=all`, say. */
export function isWhole(what: Long): boolean {
  return process.env[`QUORATE_${what}`] === 'all';
}

/** `it` for a case that only the command of its kind runs. */
export function itLong(what: Long): typeof it.skip {
  return it.skipIf(!isWhole(what));
}

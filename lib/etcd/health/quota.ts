import type { MemberReading } from '../facts/read-member.ts';
import { memberService } from '../files/member-service.ts';
import { settingsAt } from '../model/translate-settings.ts';
import type { EtcdHost } from '../surveyed.ts';

/** Bytes of data from which on a member takes no more writes, where nobody says otherwise. */
const USUAL = 2 * 1024 ** 3;

/**
 * Bytes, as the member runs; infinite where it has none. It tells from 3.6 on, before that its environment does: where
 * nobody may read that it runs with what it is given.
 */
export function quotaOf({ status, quota, clientUrl }: MemberReading, given?: number): number {
  const told = status?.quota ?? quota;
  return told === undefined && clientUrl === undefined && given !== undefined ? given : bytes(told);
}

/** The same as the inventory has it for a host: what its next start gives it. */
export function quotaGiven({ vars, facts }: EtcdHost['target']): number {
  const { settings } = settingsAt(vars, facts.cluster?.version);
  return bytes(settings['quota-backend-bytes']);
}

/** The plan restarts the member of `host`, which has more room for data from then on: the way out of a full database. */
export function raisesQuota({ target, plan }: EtcdHost): boolean {
  const restarts = plan.some(
    ({ task, changes }) => memberService.wishOf(task) && changes.some(({ kind }) => kind === 'restart'),
  );
  const { reading } = target.facts;
  return restarts && reading !== undefined && quotaGiven(target) > quotaOf(reading);
}

function bytes(setting: unknown): number {
  const given = Number(setting ?? 0) || USUAL;
  return given < 0 ? Number.POSITIVE_INFINITY : given;
}

import type { MemberReading } from '../facts/read-member.ts';
import { memberService } from '../files/member-service.ts';
import { settingsAt } from '../model/translate-settings.ts';
import type { EtcdHost } from '../surveyed.ts';

/** Bytes of data from which on a member takes no more writes, where nobody says otherwise. */
const USUAL = 2 * 1024 ** 3;

/** Bytes, as the member runs; below zero it has none. */
export function quotaOf({ quota }: Pick<MemberReading, 'quota'>): number {
  return bytes(quota);
}

/** The plan restarts the member of `host`, which has more room for data from then on: the way out of a full database. */
export function raisesQuota({ target: { vars, facts }, plan }: EtcdHost): boolean {
  const restarts = plan.some(
    ({ task, changes }) => memberService.wishOf(task) && changes.some(({ kind }) => kind === 'restart'),
  );
  if (!restarts || facts.reading === undefined) return false;
  const { settings } = settingsAt(vars, facts.cluster?.version);
  return bytes(settings['quota-backend-bytes']) > bytes(facts.reading.quota);
}

function bytes(setting: unknown): number {
  const given = Number(setting ?? 0) || USUAL;
  return given < 0 ? Number.POSITIVE_INFINITY : given;
}

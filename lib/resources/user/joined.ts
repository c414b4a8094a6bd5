import { isSame } from '../../dsl/common/same.ts';
import type { UserDesired } from './user-wish.ts';

/**
 * Wishes for one user that differ at most in its groups, and in what they leave open: the first says all but that, each puts
 * it in its own groups. Groups that a later one names may come to be only after the first.
 */
export function joinedUsers(wishes: readonly UserDesired[]): readonly UserDesired[] | undefined {
  if (wishes.some(({ onlyGroups }) => onlyGroups)) return undefined;
  const said = wishes.map(({ groups, ...wish }) =>
    Object.entries(wish).filter(([, value]) => value !== undefined),
  );
  const all = Object.fromEntries(said.flat()) as unknown as UserDesired;
  const { group: _, ...first } = all;
  const agree = said.flat().every(([name, value]) => isSame(value, all[name as keyof UserDesired]));
  if (!agree) return undefined;
  return wishes.map(({ name, group, groups }, i) => ({
    ...(i === 0 ? { ...first, expiry: all.expiry } : { name, expiry: undefined }),
    ...(group !== undefined && { group }),
    ...(groups && { groups }),
  }));
}

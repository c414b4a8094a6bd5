import type { Vars } from '../../dsl/role.ts';

/** `--set-aside-data HOST[,HOST]…`, as it reaches the hosts. */
export const SET_ASIDE = 'set-aside-data';

/** The hosts whose data may make way by the user's word. */
export function setAsideHosts(vars: Vars): readonly string[] {
  const wanted = vars[SET_ASIDE];
  return typeof wanted === 'string' ? wanted.split(',').filter((name) => name !== '') : [];
}

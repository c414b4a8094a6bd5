import { Slot } from '../../dsl/world/things.ts';
import type { World } from '../../dsl/world/world.ts';

/** Whether the lists of packages will know more than they do, because an earlier task brings a repository. */
const LISTS = new Slot<{ readonly fresh: boolean }>({ fresh: false });

export function expectFreshLists(world: World): void {
  world.slot(LISTS, 'lists').willBe({ fresh: true });
}

/** What the lists say now is not what they will say. */
export function hasFreshLists(world: World): boolean {
  return !world.isProof && world.slot(LISTS, 'lists').state?.fresh === true;
}

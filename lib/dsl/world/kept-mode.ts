import { isSame } from '../common/same.ts';
import {
  completeOwnership,
  isForeseenOnly,
  type KeptOwnership,
  type ObservedPath,
  type OwnershipOptions,
} from '../path.ts';
import { type Sh, sh } from '../sh.ts';

/** A wish for mode and owner in one form, where what is there keeps its mode unless one is given; `usual` is for what is new. */
export function completeKept(options: OwnershipOptions, usual: string): KeptOwnership {
  const keepsMode = options.mode === undefined && { keepsMode: true as const };
  return { ...completeOwnership({ mode: usual, ...options }), ...keepsMode };
}

/** Wishes for one path that differ at most in whether they give its mode and owner: each with what any of them gives. */
export function joinedOwnership<Wish extends KeptOwnership>(
  wishes: readonly Wish[],
): readonly Wish[] | undefined {
  const given = wishes.find(({ keepsMode }) => !keepsMode);
  const [owner, group] = (['owner', 'group'] as const).map(
    (name) => wishes.find((wish) => wish[name] !== undefined)?.[name],
  );
  const owners = { ...(owner !== undefined && { owner }), ...(group !== undefined && { group }) };
  const joined = wishes.map((wish) => ({
    ...owners,
    ...(given && wish.keepsMode ? withMode(wish, given) : wish),
  }));
  return joined.every((one) => isSame(one, joined[0]))
    ? (joined as readonly unknown[] as readonly Wish[])
    : undefined;
}

function withMode({ keepsMode, ...wish }: KeptOwnership, { mode }: KeptOwnership): KeptOwnership {
  return { ...wish, mode };
}

/** The mode of what is made at a path, or takes its place there, as a word of shell; asked before it does. */
export function modeAt(path: string, { mode, keepsMode }: KeptOwnership): Sh {
  return keepsMode ? sh`"$(q_kept ${path} ${mode})"` : sh`${mode}`;
}

/** What the world is told of the mode, over what was found. */
export function foreseenMode(
  { mode, keepsMode }: KeptOwnership,
  found: ObservedPath | undefined,
): { readonly mode?: string } {
  const isKept = found?.type === 'file' || found?.type === 'directory' || (found && isForeseenOnly(found));
  return keepsMode && isKept ? {} : { mode };
}

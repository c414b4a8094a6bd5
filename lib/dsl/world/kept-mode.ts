import { isSame } from '../common/same.ts';
import {
  completeOwnership,
  isForeseenOnly,
  type KeptOwnership,
  type ObservedPath,
  type OwnershipOptions,
} from '../path.ts';
import { usualMode } from '../secret.ts';
import { type Sh, sh } from '../shell/sh.ts';

/** A wish for mode and owner in one form, where what is there keeps its mode unless one is given; `usual` is for what is new. */
export function completeKept(options: OwnershipOptions, usual: string): KeptOwnership {
  const keepsMode = options.mode === undefined && { keepsMode: true as const };
  return { ...completeOwnership({ mode: usual, ...options }), ...keepsMode };
}

/** The mode of a file that is made with this text, where the wish was completed without knowing it. */
export function modeOfNew(
  { mode, keepsMode }: Pick<KeptOwnership, 'mode' | 'keepsMode'>,
  text: string | undefined,
): string {
  return keepsMode ? usualMode(text) : mode;
}

/**
 * Wishes for one path that differ at most in whether they give its mode and owner: each with the mode that any of them
 * gives, and with its own owner, who may come to be only behind the first.
 */
export function joinedOwnership<Wish extends KeptOwnership>(
  wishes: readonly Wish[],
): readonly Wish[] | undefined {
  const given = wishes.find(({ keepsMode }) => !keepsMode);
  const joined = wishes.map((wish) => (given && wish.keepsMode ? withMode(wish, given) : wish));
  const ofAll = Object.assign({}, ...joined.map(({ owner, group }) => said({ owner, group })));
  const agree = joined.every((one) => isSame({ ...one, ...ofAll }, { ...joined[0], ...ofAll }));
  const own = joined.every(({ owner, group }) => isSame({ ...ofAll, ...said({ owner, group }) }, ofAll));
  return agree && own ? joined : undefined;
}

function withMode<Wish extends KeptOwnership>(wish: Wish, { mode }: KeptOwnership): Wish {
  const { keepsMode, ...rest } = wish;
  return { ...rest, mode } as unknown as Wish;
}

function said(owners: Pick<KeptOwnership, 'owner' | 'group'>): object {
  return Object.fromEntries(Object.entries(owners).filter(([, value]) => value !== undefined));
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

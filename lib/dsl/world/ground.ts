import { dirname } from 'node:path/posix';
import { EXIT, QuorateError } from '../../errors.ts';
import { type ObservedPath, type Ownership, parsePath } from '../path.ts';
import type { Read } from '../shell/probe.ts';
import type { Certainty } from '../task.ts';
import type { World } from './world.ts';

/** What something at a path needs of its host: a folder to lie in, and the accounts it is to belong to. */
export interface Ground {
  /** The nearest folder above that exists, and what it lets us do. */
  readonly above: { readonly is: string; readonly path: string } | undefined;
  /** `passwd NAME` and `group NAME` of accounts that exist. */
  readonly accounts: ReadonlySet<string>;
}

type Owners = Pick<Ownership, 'owner' | 'group'>;

/** The looks that tell the ground of a path. */
export function groundReads(path: string, owners: Owners): readonly Read[] {
  return [{ path, how: 'above' }, ...accountReads(owners)];
}

/** Accounts that must be there by name; root always is, and a number needs none. */
export function accountReads({ owner, group }: Owners): readonly Read[] {
  const reads = [
    { account: owner ?? 'root', in: 'passwd' as const },
    { account: group ?? 'root', in: 'group' as const },
  ];
  return reads.filter(({ account }) => account !== 'root' && !/^\d+$/.test(account));
}

/** Finds the ground among the parts of what a probe printed. */
export function parseGround(parts: readonly string[]): Ground {
  const [, is, path] =
    /^above (\w+) (.*)$/m.exec(parts.find((part) => part.startsWith('above ')) ?? '') ?? [];
  const accounts = parts.flatMap((part) => /^(?:passwd|group) [^ \n]+(?= )/.exec(part)?.[0] ?? []);
  return {
    above: is === undefined || path === undefined ? undefined : { is, path },
    accounts: new Set(accounts),
  };
}

/** What is at a path, and what it stands on. */
export interface Place {
  /** undefined where nothing is. */
  readonly at: ObservedPath | undefined;
  readonly ground: Ground;
}

/** Finds a place among the parts of what a probe printed that looked at the path first, and at its ground. */
export function parsePlace(parts: readonly string[], most?: number): Place {
  return { at: parsePath({ code: 0, out: parts[0] ?? '' }, most), ground: parseGround(parts) };
}

/** Throws where what is at a path can't be seen: that is not the same as nothing. */
export function requireSight(path: string, { above }: Ground): void {
  if (above?.is !== 'closed') return;
  throw cannot(`see ${path}`, `${above.path} is closed to us`, 'become root (-b)');
}

/**
 * Throws exit code 2, in a check too, when nothing can be made at a path: its folder is missing (unless it is made on
 * the way: `makesFolders`), is not a folder, or lets us write nothing. Tells how sure it is.
 */
export function requireFolder(
  path: string,
  { above }: Ground,
  world: World,
  { makesFolders = false }: { readonly makesFolders?: boolean } = {},
): Certainty {
  let folder = dirname(path);
  for (; ; folder = dirname(folder)) {
    const { path: inside, isRead } = world.behind(`${folder}/it`);
    const { state } = world.path(dirname(inside));
    const foreseen = state === null ? null : state?.type;
    if (foreseen === 'directory') return 'certain';
    if (foreseen === undefined && world.isProvided(folder)) return 'certain';
    // Something that a command makes.
    if (state && foreseen === undefined) return 'conditional';
    if (foreseen !== undefined && foreseen !== null) {
      throw cannot(`make ${path}`, `${folder} will be a ${foreseen}`, 'put it elsewhere');
    }
    const isUnread = foreseen === undefined && !isRead;
    if (isUnread && world.path(`${folder}/it`).over(undefined) !== undefined) return 'conditional';
    const isThere = foreseen === undefined && isRead && folder === above?.path;
    if (isThere || above === undefined || folder === '/') break;
    if (makesFolders) continue;
    if (world.bringsMore) return 'conditional';
    throw cannot(`make ${path}`, `${folder} is missing`, `declare the directory ${folder} before it`);
  }
  if (above === undefined || above.is === 'directory') return 'certain';
  if (above.is === 'sealed') {
    throw cannot(`make ${path}`, `nothing can be written in ${above.path}`, WRITABLE);
  }
  if (above.is === 'closed') requireSight(path, { above, accounts: new Set() });
  throw cannot(`make ${path}`, `${above.path} is not a directory`, 'move it away: it is not ours to remove');
}

/** Says of the folders that are made on the way to a path that they will be there. */
export function foreseeFolders(path: string, { above }: Ground, world: World): void {
  if (above === undefined) return;
  for (let folder = dirname(path); folder !== '/' && folder !== above.path; folder = dirname(folder)) {
    const { state } = world.path(folder);
    if (state?.type === 'directory' || state?.type === 'link') continue;
    // One that nobody looked at may be there.
    const fresh = world.behind(folder).isRead ? { mode: '0755', isNew: true } : {};
    world.path(folder).willBe({ type: 'directory', ...fresh });
  }
}

/** Throws exit code 2, in a check too, when an owner or group is neither there nor made by an earlier task. */
export function requireAccounts(
  owners: Owners,
  { accounts }: Ground,
  world: World,
  whose: string,
): Certainty {
  let sure: Certainty = 'certain';
  for (const read of accountReads(owners)) {
    if (!('account' in read)) continue;
    const { state } = read.in === 'passwd' ? world.user(read.account) : world.group(read.account);
    if (state !== null && (state !== undefined || accounts.has(`${read.in} ${read.account}`))) continue;
    const kind = read.in === 'passwd' ? 'user' : 'group';
    if (!world.bringsMore) {
      throw cannot(
        `give ${whose} to ${kind} ${read.account}`,
        'there is none of this name',
        `declare the ${kind} before it`,
      );
    }
    sure = 'conditional';
  }
  return sure;
}

const WRITABLE = 'is the file system read-only? Otherwise become root (-b)';

function cannot(what: string, found: string, hint: string): QuorateError {
  return new QuorateError(`cannot ${what}: ${found}`, { exitCode: EXIT.failed, hint });
}

import { createHash } from 'node:crypto';
import { EXIT, QuorateError } from '../errors.ts';
import { is, type OptionTable, type Shape } from './options/options.ts';
import type { Difference } from './resource.ts';
import { MAX_TEXT } from './shell/probe.ts';
import type { Reading } from './task.ts';
import type { PathState } from './world/foreseen.ts';
import { normalPath } from './world/normal-path.ts';
import { UNKNOWN, type World } from './world/world.ts';

/** Mode and owner that a path must have. `owner`/`group` left out: as they are, not compared. */
export interface Ownership {
  /** Octal, as `0644`, or for all three in words: `u=rw,go=r`. */
  readonly mode: string;
  /** A name, or a number. */
  readonly owner?: string;
  readonly group?: string;
}

/** The same where a mode may be for what is new alone: what is there keeps its own. */
export interface KeptOwnership extends Ownership {
  readonly keepsMode?: true;
}

/** The same as roles say it: a resource has a mode that is usual for it. */
export type OwnershipOptions = Partial<Ownership>;

/** A mode as text: a number in octal is another one in decimal, and nothing tells which was meant. */
export const MODE: Shape<string> = { ...is.text, hint: () => "write it as text in octal, as '0644'" };

/** These options, for the table of a resource. */
export const OWNERSHIP: OptionTable<OwnershipOptions> = { mode: MODE, owner: is.text, group: is.text };

/** What `q_stat`, `q_text` and `q_digest` saw at one path. */
export type ObservedPath = PathState;

/**
 * Reads the lines of the prelude's `q_*` looks; undefined when there is nothing at the path. Throws exit code 2 for a
 * file that may not be read: what is in it is then not known, which is no state to compare with.
 */
export function parsePath(reading: Reading, most = MAX_TEXT): ObservedPath | undefined {
  const [first = '', ...all] = reading.out.split('\n');
  const pinned = /^pinned (mount|attribute)$/.exec(all[0] ?? '')?.[1] as ObservedPath['pinned'];
  const rest = pinned === undefined ? all : all.slice(1);
  const stat = /^stat ([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|(?:(\d+)\|(\d+)\|)?(.*)$/.exec(first);
  if (!stat) return undefined;
  const [, type = '', mode = '', owner = '', group = '', size = '', uid, gid, path = ''] = stat;
  if (rest.includes('unreadable')) throw unreadable(path);
  const state: ObservedPath = {
    type: pathType(type),
    mode: mode.padStart(4, '0'),
    owner: owner === 'UNKNOWN' && uid !== undefined ? uid : owner,
    group: group === 'UNKNOWN' && gid !== undefined ? gid : group,
    ...(uid !== undefined && { uid }),
    ...(gid !== undefined && { gid }),
    size: Number(size),
    ...(pinned !== undefined && { pinned }),
  };
  const [second = '', ...lines] = rest;
  if (second === 'to directory' || second === 'to device') {
    return { ...state, leadsTo: second === 'to device' ? 'device' : 'directory' };
  }
  if (second.startsWith('sha256 ')) return { ...state, sha256: second.slice(7) };
  if (second !== 'text') return state;
  const bytes = Buffer.from(lines.join(''), 'base64');
  if (bytes.length > most) return { ...state, size: Math.max(state.size, bytes.length) };
  return { ...state, text: bytes.toString('utf8'), sha256: sha256(bytes) };
}

/** Differences of mode and owner; content is the caller's. */
export function ownershipDifferences(desired: KeptOwnership, observed: ObservedPath): readonly Difference[] {
  return (['mode', 'owner', 'group'] as const).flatMap((property): readonly Difference[] => {
    const after = property === 'mode' && desired.keepsMode ? undefined : desired[property];
    const number = property === 'owner' ? observed.uid : property === 'group' ? observed.gid : undefined;
    if (after === undefined || after === observed[property] || after === number) return [];
    const before = observed[property];
    return [{ kind: 'update', property, before, after, ...(before === UNKNOWN && CONDITIONAL) }];
  });
}

/** What a plan says of something new: its mode, owner and group, where they are not `usual` and root's. */
export function ownershipOfNew({ mode, owner, group }: Ownership, usual: string): readonly Difference[] {
  const all = { mode: mode === usual ? undefined : mode, owner, group };
  return Object.entries(all).flatMap(([property, after]) =>
    after === undefined || after === 'root' || after === '0'
      ? []
      : [{ kind: 'create', property, before: null, after }],
  );
}

const CONDITIONAL = { certainty: 'conditional' } as const;

/** A wish for mode and owner in one form: the mode as four octal digits. Throws exit code 1 for what is none. */
export function completeOwnership({ mode, owner, group }: Ownership): Ownership {
  for (const [name, value] of Object.entries({ owner, group })) {
    if (value !== undefined && !/^[^\s:/-][^\s:/]*$/.test(value)) {
      throw wrong(`${name} ${JSON.stringify(value)} is not a name`, 'give a name or a number');
    }
  }
  return {
    mode: octalMode(mode),
    ...(owner !== undefined && { owner }),
    ...(group !== undefined && { group }),
  };
}

/** An absolute path as one would write it; throws exit code 1 for anything else. */
export function checkedPath(path: unknown): string {
  if (typeof path !== 'string' || !path.startsWith('/')) {
    const hint = /^~/.test(`${path}`) ? 'write the home out: ~ means nothing here' : 'begin it with a slash';
    throw wrong(`${JSON.stringify(path) ?? path} is not an absolute path`, hint);
  }
  if (/[\0\n\r]/.test(path)) {
    throw wrong(`the path ${JSON.stringify(path)} has a control character`, 'take it out');
  }
  if (path.split('/').some((name) => Buffer.byteLength(name) > 255))
    throw wrong(`the path ${JSON.stringify(path)} has a name of more than 255 bytes`, 'shorten it');
  return normalPath(path);
}

function octalMode(mode: unknown): string {
  if (typeof mode === 'string') {
    if (/^0?[0-7]{3,4}$/.test(mode)) return mode.slice(-4).padStart(4, '0');
    const bits = symbolicMode(mode);
    if (bits !== undefined) return bits.toString(8).padStart(4, '0');
  }
  throw wrong(
    `mode ${JSON.stringify(mode) ?? mode} does not say what each may do`,
    "write it as text in octal, as '0644', or for all of them: 'u=rw,go=r'",
  );
}

/** `u=rwx,go=rx` and `a=r`, where owner, group and others are all said; undefined for anything else. */
function symbolicMode(mode: string): number | undefined {
  const shift = { u: 6, g: 3, o: 0 } as const;
  const value = { r: 4, w: 2, x: 1 } as const;
  const said = new Map<keyof typeof shift, number>();
  for (const clause of mode.split(',')) {
    const [, who = '', what = ''] = /^([ugoa]+)=([rwx]*)$/.exec(clause) ?? [];
    if (who === '') return undefined;
    const bits = [...what].reduce((sum, letter) => sum | value[letter as keyof typeof value], 0);
    for (const one of who.replaceAll('a', 'ugo')) said.set(one as keyof typeof shift, bits);
  }
  return said.size === 3 ? [...said].reduce((sum, [who, bits]) => sum | (bits << shift[who]), 0) : undefined;
}

/**
 * Throws, in a check too, when something stands at a path that does not make way: a file replaces a file, a pipe, or
 * a link unless it leads to a directory or a device (as that of a masked unit); a directory replaces nothing.
 */
export function requireRoom(
  path: string,
  wanted: 'file' | 'directory',
  observed: ObservedPath | undefined,
): void {
  if (observed === undefined || observed.type === wanted || isForeseenOnly(observed)) return;
  const makesWay = observed.type === 'pipe' || (observed.type === 'link' && observed.leadsTo === undefined);
  if (wanted === 'file' && makesWay) return;
  throw noRoom(path, wanted, observed.leadsTo ? `a link to a ${observed.leadsTo}` : NOUNS[observed.type]);
}

/** Throws, in a check too, where no other file can take the place of this one; an earlier command may see to that. */
export function requireReplaceable(path: string, found: ObservedPath | undefined, world: World): void {
  if (found?.pinned === undefined || world.isProof || world.bringsMore) return;
  const isMount = found.pinned === 'mount';
  throw new QuorateError(
    `cannot change ${path}: ${isMount ? 'it is mounted by itself, so no other file can take its place' : 'it has an attribute that lets nobody change it'}`,
    {
      exitCode: EXIT.failed,
      hint: isMount
        ? 'a container has some files so: change it where it comes from'
        : `somebody did not want that: lsattr ${path} shows it, chattr -i takes it back`,
    },
  );
}

/** An earlier command makes it, and what it makes is not known. */
export function isForeseenOnly({ type, mode }: ObservedPath): boolean {
  return type === 'other' && mode === UNKNOWN;
}

const NOUNS: Readonly<Record<ObservedPath['type'], string>> = {
  file: 'a file',
  directory: 'a directory',
  link: 'a link',
  pipe: 'a pipe',
  socket: 'a socket',
  device: 'a device',
  other: 'something else',
};

/** The error about what stands in the way. */
export function noRoom(path: string, wanted: 'file' | 'directory' | 'link', found: string): QuorateError {
  return new QuorateError(`${path} is ${found}, a ${wanted} was wanted`, {
    exitCode: EXIT.failed,
    hint: found.endsWith('to a device')
      ? 'a masked unit looks so: systemctl unmask it; else move the link away'
      : 'move it away: it is not ours to remove',
  });
}

/** SHA-256 in hex. */
export function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

/** The form digests take in plans and events. */
export function shortDigest(digest: string): string {
  return `sha256:${digest.slice(0, 12)}`;
}

/** What stands for a secret in a plan, on both sides: a digest would let guesses be tested. */
export const SECRET = '(secret)';

function unreadable(path: string): QuorateError {
  return new QuorateError(`cannot read ${path}`, {
    exitCode: EXIT.failed,
    hint: 'become root (-b), or somebody who may read it',
  });
}

function wrong(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}

function pathType(type: string): ObservedPath['type'] {
  if (type.startsWith('regular')) return 'file';
  if (type === 'directory' || type === 'socket') return type;
  if (type.startsWith('symbolic')) return 'link';
  if (type === 'fifo') return 'pipe';
  return /^(character|block) special/.test(type) ? 'device' : 'other';
}

import { createHash } from 'node:crypto';
import { EXIT, QuorateError } from '../errors.ts';
import type { Difference } from './resource.ts';
import type { Reading } from './task.ts';

/** Mode and owner that a path must have. `owner`/`group` left out: whoever writes it, not compared. */
export interface Ownership {
  /** Octal, as `0644`. */
  readonly mode: string;
  readonly owner?: string;
  readonly group?: string;
}

/** What `q_stat`, `q_text` and `q_digest` saw at one path. */
export interface ObservedPath extends Required<Ownership> {
  readonly type: 'file' | 'directory' | 'link' | 'other';
  readonly size: number;
  /** Set when the probe asked for text and the file is small. */
  readonly text?: string;
  readonly sha256?: string;
}

/** Reads the lines of the prelude's `q_*` probes; undefined when there is nothing at the path. */
export function parsePath(reading: Reading): ObservedPath | undefined {
  const [first = '', second = '', ...rest] = reading.out.split('\n');
  const stat = /^stat ([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|([^|]*)\|/.exec(first);
  if (!stat) return undefined;
  const [, type = '', mode = '', owner = '', group = '', size = ''] = stat;
  const common = {
    type: pathType(type),
    mode: mode.padStart(4, '0'),
    owner,
    group,
    size: Number(size),
  };
  if (second === 'text') {
    const bytes = Buffer.from(rest.join(''), 'base64');
    return { ...common, text: bytes.toString('utf8'), sha256: sha256(bytes) };
  }
  if (second.startsWith('sha256 ')) return { ...common, sha256: second.slice(7) };
  return common;
}

/** Differences of mode and owner; content is the caller's. */
export function ownershipDifferences(desired: Ownership, observed: ObservedPath): readonly Difference[] {
  const wanted = { mode: desired.mode, owner: desired.owner, group: desired.group };
  return (['mode', 'owner', 'group'] as const).flatMap((property) => {
    const after = wanted[property];
    if (after === undefined || after === observed[property]) return [];
    return [{ kind: 'update' as const, property, before: observed[property], after }];
  });
}

/**
 * Throws, in a check too, when something stands at a path that does not make way: a file replaces a file, a
 * link or a pipe, but never a directory, and a directory replaces nothing.
 */
export function requireRoom(
  path: string,
  wanted: 'file' | 'directory',
  observed: ObservedPath | undefined,
): void {
  if (observed === undefined || observed.type === wanted) return;
  if (wanted === 'file' && observed.type !== 'directory') return;
  const found = { file: 'a file', directory: 'a directory', link: 'a link', other: 'no directory' }[
    observed.type
  ];
  throw noRoom(path, wanted, found);
}

/** The error about what stands in the way. */
export function noRoom(path: string, wanted: 'file' | 'directory', found: string): QuorateError {
  return new QuorateError(`${path} is ${found}, a ${wanted} was wanted`, {
    exitCode: EXIT.failed,
    hint: 'move it away: it is not ours to remove',
  });
}

/** SHA-256 in hex. */
export function sha256(bytes: string | Buffer): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function pathType(type: string): ObservedPath['type'] {
  if (type.startsWith('regular')) return 'file';
  if (type === 'directory') return 'directory';
  return type.startsWith('symbolic') ? 'link' : 'other';
}

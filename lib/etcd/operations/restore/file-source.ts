import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { basename } from 'node:path';
import { commandLine } from '../../../command-line.ts';
import { quote } from '../../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { readIfAny } from '../../../files.ts';
import { DIGEST_BYTES, parseSnapshot, type Snapshot } from '../../snapshots/snapshot.ts';
import { descriptionOf } from '../backup/copies.ts';

/** The snapshot that is to be restored. */
export interface Source {
  /** Of the whole file, hex. */
  readonly sha256: string;
  readonly bytes: number;
  /** What was written down when it was taken; undefined for a file without that. */
  readonly known: Snapshot | undefined;
  /** As the user named it. */
  readonly name: string;
  /** Where it lies on this machine by now, without being brought. */
  readonly here?: string;
  /** The file on this machine; brought from its host or store, where it lies in one. */
  path(): Promise<string>;
  /** Takes away what was fetched: `path` fetches it anew. */
  release?(): void;
}

interface FileOptions {
  /** Its description. */
  readonly beside?: string;
  readonly wanted?: string;
  /** As the user named it, where the file goes with this process. */
  readonly passing?: string;
}

/** Throws 5 where the file has another digest than `wanted`, or none of etcd's at its end. */
export async function fileSource(
  path: string,
  { beside = descriptionOf(path), wanted, passing }: FileOptions = {},
): Promise<Source> {
  const name = passing ?? path;
  const { size } = await stat(path);
  const { whole, data } = await digestsOf(path, size);
  const end = await endOf(path, size);
  if (wanted !== undefined && wanted !== whole)
    throw new QuorateError(`${name} has SHA-256 ${whole}, wanted ${wanted} by its description`, {
      exitCode: EXIT.untrusted,
      hint: 'it has changed since it was verified, or on the way: restore another copy',
    });
  if (size % 512 !== DIGEST_BYTES || data !== end) {
    throw new QuorateError(`${name} is not a whole snapshot: the digest at its end is not that of its data`, {
      exitCode: EXIT.untrusted,
      hint:
        size % 512 === 0 ? fromDataDirectory(passing === undefined ? path : undefined) : 'take another one',
    });
  }
  const known = await knownOf(path, beside);
  return {
    sha256: whole,
    bytes: size,
    known: known?.sha256 === whole ? known : undefined,
    name,
    here: path,
    path: async () => path,
  };
}

/**
 * Whole pages without a digest: nobody knows whether it was copied while its member wrote, or is a part of a snapshot. Of
 * a file that stays here with the line that makes a snapshot of it.
 */
function fromDataDirectory(path: string | undefined): string {
  const others = `take another one, or, where the raft log is there as well, ${commandLine('recover')}`;
  const whole =
    'if this is all, and was copied whole from the data directory of a member that rested, and is no snapshot that came in part';
  if (path === undefined)
    return `${others}; ${whole}, bring it to this machine, not encrypted, and name that file: the line that makes a snapshot of it is told then`;
  const made = quote(`${path}.snapshot.db`);
  return `${others}; ${whole}, its digest makes a snapshot of it: (cat ${quote(path)}; openssl dgst -sha256 -binary ${quote(path)}) >${made}`;
}

async function knownOf(path: string, beside: string): Promise<Snapshot | undefined> {
  const text = await readIfAny(beside);
  return text === undefined ? undefined : parseSnapshot(basename(path), text, Date.now());
}

/** Of the whole file, and of all but the digest at its end. */
async function digestsOf(path: string, size: number): Promise<{ whole: string; data: string }> {
  const [whole, data] = [createHash('sha256'), createHash('sha256')];
  let at = 0;
  for await (const chunk of createReadStream(path, { highWaterMark: 1 << 20 }) as AsyncIterable<Buffer>) {
    whole.update(chunk);
    data.update(chunk.subarray(0, Math.max(0, size - DIGEST_BYTES - at)));
    at += chunk.length;
  }
  return { whole: whole.digest('hex'), data: data.digest('hex') };
}

async function endOf(path: string, size: number): Promise<string> {
  const parts: Buffer[] = [];
  for await (const chunk of createReadStream(path, {
    start: Math.max(0, size - DIGEST_BYTES),
  }) as AsyncIterable<Buffer>)
    parts.push(chunk);
  return Buffer.concat(parts).toString('hex');
}

import { readFileSync, statSync } from 'node:fs';
import { dirname, isAbsolute, resolve } from 'node:path';
import { EXIT, QuorateError } from '../../errors.ts';
import { PerRun } from '../common/per-run.ts';
import { sha256 } from '../path.ts';
import { MAX_TEXT } from '../shell/probe.ts';
import { callersFile } from '../trace/position.ts';

/** Bytes of a file on control, which are sent as they are. */
export interface SentContent {
  readonly source: string;
  readonly sha256: string;
}

/** What was read, by path, size and time of the last change: many hosts want the same file. */
const read = new PerRun(() => new Map<string, string | SentContent>());

/**
 * The content of a file on control: its text if it is one of at most 64 KiB, else what is to be sent. Throws exit code
 * 1 where there is no such file, and 5 where its SHA-256 is another than the one that is wanted.
 */
export function contentOf(source: string, wanted?: string): string | SentContent {
  const content = contentAtSource(source);
  const digest = typeof content === 'string' ? sha256(content) : content.sha256;
  if (wanted !== undefined && wanted.toLowerCase() !== digest)
    throw new QuorateError(
      `the source ${sourcePath(source)} has the SHA-256 ${digest}, ${wanted} was wanted`,
      {
        exitCode: EXIT.untrusted,
        hint: 'see whether it is the right file; if it is, correct sha256 or leave it out',
      },
    );
  return content;
}

function contentAtSource(source: string): string | SentContent {
  const path = sourcePath(source);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) throw noSource(path, 'is not there');
  if (!stat.isFile()) throw noSource(path, 'is not a file');
  const key = `${path} ${stat.size} ${stat.mtimeMs}`;
  const known = read.own.get(key) ?? contentAt(path);
  read.own.set(key, known);
  return known;
}

/** A path on control, absolute: a relative one begins at the file that names it, that of the role. */
export function sourcePath(source: string): string {
  if (isAbsolute(source)) return source;
  const file = callersFile();
  return file === undefined ? resolve(source) : resolve(dirname(file), source);
}

function contentAt(path: string): string | SentContent {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw noSource(path, `cannot be read: ${(error as Error).message}`);
  }
  const text = bytes.length > MAX_TEXT ? undefined : bytes.toString('utf8');
  if (text !== undefined && !text.includes('\0') && Buffer.from(text).equals(bytes)) return text;
  return { source: path, sha256: sha256(bytes) };
}

function noSource(path: string, found: string): QuorateError {
  return new QuorateError(`the source ${path} ${found}`, {
    exitCode: EXIT.usage,
    hint: 'a relative source begins at the file that names it: that of the role, and of an installed package if that depends on quorate',
  });
}

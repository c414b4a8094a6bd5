import { createHash } from 'node:crypto';
import { closeSync, createReadStream, openSync, writeSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { createGunzip } from 'node:zlib';
import type { ReadEntry } from 'tar';
import { notElfFor } from './elf.ts';
import { called, missing, type Software } from './software.ts';
import { unsafeArchive } from './wording.ts';

/** Far above any release (3.6: 60 MB unpacked, 50 entries), far below what hurts. */
const LIMITS = { bytes: 1 << 30, entries: 10_000, ratio: 100, ratioFrom: 64 << 20 };

export interface ProgramFile {
  readonly name: string;
  readonly path: string;
  readonly sha256: string;
}

/**
 * Unpacks the programs of a release tarball into `directory`, which is empty. Programs are written under
 * names of ours, whatever the archive says; the first entry that is out of the ordinary refuses it whole.
 * The caller removes the directory when this fails.
 */
export async function unpack(
  tarball: string,
  directory: string,
  release: {
    readonly software: Software;
    readonly shown: string;
    readonly version: string;
    readonly arch: string;
  },
): Promise<readonly ProgramFile[]> {
  const { software } = release;
  const refuse = (why: string) => unsafeArchive(release.shown, why);
  const collected = new Collector(software, directory, refuse);
  const { Parser } = await import('tar');
  const parser = new Parser({
    strict: true,
    filter: (_path, entry) => collected.wants(entry as ReadEntry),
    onReadEntry: (entry) => collected.take(entry),
  });
  // A kind of entry that the parser does not know comes here without having passed the filter.
  parser.on('ignoredEntry', (entry: ReadEntry) => collected.check(entry));
  parser.on('error', (error: Error) => {
    throw refuse(`it is damaged (${error.message})`);
  });
  try {
    for await (const chunk of gunzip(tarball, (await stat(tarball)).size, refuse)) parser.write(chunk);
    parser.end();
  } finally {
    collected.close();
  }

  const [, version, arch] = software.folder.exec(collected.top ?? '') ?? [];
  if (version !== undefined && (version !== release.version || arch !== release.arch)) {
    throw refuse(
      `it is ${called(software, version)} for ${arch}, wanted ${release.version} for ${release.arch}`,
    );
  }
  const lacking = missing(software, (name) => collected.files.has(name));
  if (lacking.length > 0) {
    const seen = collected.seen.slice(0, 8).join(', ') || 'nothing';
    throw refuse(`there is no ${lacking.join(' and no ')} under its top folder; found ${seen}`);
  }
  const files = software.programs.flatMap(({ name }) => collected.files.get(name) ?? []);
  for (const { name, path } of files) {
    const why = await notElfFor(path, release.arch);
    if (why !== undefined) throw refuse(`${name}: ${why}`);
  }
  return files;
}

/** Judges entries and writes the wanted ones. Writes are synchronous, so what it throws ends the parsing. */
class Collector {
  readonly files = new Map<string, ProgramFile>();
  /** Names of the first entries, for messages. */
  readonly seen: string[] = [];
  top: string | undefined;
  #entries = 0;
  #open: number | undefined;
  readonly #programs: readonly string[];
  readonly #directory: string;
  readonly #refuse: (why: string) => Error;

  constructor(software: Software, directory: string, refuse: (why: string) => Error) {
    this.#programs = software.programs.map(({ name }) => name);
    this.#directory = directory;
    this.#refuse = refuse;
  }

  wants(entry: ReadEntry): boolean {
    this.check(entry);
    const parts = segments(entry.path);
    if (parts.length > 0) {
      this.top ??= parts[0];
      if (parts[0] !== this.top) throw this.#refuse(`it has two top folders, ${this.top} and ${parts[0]}`);
      if (this.seen.length < 100) this.seen.push(parts.join('/'));
    }
    if (++this.#entries > LIMITS.entries) throw this.#refuse(`it has more than ${LIMITS.entries} entries`);
    const [, name = ''] = parts;
    if (parts.length !== 2 || !this.#programs.includes(name)) return false;
    if (entry.type === 'Directory') throw this.#refuse(`${entry.path} is a folder`);
    if (this.files.has(name)) throw this.#refuse(`it has ${entry.path} twice`);
    return true;
  }

  /** Releases hold files and folders only, so a link or device is refused wherever it points to. */
  check(entry: ReadEntry): void {
    const parts = entry.path.split(/[\\/]/);
    if (/^([\\/]|[a-z]:)/i.test(entry.path) || parts.includes('..') || entry.path.includes('\0')) {
      throw this.#refuse(`${JSON.stringify(entry.path)} leaves the folder it is unpacked to`);
    }
    if (!['File', 'OldFile', 'Directory'].includes(entry.type)) {
      const target = entry.linkpath === undefined ? '' : ` to ${entry.linkpath}`;
      throw this.#refuse(`${JSON.stringify(entry.path)} is a ${entry.type}${target}`);
    }
    const mode = (entry.mode ?? 0) | (entry.header.mode ?? 0);
    if (entry.type !== 'Directory' && (mode & 0o7000) !== 0) {
      throw this.#refuse(`${JSON.stringify(entry.path)} has setuid, setgid or sticky set`);
    }
  }

  /** Closes the file that an archive was cut off in. */
  close(): void {
    if (this.#open !== undefined) closeSync(this.#open);
    this.#open = undefined;
  }

  take(entry: ReadEntry): void {
    const name = segments(entry.path)[1] ?? '';
    const path = join(this.#directory, name);
    const hash = createHash('sha256');
    const descriptor = openSync(path, 'wx', 0o755);
    this.#open = descriptor;
    this.files.set(name, { name, path, sha256: '' });
    entry.on('end', () => {
      this.close();
      this.files.set(name, { name, path, sha256: hash.digest('hex') });
    });
    entry.on('data', (chunk: Buffer) => {
      hash.update(chunk);
      for (let at = 0; at < chunk.length; ) at += writeSync(descriptor, chunk, at);
    });
  }
}

/** The decompressed archive, as long as it stays within the limits. */
async function* gunzip(
  path: string,
  compressed: number,
  refuse: (why: string) => Error,
): AsyncGenerator<Buffer> {
  const source = createReadStream(path, { highWaterMark: 1 << 18 });
  const plain = createGunzip({ chunkSize: 1 << 18 });
  source.on('error', (error) => plain.destroy(error));
  source.pipe(plain);
  let total = 0;
  try {
    for await (const chunk of plain as AsyncIterable<Buffer>) {
      // The parser would unpack a compressed archive inside by itself, past these limits.
      if (total === 0 && !isTar(chunk)) throw refuse('it holds no tar archive');
      total += chunk.length;
      if (total > LIMITS.bytes) throw refuse(`it unpacks to more than ${LIMITS.bytes >> 20} MiB`);
      if (total > LIMITS.ratioFrom && total > compressed * LIMITS.ratio) {
        throw refuse(`it unpacks to more than ${LIMITS.ratio} times its size`);
      }
      yield chunk;
    }
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code ?? '';
    throw code.startsWith('Z_') ? refuse(`its compression is damaged or cut off (${code})`) : error;
  } finally {
    source.destroy();
    plain.destroy();
  }
}

function isTar(chunk: Buffer): boolean {
  const magic = chunk.readUInt16BE(0);
  return chunk.length >= 512 && magic !== 0x1f8b && magic !== 0x28b5;
}

function segments(path: string): string[] {
  return path.split('/').filter((part) => part !== '' && part !== '.');
}

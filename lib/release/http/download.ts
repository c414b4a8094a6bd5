import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { open, readFile, stat } from 'node:fs/promises';
import { QuorateError } from '../../errors.ts';
import { digestIn } from '../digest.ts';
import { called, type Software } from '../software.ts';
import { badDigest, noDigest, noFile, tooLarge, Unavailable, unprotected, untrusted } from '../wording.ts';
import { type Download, LIMITS, openHttp } from './http.ts';
import { beside, type Location, shownUrl } from './location.ts';
import { isUnprotected } from './protection.ts';

const MAX_SUMS = 1 << 20;

interface Wanted {
  readonly software: Software;
  readonly version: string;
  /** Pinned digest; without one it must come from where nobody could have changed it. */
  readonly sha256?: string;
}

/**
 * Copies the tarball at `location` to `target`, a file that does not exist yet, and returns its digest once
 * it is the one that was pinned or that `SHA256SUMS` beside it names. Local files are copied too, so that
 * what is unpacked is what was verified. The caller removes `target` when this fails.
 */
export async function downloadTarball(
  location: Location,
  target: string,
  { software, version, sha256: pinned }: Wanted,
  progress: (text: string) => void,
): Promise<string> {
  const allowed = (url: URL) => {
    if (pinned === undefined && isUnprotected(url)) throw unprotected(software, shownUrl(url));
  };
  const download = await openLocation(location, allowed);
  let wanted: string;
  try {
    // Asked for after the tarball has answered: a version that does not exist is not a matter of trust.
    wanted = pinned?.toLowerCase() ?? (await publishedDigest(software, location, allowed));
  } catch (error) {
    download.cancel();
    throw error;
  }
  const report = reporter(called(software, version), download.size, progress);
  const { digest, bytes, cut } = await save(download, target, report);
  const expected = download.size === undefined ? '' : ` of ${download.size}`;
  if (cut !== undefined)
    throw badDigest(software, location.shown, wanted, digest, `: cut off after ${bytes}${expected} bytes`);
  if (digest !== wanted) throw badDigest(software, location.shown, wanted, digest);
  return digest;
}

async function openLocation(location: Location, allowed: (url: URL) => void): Promise<Download> {
  if (location.kind === 'http') return openHttp(location.url, LIMITS, allowed);
  const info = await stat(location.path).catch((error: NodeJS.ErrnoException) => {
    throw noFile(location.path, error.code === 'ENOENT' ? 'there is no such file' : error.message);
  });
  if (!info.isFile()) throw noFile(location.path, 'it is not a file');
  if (info.size > LIMITS.most) throw tooLarge(location.path, LIMITS.most);
  const body = createReadStream(location.path, { highWaterMark: 1 << 18 });
  return { size: info.size, body, cancel: () => void body.destroy() };
}

async function publishedDigest(
  software: Software,
  tarball: Location,
  allowed: (url: URL) => void,
): Promise<string> {
  const sums = beside(tarball, 'SHA256SUMS');
  let text: string;
  try {
    text = sums.kind === 'file' ? await readFile(sums.path, 'utf8') : await readText(sums, allowed);
  } catch (error) {
    if (error instanceof Unavailable) throw noDigest(software, tarball.shown, error.message);
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') {
      throw noDigest(software, tarball.shown, `there is no ${sums.shown}`);
    }
    throw error;
  }
  const digest = digestIn(text, tarball.name);
  if (digest === undefined)
    throw noDigest(software, tarball.shown, `${sums.shown} does not name ${tarball.name}`);
  return digest;
}

async function readText(location: Location & { kind: 'http' }, allowed: (url: URL) => void): Promise<string> {
  const { body } = await openHttp(location.url, LIMITS, allowed);
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of body) {
    bytes += chunk.length;
    if (bytes > MAX_SUMS)
      throw untrusted(`${location.shown} is not a list of digests: it is larger than 1 MiB`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

async function save(
  download: Download,
  target: string,
  report: (bytes: number) => void,
): Promise<{ digest: string; bytes: number; cut: Error | undefined }> {
  const hash = createHash('sha256');
  let bytes = 0;
  let cut: Error | undefined;
  const file = await open(target, 'wx', 0o600);
  const chunks = download.body[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await chunks.next().catch((error: Error) => {
        if (error instanceof QuorateError) throw error;
        cut = error;
      });
      if (next === undefined || next.done) break;
      bytes += next.value.length;
      hash.update(next.value);
      await file.write(next.value);
      report(bytes);
    }
  } finally {
    await file.close();
    download.cancel();
  }
  return { digest: hash.digest('hex'), bytes, cut };
}

/** `downloading NAME 3.5.30: 12 of 21 MB`, ten times a second at most, and once complete. */
function reporter(what: string, size: number | undefined, progress: (text: string) => void) {
  const total = size === undefined ? '' : ` of ${Math.ceil(size / 1e6)}`;
  let last = 0;
  return (bytes: number) => {
    const complete = size === bytes;
    if (!complete && performance.now() - last < 100) return;
    last = performance.now();
    const done = complete ? Math.ceil(bytes / 1e6) : Math.floor(bytes / 1e6);
    progress(`downloading ${what}: ${done}${total} MB`);
  };
}

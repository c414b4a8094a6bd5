import { isAbsolute, join } from 'node:path';
import { PerRun } from '../../dsl/common/per-run.ts';
import { environment } from '../../environment.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { home } from '../../whoami.ts';

/** Bytes from elsewhere, known by their digest before they are there. */
export interface FetchedContent {
  readonly url: string;
  readonly sha256: string;
}

/** Throws exit code 1 for what nothing can be downloaded from, or for a digest that is none. */
export function checkedUrl(url: string, sha256: string | undefined): FetchedContent {
  if (!URL.canParse(url) || !/^https?:$/.test(new URL(url).protocol)) {
    throw wrong(`${JSON.stringify(url)} is not an address to download from`, "write it whole: 'https://…'");
  }
  if (sha256 === undefined || !/^[0-9a-f]{64}$/i.test(sha256)) {
    throw wrong(
      `the download of ${url.replace(/[?#].*/, '')} has no SHA-256 to be known by`,
      'give sha256: the 64 hex digits that sha256sum prints for it',
    );
  }
  return { url, sha256: sha256.toLowerCase() };
}

const fetched = new PerRun(() => new Map<string, Promise<string>>());

/** The path on control of a download, whose digest is the wanted one: many hosts cause one; a failure is tried anew. */
export function fetchOnce(wanted: FetchedContent, progress: (text: string) => void): Promise<string> {
  const all = fetched.own;
  const known = all.get(wanted.sha256);
  if (known) return known;
  const fresh = import('../../release/file.ts').then(({ fetchFile }) =>
    fetchFile(wanted, cacheFolder(), progress),
  );
  all.set(wanted.sha256, fresh);
  fresh.catch(() => all.delete(wanted.sha256));
  return fresh;
}

/** Where downloads stay, named by their digests: safe to delete. */
function cacheFolder(): string {
  const { XDG_CACHE_HOME: said = '' } = environment();
  // A relative one is to be ignored, says its specification.
  return join(isAbsolute(said) ? said : join(home(), '.cache'), 'quorate', 'files');
}

function wrong(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}

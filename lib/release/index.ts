import type { Unpacked } from '../resources/archive.ts';
import { obtain } from './obtain.ts';

/** Which etcd is wanted on control, and where it may come from. */
export interface ReleaseRequest {
  /** `3.5.30`; undefined takes whatever the source has. */
  readonly version: string | undefined;
  /** As in release names: `amd64`, `arm64`, `ppc64le`, `s390x`. */
  readonly arch: string;
  readonly source: 'release' | 'package' | 'path' | 'auto';
  /** Template with `{version}` and `{arch}`: https, http, file:// or a plain path. */
  readonly url: string;
  /** Pinned digest of the tarball, in hex; `SHA256SUMS` beside it when left out. */
  readonly sha256?: string;
  readonly cacheDir: string;
  /** Relative paths resolve from here: the inventory's directory. */
  readonly baseDir: string;
}

type Progress = (text: string) => void;

interface Shared {
  readonly listeners: Set<Progress>;
  readonly result: Promise<Unpacked>;
}

/** Equal requests of one process, so that many hosts cause one download. */
const shared = new Map<string, Shared>();

/**
 * Verified binaries on control. Equal requests share one fetch, and everyone who waits for it hears its
 * progress; a failure is not remembered, so a later request tries anew.
 * Fails with 5 for what cannot be trusted, with 2 for what a source does not have.
 */
export function fetchRelease(request: ReleaseRequest, progress: Progress): Promise<Unpacked> {
  const key = JSON.stringify([
    request.version,
    request.arch,
    request.source,
    request.url,
    request.sha256,
    request.cacheDir,
    request.baseDir,
  ]);
  let entry = shared.get(key);
  if (entry === undefined) {
    entry = start(request);
    shared.set(key, entry);
    entry.result.catch(() => shared.delete(key));
  }
  entry.listeners.add(progress);
  return entry.result;
}

function start(request: ReleaseRequest): Shared {
  const listeners = new Set<Progress>();
  const result = obtain(request, (text) => {
    for (const listener of listeners) listener(text);
  });
  return { listeners, result };
}

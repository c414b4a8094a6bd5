import { PerRun } from '../dsl/common/per-run.ts';
import { obtain } from './obtain.ts';
import type { ReleaseRequest } from './request.ts';
import type { Unpacked } from './unpacked.ts';

export type { ReleaseRequest } from './request.ts';
export type { Software } from './software.ts';

type Progress = (text: string) => void;

interface Shared {
  readonly listeners: Set<Progress>;
  readonly result: Promise<Unpacked>;
}

/** Equal requests of one run, so that many hosts cause one download. */
const shared = new PerRun(() => new Map<string, Shared>());

/**
 * Verified binaries on control. Equal requests share one fetch, and everyone who waits for it hears its
 * progress; a failure is not remembered, so a later request tries anew.
 * Fails with 5 for what cannot be trusted, with 2 for what a source does not have.
 */
export function fetchRelease(request: ReleaseRequest, progress: Progress): Promise<Unpacked> {
  const key = JSON.stringify([
    request.software.name,
    request.version,
    request.arch,
    request.source,
    request.url,
    request.sha256,
    request.cacheDir,
    request.baseDir,
  ]);
  const requests = shared.own;
  let entry = requests.get(key);
  if (entry === undefined) {
    entry = start(request);
    requests.set(key, entry);
    entry.result.catch(() => requests.delete(key));
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

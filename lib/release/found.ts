import type { Unpacked } from './unpacked.ts';

/** What a source gave: files in a workspace, verified, not in the cache yet. */
export interface Found extends Unpacked {
  readonly arch: string;
  readonly source: 'release' | 'package';
  /** sha256 of the release tarball, what a pin names. */
  readonly tarball?: string;
}

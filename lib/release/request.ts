import type { Software } from './software.ts';

/** Which release is wanted on control, and where it may come from. */
export interface ReleaseRequest {
  readonly software: Software;
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

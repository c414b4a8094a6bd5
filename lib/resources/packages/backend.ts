import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Change } from '../../dsl/task.ts';

export interface PackagesOptions {
  /** `absent`: none of them is installed. */
  readonly state?: 'present' | 'absent';
  /** `latest` that the host's lists know, or a version: `1.24` in any build, `1.24-2` exactly; `*` stands for anything. */
  readonly version?: string;
  /** Go back to an older version where that is the one wanted. */
  readonly downgrade?: boolean;
  /** Packages that may go in the same command, as others need them or what comes in their place; with apt alone. */
  readonly replaces?: string;
}

export interface PackagesDesired extends Omit<PackagesOptions, 'replaces'> {
  readonly names: readonly string[];
  readonly replaces: readonly string[];
}

/** What a package manager knows of one name. */
export interface FoundPackage {
  readonly installed?: string | undefined;
  /** Somebody has said that it stays in its version. */
  readonly held?: boolean;
  /** It came with another one, and goes with that by `autoremove`. */
  readonly isDependency?: boolean;
  /** An installed package stands in for it. */
  readonly provided: boolean;
  /** Packages that the lists know to provide it, where it is none itself. */
  readonly providers?: readonly string[];
  /** The one it would install. */
  readonly candidate?: string | undefined;
  /** All that it knows, newest first. */
  readonly versions: readonly string[];
}

export interface FoundPackages {
  readonly packages: ReadonlyMap<string, FoundPackage>;
  /** What would go with a removal, or by an installation. */
  readonly takes: readonly string[];
}

/** What differs between package managers. */
export interface PackageBackend {
  /** Exits 0 where the host has it. */
  readonly isThere: Sh;
  probe(desired: PackagesDesired): Sh;
  parse(out: string, names: readonly string[]): FoundPackages;
  /** Prints the version of a package, or `gone`, and since when it is so; see `Mark.look`. */
  look(name: string): Sh;
  apply(desired: PackagesDesired, changes: readonly Change[]): Sh;
  /** Marks packages as installed on purpose, where `isDependency` is read. */
  keep?(names: readonly string[]): Sh;
}

/**
 * Shell that keeps the name `$q_name` in `$@` where more is to be asked about that package: what goes with it, or what
 * the lists know of it.
 */
export function asks({ version, state }: PackagesDesired): Readonly<Record<'installed' | 'missing', Sh>> {
  const ask = sh`set -- "$@" "$q_name"`;
  if (state === 'absent') return { installed: ask, missing: sh`:` };
  return { installed: version === undefined ? sh`:` : ask, missing: ask };
}

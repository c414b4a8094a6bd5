/** What is fetched, and by which variables a person says so: nothing here knows any by name. */
export interface Software {
  /** Its name in messages, and what entries of the cache begin with. */
  readonly name: string;
  /** In the order they are reported; the first one says its version. */
  readonly programs: readonly Program[];
  /** The top folder of its release tarball: version and architecture. */
  readonly folder: RegExp;
  /** What the first program prints for `--version`. */
  readonly version: RegExp;
  /** Sets of packages that have it, the newest habit first. */
  readonly packages: { readonly deb: readonly (readonly string[])[]; readonly rpm: string };
  /** Names of the variables, for hints. */
  readonly vars: {
    readonly version: string;
    readonly source: string;
    readonly url: string;
    readonly sha256: string;
  };
}

export interface Program {
  readonly name: string;
  /** Not every release has it. */
  readonly optional?: true;
}

/** `NAME 3.5.30`, or `NAME` where any version does. */
export function called({ name }: Software, version: string | undefined): string {
  return version === undefined ? name : `${name} ${version}`;
}

/** Names of the programs that must be there, and are not. */
export function missing({ programs }: Software, there: (name: string) => boolean): readonly string[] {
  return programs.filter(({ name, optional }) => !optional && !there(name)).map(({ name }) => name);
}

/** What a role may ask of a host by name, read in the exchange that is made anyway. */
export interface HostFacts {
  /** `ID` of os-release: `debian`, `ubuntu`, `rocky`; empty where the host has no such file. */
  readonly distribution: string;
  /** `VERSION_ID` of os-release: `12`, `24.04`; empty for distributions without versions. */
  readonly version: string;
  /** Whose tools it has, by `ID` and `ID_LIKE`. */
  readonly family: Family;
  /** As `uname -m` says it: `x86_64`, `aarch64`. */
  readonly architecture: string;
  /** As `uname -r` says it. */
  readonly kernel: string;
  readonly serviceManager: 'systemd' | 'openrc' | 'none';
  /** Those that a process may use. */
  readonly cpus: number;
  /** All of it, in MiB. */
  readonly memoryMb: number;
  /** Numeric addresses of the interfaces, without those that only the host itself, or only its link, can use. */
  readonly addresses: readonly string[];
  readonly mounts: readonly Mount[];
  readonly users: readonly UserFact[];
  /** Version of every installed package by its name. */
  readonly packages: Readonly<Record<string, string | undefined>>;
}

export type FactName = keyof HostFacts;

/** Facts as a report tells them, by name: a value, or a list of them; what would fill pages is counted. */
export type ToldFacts = Readonly<Record<string, string | number | boolean | readonly string[]>>;

/** All that may be asked for. */
export const FACT_NAMES = [
  'distribution',
  'version',
  'family',
  'architecture',
  'kernel',
  'serviceManager',
  'cpus',
  'memoryMb',
  'addresses',
  'mounts',
  'users',
  'packages',
] as const satisfies readonly FactName[];

export type Family = 'debian' | 'redhat' | 'suse' | 'arch' | 'alpine' | 'other';

export interface Mount {
  readonly path: string;
  readonly device: string;
  /** File system: `ext4`, `tmpfs`, `nfs4`. */
  readonly type: string;
  readonly options: readonly string[];
  /** In MiB, of a local file system; undefined of others, which may not answer. */
  readonly freeMb: number | undefined;
}

export interface UserFact {
  readonly name: string;
  readonly uid: number;
  readonly gid: number;
  readonly home: string;
  readonly shell: string;
}

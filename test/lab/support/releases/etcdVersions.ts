import { NEWEST_RELEASE } from '../../../../lib/etcd/model/versions.ts';

/**
 * The etcd versions of the lab, oldest first, each with the Debian suite that has it, where one does; the others are
 * upstream's: the newest patch of their minor that also the Go module proxy has. Real upgrade chains can be run on them.
 */
const RELEASES = {
  '3.3.25': 'bullseye',
  '3.4.23': 'bookworm',
  '3.5.16': 'trixie',
  '3.5.30': 'sid',
  '3.6.16': undefined,
  '3.7.3': undefined,
  '3.8.0-alpha.0': undefined,
} as const satisfies Record<string, string | undefined>;

export type EtcdVersion = keyof typeof RELEASES;

export const ETCD_VERSIONS = Object.keys(RELEASES) as readonly EtcdVersion[];

/** Newest release of the newest minor that the project knows: what labs run unless they are told otherwise. */
export const NEWEST: EtcdVersion = NEWEST_RELEASE;

/** Newer than any minor that the project knows. */
export const TOO_NEW: EtcdVersion = '3.8.0-alpha.0';

/** The versions that the project knows. */
export const KNOWN_VERSIONS = ETCD_VERSIONS.filter((version) => version !== TOO_NEW);

/** The Debian suite whose etcd has this version. */
export function suiteOf(version: EtcdVersion): string | undefined {
  return RELEASES[version];
}

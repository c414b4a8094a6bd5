/** Minor versions whose flags, answers and rules are known here, oldest first. */
export const MINORS = ['3.3', '3.4', '3.5', '3.6', '3.7'] as const;

export type Minor = (typeof MINORS)[number];

/** The newest release when this was written: for examples. */
export const NEWEST_RELEASE = '3.7.3';

/** The newest release of each minor when this was written: where an upgrade may stop on its way. */
const NEWEST_OF: Readonly<Record<Minor, string>> = {
  '3.3': '3.3.27',
  '3.4': '3.4.45',
  '3.5': '3.5.33',
  '3.6': '3.6.16',
  '3.7': NEWEST_RELEASE,
};

/** The newest release of a minor that is known here; undefined for a minor that is not. */
export function newestOf(minor: string): string | undefined {
  return NEWEST_OF[minor as Minor];
}

/** `3.7` of `3.7.3` and of `3.7.0-rc.0`. */
export function minorOf(version: string): string {
  return version.split('.').slice(0, 2).join('.');
}

/** How many minors lie between two versions of one major. */
export function minorsApart(one: string, other: string): number {
  return Math.abs(Number(one.split('.')[1]) - Number(other.split('.')[1]));
}

/** By number; a pre-release comes before its release. Sorts `3.7.0-rc.0`, `3.7.0`, `3.10.0`. */
export function compareVersions(one: string, other: string): number {
  const [a, b] = [numbers(one), numbers(other)];
  const at = a.findIndex((number, i) => number !== b[i]);
  return at < 0 ? 0 : (a[at] ?? 0) - (b[at] ?? 0);
}

/** Whether the version is of a minor that came after all that are known here. */
export function isTooNew(version: string): boolean {
  return compareVersions(`${minorOf(version)}.0`, `${MINORS.at(-1)}.0`) > 0;
}

/** Known data bugs by minor version, the first patch without it, and the change of etcd that its changelog names for it. */
const UNSAFE: readonly (readonly [minor: Minor, before: number, reason: string, pull: number])[] = [
  ['3.5', 3, 'can corrupt data after a crash (3.5.0 to 3.5.2)', 13908],
  ['3.5', 6, 'can let members differ after a crash during a defragmentation (below 3.5.6)', 14733],
  ['3.5', 14, 'can let the revision go back after a crash during a compaction (below 3.5.14)', 17865],
  [
    '3.5',
    23,
    'can damage the data of a member that is sent a snapshot during a defragmentation (below 3.5.23)',
    20653,
  ],
  ['3.4', 32, 'can let the revision go back after a crash during a compaction (below 3.4.32)', 17864],
  [
    '3.4',
    38,
    'can damage the data of a member that is sent a snapshot during a defragmentation (below 3.4.38)',
    20659,
  ],
  [
    '3.6',
    5,
    'can damage the data of a member that is sent a snapshot during a defragmentation (below 3.6.5)',
    20650,
  ],
];

/**
 * Why a version should not be installed anew, and where that is written; undefined when nothing is known against it.
 *
 * @example
 * 'can corrupt data after a crash (3.5.0 to 3.5.2): https://github.com/etcd-io/etcd/pull/13908'
 */
export function unsafeReason(version: string): string | undefined {
  if (compareVersions(version, '3.4.0-0') < 0) return 'is no longer maintained (3.3 and older)';
  const [, , reason, pull] =
    UNSAFE.find(
      ([minor, before]) => minorOf(version) === minor && compareVersions(version, `${minor}.${before}`) < 0,
    ) ?? [];
  return reason && `${reason}: https://github.com/etcd-io/etcd/pull/${pull}`;
}

/** A published security fault of etcd. */
export interface SecurityFault {
  /** ID of the CVE, where there is one, and of etcd's advisory. */
  readonly id: string;
  readonly what: string;
  /** The first release without it, for each minor that got one. */
  readonly mended: readonly string[];
  /** Only with this of `etcd_settings`. */
  readonly setting?: string;
}

/** Source: etcd's changelogs of 3.4 to 3.7, and the advisories at github.com/etcd-io/etcd/security/advisories. */
const SECURITY_FAULTS: readonly SecurityFault[] = [
  {
    id: 'CVE-2021-28235',
    what: 'its debug pages show passwords',
    mended: ['3.4.25', '3.5.8'],
  },
  {
    id: 'CVE-2026-33413, GHSA-q8m4-xhhv-38mg',
    what: 'with authentication on, some calls need no login',
    mended: ['3.4.42', '3.5.28', '3.6.9'],
  },
  {
    id: 'CVE-2026-33343, GHSA-rfx7-8w68-q57q',
    what: 'nested transactions get around the rights of a user',
    mended: ['3.4.42', '3.5.28', '3.6.9'],
  },
  {
    id: 'CVE-2026-44283, GHSA-x35m-3gp4-4fh5',
    what: 'transactions get around the rights of a user',
    mended: ['3.4.44', '3.5.30', '3.6.11'],
  },
  {
    id: 'CVE-2026-59818, GHSA-3wh4-j44w-pg92',
    what: 'revoked client certificates are let in',
    mended: ['3.5.32', '3.6.13', '3.7.0'],
    setting: 'listen-client-http-urls',
  },
  {
    id: 'GHSA-xg4h-6gfc-h4m8',
    what: 'a watch on one key may show the keys behind it',
    mended: ['3.5.33', '3.6.14', '3.7.1'],
  },
  {
    id: 'GHSA-6vch-q96h-7gc3',
    what: 'connections that never finish their TLS handshake use up its memory',
    mended: ['3.5.33', '3.6.14', '3.7.1'],
  },
];

/** The published security faults that `version` has, with what `settings` turn on. */
export function securityFaults(
  version: string,
  settings: Readonly<Record<string, unknown>> = {},
): readonly SecurityFault[] {
  return SECURITY_FAULTS.filter(
    ({ mended, setting }) => (setting === undefined || setting in settings) && isBefore(version, mended),
  );
}

/**
 * What is said of them in one line; undefined without any.
 *
 * @example
 * 'has published security faults, mended in 3.7.1: a watch on one key may show the keys behind it (GHSA-xg4h-6gfc-h4m8)'
 */
export function securityWarning(version: string, faults: readonly SecurityFault[]): string | undefined {
  if (faults.length === 0) return undefined;
  const mends = faults.map(({ mended }) => mended.find((one) => minorOf(one) === minorOf(version)));
  const [last] = [...mends].sort((a, b) => compareVersions(b ?? '0.0.0', a ?? '0.0.0'));
  const where = mends.includes(undefined)
    ? `no release of ${minorOf(version)} mends all of them`
    : `mended in ${last}`;
  const each = faults.map(({ id, what }) => `${what} (${id})`).join('; ');
  return `has published security faults, ${where}: ${each}`;
}

/** Older than the first release of its minor without a fault; than all of them, where its minor got none. */
function isBefore(version: string, mended: readonly string[]): boolean {
  const own = mended.find((one) => minorOf(one) === minorOf(version));
  if (own !== undefined) return compareVersions(version, own) < 0;
  return mended.every((one) => compareVersions(version, one) < 0);
}

function numbers(version: string): readonly number[] {
  const [release = '', pre] = version.split('-', 2);
  const [major = 0, minor = 0, patch = 0] = release.split('.').map(Number);
  const [kind = '', count = '0'] = (pre ?? '').split('.');
  // Alphabetical order is that of time: alpha, beta, rc.
  const stage = pre === undefined ? Number.MAX_SAFE_INTEGER : (kind.codePointAt(0) ?? 0);
  return [major, minor, patch, stage, Number(count)];
}

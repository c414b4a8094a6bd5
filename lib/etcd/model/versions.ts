/** Known data bugs by minor version. Source: etcd's changelogs and its data inconsistency notes. */
const UNSAFE: readonly (readonly [minor: string, before: number, reason: string])[] = [
  ['3.5', 3, 'can corrupt data after a crash (3.5.0 to 3.5.2)'],
  ['3.5', 6, 'can lose data when it crashes during a defragmentation (below 3.5.6)'],
  ['3.5', 14, 'can let the revision go back after a restart (below 3.5.14)'],
  ['3.5', 23, 'can damage a snapshot that is sent during a defragmentation (below 3.5.23)'],
  ['3.4', 32, 'can let the revision go back after a restart (below 3.4.32)'],
  ['3.4', 38, 'can damage a snapshot that is sent during a defragmentation (below 3.4.38)'],
  ['3.6', 5, 'can damage a snapshot that is sent during a defragmentation (below 3.6.5)'],
];

/** Why a version should not be installed anew; undefined when nothing is known against it. */
export function unsafeReason(version: string): string | undefined {
  const [major, minor, patch] = version.split('.').map(Number) as [number, number, number];
  if (major < 3 || (major === 3 && minor < 4)) return 'is no longer maintained (3.3 and older)';
  return UNSAFE.find(([line, before]) => line === `${major}.${minor}` && patch < before)?.[2];
}

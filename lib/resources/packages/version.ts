/**
 * The versions that a wanted one stands for, as an extended regular expression of a whole version that JavaScript and
 * grep(1) read alike: without an epoch, or without the distribution's own part, it stands for any; `*` for anything.
 *
 * @example
 * versionPattern('1.24') // '([0-9]+:)?1[.]24(-[^-]+)?': 1:1.24-2, and not 1.240-1
 */
export function versionPattern(wanted: string): string {
  const own = wanted.replace(/[.+]/g, '[$&]').replaceAll('^', '\\^').replaceAll('*', '.*');
  return `${wanted.includes(':') ? '' : '([0-9]+:)?'}${own}${/[-*]/.test(wanted) ? '' : '(-[^-]+)?'}`;
}

/** Whether a version is one of those that `wanted` stands for. */
export function fitsVersion(wanted: string, version: string): boolean {
  return new RegExp(`^${versionPattern(wanted)}$`).test(version);
}

/** Whether one version may be both; none is any. That two patterns have one in common is known where one holds the other. */
export function versionsAgree(one: string | undefined, other: string | undefined): boolean {
  if (one === undefined || other === undefined || one === other) return true;
  return ![one, other].includes('latest') && (fitsVersion(one, other) || fitsVersion(other, one));
}

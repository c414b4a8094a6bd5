import { EXIT, QuorateError } from '../../errors.ts';

/**
 * The digest by `etcd_sha256` of the tarball of a release; undefined where nothing is pinned, or no tarball comes. As
 * text it is that of `etcd_version`, as a mapping it has those of several. Throws exit code 1 where it has none of this one.
 *
 * @example
 * pinnedDigest({ etcd_sha256: { '3.6.16-amd64': 'ab…' } }, '3.6.16', 'amd64'); // 'ab…'
 */
export function pinnedDigest(
  { etcd_sha256: pinned, etcd_version: wanted, etcd_source: source }: Readonly<Record<string, unknown>>,
  version: string | undefined,
  arch: string,
): string | undefined {
  if (pinned === undefined || source === 'package') return undefined;
  const release = `${version ?? 'any release'}-${arch}`;
  const isText = typeof pinned === 'string';
  const isOther = version !== undefined && wanted !== undefined && version !== wanted;
  const digest = isText
    ? isOther
      ? undefined
      : pinned
    : (pinned as Readonly<Record<string, string>>)[release];
  if (digest !== undefined) return digest;
  throw new QuorateError(
    isText
      ? `etcd_sha256 is the digest of etcd ${wanted}, and etcd ${version} is to be brought, too`
      : `etcd_sha256 has no digest of ${release}, only of ${Object.keys(pinned as object).join(', ')}`,
    {
      exitCode: EXIT.usage,
      hint: `name each release and machine: etcd_sha256: { ${release}: …${isText ? `, ${wanted}-${arch}: …` : ''} }`,
    },
  );
}

import { EXIT, QuorateError } from '../errors.ts';

/** A source that cannot be reached or does not have what is wanted; `auto` goes on to the next one. */
export class Unavailable extends QuorateError {
  constructor(message: string, hint?: string, exitCode: 2 | 5 = EXIT.failed) {
    super(message, { exitCode, ...(hint !== undefined && { hint }) });
    this.name = 'Unavailable';
  }
}

/** Bytes that must not be used: `auto` stops here too, it never steps around a bad digest. */
export function untrusted(message: string, hint?: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.untrusted, ...(hint !== undefined && { hint }) });
}

/** `etcd 3.5.30`, or `etcd` where any version does. */
export function etcdName(version: string | undefined): string {
  return version === undefined ? 'etcd' : `etcd ${version}`;
}

export function badDigest(what: string, wanted: string, got: string, why = ''): QuorateError {
  return untrusted(
    `${what} has not the digest it should have${why}\n  wanted sha256 ${wanted}\n  got    sha256 ${got}`,
    'nothing of it was kept; check the mirror, then etcd_sha256 if it is pinned',
  );
}

export function noDigest(what: string, found: string): QuorateError {
  return untrusted(
    `no digest to verify ${what} with: ${found}`,
    'put SHA256SUMS beside the tarball, or set etcd_sha256 from a source you trust',
  );
}

export function unsafeArchive(what: string, why: string): QuorateError {
  return untrusted(
    `${what} is refused: ${why}`,
    'nothing of it was unpacked; take the archive that etcd publishes',
  );
}

export function httpFailed(url: string, status: string): Unavailable {
  return new Unavailable(`Cannot download ${url}: the server answered ${status}`, otherWays());
}

export function notConnected(url: string, cause: string): Unavailable {
  return new Unavailable(`Cannot download ${url}: ${cause}`, otherWays());
}

export function badCertificate(url: string, cause: string): Unavailable {
  return new Unavailable(
    `Cannot download ${url}: its certificate is not trusted (${cause})`,
    'if a proxy of yours signs it, name its CA in NODE_EXTRA_CA_CERTS',
    EXIT.untrusted,
  );
}

export function noFile(path: string, cause: string): Unavailable {
  return new Unavailable(`Cannot read ${path}: ${cause}`, otherWays());
}

export function otherVersion(where: string, has: string, wanted: string): Unavailable {
  return new Unavailable(
    `${where} has etcd ${has}, wanted ${wanted}`,
    `set etcd_version: ${has}, or take ${wanted} from elsewhere with etcd_source`,
  );
}

/** What every source said, where none of them has what is wanted. */
export function nowhere(
  version: string | undefined,
  arch: string,
  said: readonly (readonly [source: string, answer: string])[],
): QuorateError {
  const answers = said.map(([source, answer]) => `  ${source}: ${answer.replaceAll('\n', '\n    ')}`);
  return new QuorateError(`No source has ${etcdName(version)} for ${arch}\n${answers.join('\n')}`, {
    exitCode: EXIT.failed,
    hint: `set etcd_download_url to a mirror${version === undefined ? ' and etcd_version' : ''}, or install etcd here`,
  });
}

function otherWays(): string {
  return 'set etcd_download_url to a mirror or a file, HTTPS_PROXY if you need a proxy, or another etcd_source';
}

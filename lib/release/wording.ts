import { EXIT, QuorateError } from '../errors.ts';
import { called, type Software } from './software.ts';

/** A source that cannot be reached or does not have what is wanted; `auto` goes on to the next one. */
export class Unavailable extends QuorateError {
  constructor(message: string, hint?: string, exitCode: 2 | 5 = EXIT.failed) {
    super(message, { exitCode, ...(hint !== undefined && { hint }) });
    this.name = 'Unavailable';
  }

  /** The same with a next step. */
  withHint(hint: string): Unavailable {
    return new Unavailable(
      this.message,
      hint,
      this.exitCode === EXIT.untrusted ? EXIT.untrusted : EXIT.failed,
    );
  }
}

/** Bytes that must not be used: `auto` stops here too, it never steps around a bad digest. */
export function untrusted(message: string, hint?: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.untrusted, ...(hint !== undefined && { hint }) });
}

export function badDigest(
  { vars }: Software,
  what: string,
  wanted: string,
  got: string,
  why = '',
): QuorateError {
  return untrusted(
    `${what} has not the digest it should have${why}\n  wanted sha256 ${wanted}\n  got    sha256 ${got}`,
    `nothing of it was kept; check the mirror, then ${vars.sha256} if it is pinned`,
  );
}

export function noDigest({ vars }: Software, what: string, found: string): QuorateError {
  return untrusted(
    `no digest to verify ${what} with: ${found}`,
    `put SHA256SUMS beside the tarball, or set ${vars.sha256} from a source you trust`,
  );
}

/** Whoever can change the tarball on its way can change the digests beside it. */
export function unprotected({ vars }: Software, shown: string): QuorateError {
  return untrusted(
    `${shown} comes over plain http: nothing protects it, nor digests that come the same way`,
    `set ${vars.sha256} from a source you trust, or take the mirror's https`,
  );
}

export function unsafeArchive(what: string, why: string): QuorateError {
  return untrusted(
    `${what} is refused: ${why}`,
    'nothing of it was unpacked; take the archive that its makers publish',
  );
}

export function tooLarge(what: string, most: number): QuorateError {
  return untrusted(
    `${what} is larger than ${most >> 20} MiB`,
    'nothing of it was kept; check the address and its server',
  );
}

export function httpFailed(url: string, status: string): Unavailable {
  return new Unavailable(`Cannot download ${url}: the server answered ${status}`);
}

export function notConnected(url: string, cause: string): Unavailable {
  return new Unavailable(`Cannot download ${url}: ${cause}`);
}

export function badCertificate(url: string, cause: string): Unavailable {
  return new Unavailable(
    `Cannot download ${url}: its certificate is not trusted (${cause})`,
    'if a proxy of yours signs it, name its CA in NODE_EXTRA_CA_CERTS',
    EXIT.untrusted,
  );
}

export function noFile(path: string, cause: string): Unavailable {
  return new Unavailable(`Cannot read ${path}: ${cause}`);
}

export function otherVersion(software: Software, where: string, has: string, wanted: string): Unavailable {
  const { version, source } = software.vars;
  return new Unavailable(
    `${where} has ${called(software, has)}, wanted ${wanted}`,
    `set ${version}: ${has}, or take ${wanted} from elsewhere with ${source}`,
  );
}

/** What every source said, where none of them has what is wanted. */
export function nowhere(
  software: Software,
  version: string | undefined,
  arch: string,
  said: readonly (readonly [source: string, answer: string])[],
): QuorateError {
  const { name, vars } = software;
  const answers = said.map(([source, answer]) => `  ${source}: ${answer.replaceAll('\n', '\n    ')}`);
  return new QuorateError(`No source has ${called(software, version)} for ${arch}\n${answers.join('\n')}`, {
    exitCode: EXIT.failed,
    hint: `set ${vars.url} to a mirror${version === undefined ? ` and ${vars.version}` : ''}, or install ${name} here`,
  });
}

export function otherWays({ vars }: Software): string {
  return `set ${vars.url} to a mirror or a file, HTTPS_PROXY if you need a proxy, or another ${vars.source}`;
}

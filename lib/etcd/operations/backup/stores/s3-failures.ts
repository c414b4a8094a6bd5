import { EXIT, type ExitCode, QuorateError } from '../../../../errors.ts';

interface Meaning {
  readonly says: string;
  readonly hint: string;
  readonly exitCode?: ExitCode;
}

/** Whose fault it is that a request is refused: what the person gave (1), or something there or on this machine (2). */
const MEANINGS: Readonly<Record<string, Meaning>> = {
  SignatureDoesNotMatch: {
    says: 'AWS_SECRET_ACCESS_KEY is not the secret of the key in AWS_ACCESS_KEY_ID',
    hint: 'set the two that belong together; a proxy in front of that server must leave path, query and Host as they are',
    exitCode: EXIT.usage,
  },
  InvalidAccessKeyId: {
    says: 'it does not know the key in AWS_ACCESS_KEY_ID',
    hint: 'is it a key of this server (AWS_ENDPOINT_URL), and does it want AWS_SESSION_TOKEN beside it?',
    exitCode: EXIT.usage,
  },
  InvalidToken: {
    says: 'AWS_SESSION_TOKEN does not belong to this key',
    hint: 'set all three anew, or unset it for a key that lasts: aws configure export-credentials --format env prints them',
    exitCode: EXIT.usage,
  },
  ExpiredToken: {
    says: 'the time of AWS_SESSION_TOKEN is over',
    hint: 'set all three anew: aws configure export-credentials --format env prints them',
    exitCode: EXIT.usage,
  },
  NoSuchBucket: {
    says: 'there is no such bucket',
    hint: 'make it first, or name another; AWS_ENDPOINT_URL and AWS_REGION say where it is looked for',
    exitCode: EXIT.usage,
  },
  AccessDenied: {
    says: 'this key may not do that',
    hint: 'allow it s3:ListBucket on the bucket, and s3:GetObject, s3:PutObject, s3:AbortMultipartUpload and, for thinning, s3:DeleteObject in the prefix',
  },
  NoSuchKey: { says: 'it is not there any more', hint: 'list what is there, and run again' },
  RequestTimeTooSkewed: {
    says: 'the clock of this machine is wrong',
    hint: 'set it, best by NTP (timedatectl), and run again',
  },
};

const SAME: Readonly<Record<string, string>> = {
  TokenRefreshRequired: 'ExpiredToken',
  ExpiredTokenException: 'ExpiredToken',
  InvalidClientTokenId: 'InvalidAccessKeyId',
  XAdminUserNotFound: 'InvalidAccessKeyId',
};

/**
 * What a server answered that did not do what was asked: its code, and what that means. The rest of such an answer may
 * repeat what was signed.
 */
export function s3Refused(
  name: string,
  doing: string,
  { status, headers }: Pick<Response, 'status' | 'headers'>,
  said: string,
): QuorateError {
  const code = elementOf(said, 'Code') ?? `HTTP status ${status}`;
  const region = headers.get('x-amz-bucket-region') ?? elementOf(said, 'Region');
  const { says, hint, exitCode } = meaningOf(code, region, headers.get('date'));
  return new QuorateError(`${name}: ${doing} failed: ${code}${says && `: ${says}`}`, {
    exitCode: exitCode ?? EXIT.failed,
    hint,
  });
}

/** Some servers name their region in every error: these alone are about it. */
const ELSEWHERE =
  /^(PermanentRedirect|TemporaryRedirect|AuthorizationHeaderMalformed|IllegalLocationConstraintException|InvalidRegion|HTTP status 30[178])$/;

function meaningOf(code: string, region: string | undefined, date: string | null): Meaning {
  const known = MEANINGS[SAME[code] ?? code];
  if (known && code === 'RequestTimeTooSkewed') return { ...known, says: skewText(date) ?? known.says };
  if (known) return known;
  if (region !== undefined && ELSEWHERE.test(code) && /^[\w-]+$/.test(region))
    return {
      says: `the bucket is in the region ${region}`,
      hint: `set AWS_REGION=${region}`,
      exitCode: EXIT.usage,
    };
  return {
    says: '',
    hint: 'check the bucket and what this key may do there, AWS_REGION and AWS_ENDPOINT_URL',
  };
}

function skewText(date: string | null): string | undefined {
  const apart = Math.round((Date.now() - Date.parse(date ?? '')) / 60_000);
  if (Number.isNaN(apart)) return undefined;
  return `the clock of this machine is ${Math.abs(apart)} min ${apart < 0 ? 'behind' : 'ahead of'} the server's`;
}

/** Nobody answered, or the line broke. */
export function s3Unreached(name: string, doing: string, error: Error): QuorateError {
  const code = codeOf(error);
  const cause = (error.cause as Error | undefined)?.message || code;
  // Other texts may repeat what was sent.
  const why = cause || (error.name === 'TimeoutError' ? error.message : error.name);
  if (/CERT|SELF_SIGNED|UNABLE_TO_|ALTNAME/.test(code))
    return new QuorateError(`${name}: ${doing} failed: ${why}`, {
      exitCode: EXIT.untrusted,
      hint: 'name the CA of that server in NODE_EXTRA_CA_CERTS, if it is yours',
    });
  return new QuorateError(`${name}: ${doing} failed: ${why}`, {
    exitCode: EXIT.unreachable,
    hint: 'check AWS_ENDPOINT_URL, and whether this machine reaches it; HTTPS_PROXY and NO_PROXY count',
  });
}

/** The code of the system, or of what fetches: `ECONNRESET`, `UND_ERR_SOCKET`. */
export function codeOf({ cause }: Error): string {
  return String((cause as { readonly code?: unknown } | undefined)?.code ?? '');
}

/** The first element of that name, read by its name: answers of S3 have no attributes on those that count. */
export function elementOf(xml: string, name: string): string | undefined {
  return unescaped(new RegExp(`<${name}>([^<]*)</${name}>`).exec(xml)?.[1]);
}

const SIGNS: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

function unescaped(text: string | undefined): string | undefined {
  return text?.replace(/&(?:#(\d+)|#x([\da-f]+)|(amp|lt|gt|quot|apos));/gi, (_, decimal, hex, name) =>
    name ? (SIGNS[name] ?? '') : String.fromCodePoint(decimal ? Number(decimal) : Number.parseInt(hex, 16)),
  );
}

/** A server that says each time that there is more. */
export function s3Endless(name: string, objects: number): QuorateError {
  return new QuorateError(`${name}: listing failed: it comes to no end after ${objects} objects`, {
    exitCode: EXIT.failed,
    hint: 'name a prefix of its own for snapshots; where it has few objects, see what answers at AWS_ENDPOINT_URL',
  });
}

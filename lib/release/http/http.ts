import type { IncomingMessage } from 'node:http';
import { basicCredentials } from '../../credentials.ts';
import { QuorateError } from '../../errors.ts';
import { NoConnection, requestTo } from '../../http-request.ts';
import { badCertificate, httpFailed, notConnected, tooLarge, untrusted } from '../wording.ts';
import { shownUrl } from './location.ts';

/** Times in milliseconds. */
interface Limits {
  readonly connect: number;
  /** A stall is a time without a single byte. */
  readonly stall: number;
  /** In each such time `SLOWEST` bytes a second come. */
  readonly pace: number;
  /** Bytes: a server may send without end. */
  readonly most: number;
}

export const LIMITS: Limits = { connect: 3_000, stall: 30_000, pace: 60_000, most: 1 << 30 };

/** Slower than that is no line, but somebody who holds us up. */
const SLOWEST = 4096;

const MAX_REDIRECTS = 10;

/** A response whose status is 2xx. The body fails when it stalls, drips, has more than it may or ends too soon. */
export interface Download {
  /** Announced by the server, if it did. */
  readonly size: number | undefined;
  readonly body: AsyncIterable<Uint8Array>;
  cancel(): void;
}

/**
 * Opens a URL and follows redirects, each hop with the proxy of its host; credentials stay with theirs. `allowed`
 * throws for a hop that must not be made.
 */
export async function openHttp(
  start: URL,
  limits = LIMITS,
  allowed: (url: URL) => void = () => {},
): Promise<Download> {
  let url = start;
  for (let hop = 0; hop <= MAX_REDIRECTS; hop++) {
    allowed(url);
    const response = await get(url, limits);
    const { statusCode = 0, statusMessage = '', headers } = response;
    if (statusCode >= 200 && statusCode < 300) return download(url, response, limits);
    response.destroy();
    if (statusCode < 300 || statusCode > 399 || headers.location === undefined) {
      throw httpFailed(shownUrl(url), `${statusCode} ${statusMessage}`.trim());
    }
    url = redirected(url, headers.location);
  }
  throw httpFailed(shownUrl(start), `with ${MAX_REDIRECTS} redirects and no file`);
}

function get(url: URL, { connect, stall }: Limits): Promise<IncomingMessage> {
  // The tarball is compressed already; a server that compresses it once more would change its digest.
  const headers: Record<string, string> = { 'accept-encoding': 'identity', 'user-agent': 'quorate' };
  if (url.username !== '') headers.authorization = basicCredentials(url);
  return requestTo(url, headers, { connect, answer: stall }).catch((error: Error) => {
    throw failure(url, error);
  });
}

function download(url: URL, response: IncomingMessage, limits: Limits): Download {
  const size = Number(response.headers['content-length'] ?? Number.NaN);
  if (size > limits.most) {
    response.destroy();
    throw tooLarge(shownUrl(url), limits.most);
  }
  return {
    size: Number.isSafeInteger(size) ? size : undefined,
    cancel: () => void response.destroy(),
    body: bounded(url, response, limits),
  };
}

/** Whatever the server said of its size. */
async function* bounded(
  url: URL,
  response: IncomingMessage,
  { stall, pace, most }: Limits,
): AsyncGenerator<Uint8Array> {
  let failure: Error | undefined;
  let [bytes, recent] = [0, 0];
  const giveUp = (error: Error) => {
    failure ??= error;
    response.destroy();
  };
  const silence = setTimeout(() => giveUp(silent(url, stall)), stall);
  const drip = setInterval(() => {
    if (recent < (SLOWEST * pace) / 1000)
      giveUp(notConnected(shownUrl(url), `${recent} bytes came in ${pace / 1000} s`));
    recent = 0;
  }, pace);
  try {
    for await (const chunk of response) {
      silence.refresh();
      bytes += chunk.length;
      recent += chunk.length;
      if (bytes > most) throw tooLarge(shownUrl(url), most);
      yield chunk as Uint8Array;
    }
  } catch (error) {
    throw failure ?? error;
  } finally {
    clearTimeout(silence);
    clearInterval(drip);
    response.destroy();
  }
}

function redirected(from: URL, location: string): URL {
  const to = URL.canParse(location, from.href) ? new URL(location, from.href) : undefined;
  if (to === undefined || !/^https?:$/.test(to.protocol)) {
    throw httpFailed(shownUrl(from), 'with a redirect to a place we cannot go to');
  }
  if (from.protocol === 'https:' && to.protocol === 'http:') {
    throw untrusted(`${shownUrl(from)} redirects from https to ${shownUrl(to)}, which nothing protects`);
  }
  return to;
}

function failure(url: URL, error: Error): Error {
  if (error instanceof QuorateError) return error;
  if (error instanceof NoConnection && error.kind === 'answer') return silent(url, error.milliseconds);
  const cause = error instanceof AggregateError ? (error.errors[0] as Error) : error;
  const code = (cause as NodeJS.ErrnoException).code ?? '';
  if (/CERT|ALTNAME|UNABLE_TO_(VERIFY|GET_ISSUER)/.test(code)) return badCertificate(shownUrl(url), code);
  return notConnected(shownUrl(url), cause.message);
}

function silent(url: URL, milliseconds: number): Error {
  return notConnected(shownUrl(url), `no byte came in ${milliseconds / 1000} s`);
}

import { Readable } from 'node:stream';
import type { ReadableStream } from 'node:stream/web';
import { requestTo } from '../../../../http-request.ts';

/** In milliseconds. */
const CONNECT = 10_000;

/** Statuses of answers that have no body. */
const BARE = [204, 304];

/**
 * As `fetch`, for a request through a proxy, which that of Node 20 does not know. Fails as fetch does, with what went wrong
 * as the cause: also where no answer begins within `patience` ms, or nothing of one comes for as long.
 */
export async function fetchThrough(
  proxy: string,
  { url, method, headers }: Pick<Request, 'url' | 'method' | 'headers'>,
  body: Uint8Array | undefined,
  patience: number,
): Promise<Response> {
  const limits = { connect: CONNECT, answer: patience };
  const asked = { method, proxy, ...(body && { body }) };
  const answer = await requestTo(new URL(url), Object.fromEntries(headers), limits, asked).catch((cause) => {
    throw new TypeError('fetch failed', { cause });
  });
  const { statusCode = 0, statusMessage = '' } = answer;
  answer.setTimeout(patience, () => answer.destroy(new Error(`no byte came in ${patience / 1000} s`)));
  const told = Object.entries(answer.headersDistinct).flatMap(([name, all = []]) =>
    all.map((value) => [name, value] as [string, string]),
  );
  const isBare = BARE.includes(statusCode);
  if (isBare) answer.resume();
  return new Response(isBare ? null : (Readable.toWeb(answer) as ReadableStream<Uint8Array>), {
    status: statusCode,
    statusText: statusMessage,
    headers: told,
  });
}

import { createHash, getFips } from 'node:crypto';
import { setTimeout } from 'node:timers/promises';
import type { AwsClient } from 'aws4fetch';
import type { Store, StoredFile } from '../../../../dsl/source/store.ts';
import { proxyFor } from '../../../../proxy.ts';
import { codeOf, elementOf, s3Endless, s3Refused, s3Unreached } from './s3-failures.ts';
import { fetchThrough } from './through-proxy.ts';

/** Bytes of a part; S3 wants 5 MiB at least, and takes 10,000. */
const PART = 16 * 2 ** 20;

/** What a request that sends something may take, in ms, and how often a server that is busy is asked again. */
const REQUEST_MS = 300_000;
const RETRIES = 4;
const RETRY_MS = 1000;

/** Pages of a listing, of 1000 objects each. */
const MOST_PAGES = 1000;

/** A line that broke, or a name that could not be asked for just then. */
const PASSING = /^(ECONNRESET|EPIPE|ETIMEDOUT|EAI_AGAIN|UND_ERR_(SOCKET|CONNECT_TIMEOUT|HEADERS_TIMEOUT))$/;

/**
 * Opens `s3://bucket/prefix`, of AWS or of `AWS_ENDPOINT_URL`; the prefix is taken as it stands, as the AWS CLI takes it.
 * Files larger than a part go up in parts, which make an object only once all are there.
 *
 * @param env Variables as the AWS CLI has them; keys come from nowhere else. `HTTPS_PROXY`, `HTTP_PROXY` and `NO_PROXY` count, too.
 */
export async function openS3(address: string, env: Environment = process.env): Promise<Store> {
  const { AwsClient } = await import('aws4fetch');
  const region = env.AWS_REGION || env.AWS_DEFAULT_REGION || 'us-east-1';
  const client = new AwsClient({
    accessKeyId: env.AWS_ACCESS_KEY_ID ?? '',
    secretAccessKey: env.AWS_SECRET_ACCESS_KEY ?? '',
    ...(env.AWS_SESSION_TOKEN && { sessionToken: env.AWS_SESSION_TOKEN }),
    service: 's3',
    region,
    retries: RETRIES,
    initRetryMs: RETRY_MS,
  });
  const endpoint = env.AWS_ENDPOINT_URL_S3 || env.AWS_ENDPOINT_URL || `https://s3.${region}.amazonaws.com`;
  return new S3Folder(address, endpoint, env, client).store();
}

type Environment = Readonly<Record<string, string | undefined>>;

class S3Folder {
  readonly #name: string;
  readonly #bucket: string;
  readonly #prefix: string;
  readonly #env: Environment;
  readonly #client: AwsClient;

  constructor(name: string, endpoint: string, env: Environment, client: AwsClient) {
    const [, bucket = '', prefix = ''] = /^s3:\/\/([^/]+)\/?(.*?)\/*$/i.exec(name) ?? [];
    this.#name = name;
    this.#bucket = bucketUrl(endpoint, bucket, env.AWS_S3_ADDRESSING_STYLE === 'virtual');
    this.#env = env;
    this.#prefix = prefix === '' ? '' : `${prefix}/`;
    this.#client = client;
  }

  store(): Store {
    return {
      name: this.#name,
      list: () => this.#list(),
      read: (name) => this.#read(name),
      write: (name, bytes) => this.#write(name, bytes),
      remove: async (name) => {
        await this.#ask('DELETE', `removing ${name}`, this.#urlOf(name), undefined, [404]);
      },
      async close() {},
    };
  }

  async #list(): Promise<readonly StoredFile[]> {
    const files: StoredFile[] = [];
    let token: string | undefined;
    const seen = new Set<string | undefined>();
    do {
      if (seen.has(token) || seen.size === MOST_PAGES) throw s3Endless(this.#name, files.length);
      seen.add(token);
      const query = queryOf({
        'list-type': '2',
        prefix: this.#prefix,
        delimiter: '/',
        ...(token && { 'continuation-token': token }),
      });
      const page = await this.#text('listing', await this.#ask('GET', 'listing', `${this.#bucket}?${query}`));
      for (const [, object = ''] of page.matchAll(/<Contents>(.*?)<\/Contents>/gs)) {
        const key = elementOf(object, 'Key') ?? '';
        files.push({
          name: key.slice(key.lastIndexOf('/') + 1),
          size: Number(elementOf(object, 'Size')),
          age: Date.now() - Date.parse(elementOf(object, 'LastModified') ?? ''),
        });
      }
      // Some servers send an empty one with the last page, and would begin anew.
      token = elementOf(page, 'IsTruncated') === 'true' ? elementOf(page, 'NextContinuationToken') : '';
    } while (token);
    return files;
  }

  #text(doing: string, answer: Response): Promise<string> {
    return answer.text().catch((error) => {
      throw s3Unreached(this.#name, doing, error as Error);
    });
  }

  async *#read(name: string): AsyncGenerator<Uint8Array> {
    const { body } = await this.#ask('GET', `reading ${name}`, this.#urlOf(name));
    if (body === null) return;
    try {
      yield* body as unknown as AsyncIterable<Uint8Array>;
    } catch (error) {
      throw s3Unreached(this.#name, `reading ${name}`, error as Error);
    }
  }

  async #write(name: string, bytes: AsyncIterable<Uint8Array>): Promise<void> {
    const parts = inParts(bytes);
    const first = await parts.next();
    const second = await parts.next();
    if (second.done) {
      await this.#ask('PUT', `writing ${name}`, this.#urlOf(name), first.value ?? Buffer.alloc(0));
      return;
    }
    const doing = `writing ${name}`;
    const url = this.#urlOf(name);
    const begun = await this.#text(doing, await this.#ask('POST', doing, `${url}?uploads`));
    const upload = `uploadId=${encodeURIComponent(elementOf(begun, 'UploadId') ?? '')}`;
    try {
      const tags: string[] = [];
      const send = async (part: Uint8Array) => {
        const put = await this.#ask('PUT', doing, `${url}?partNumber=${tags.length + 1}&${upload}`, part);
        tags.push(put.headers.get('etag') ?? '');
      };
      await send(first.value as Buffer);
      await send(second.value);
      for await (const part of parts) await send(part);
      const all = tags.map((tag, i) => `<Part><PartNumber>${i + 1}</PartNumber><ETag>${tag}</ETag></Part>`);
      const list = `<CompleteMultipartUpload>${all.join('')}</CompleteMultipartUpload>`;
      const completed = await this.#ask('POST', doing, `${url}?${upload}`, Buffer.from(list));
      const said = await this.#text(doing, completed);
      // It begins its answer before it knows how that ends.
      if (!/<CompleteMultipartUploadResult[\s>]/.test(said))
        throw s3Refused(this.#name, doing, completed, said);
    } catch (error) {
      await this.#ask('DELETE', doing, `${url}?${upload}`).catch(() => {});
      throw error;
    }
  }

  #urlOf(name: string): string {
    const path = `${this.#prefix}${name}`.split('/').map(encoded).join('/');
    return `${this.#bucket}/${path}`;
  }

  async #ask(
    method: string,
    doing: string,
    url: string,
    body?: Uint8Array,
    fine: readonly number[] = [],
  ): Promise<Response> {
    const headers = digestsOf(method, body);
    const answer = await this.#again(method, doing, () =>
      this.#fetch(url, body, {
        method,
        ...(body && { body: body as Uint8Array<ArrayBuffer> }),
        headers,
        // It would be sent on without a signature.
        redirect: 'manual',
        // A file may take longer to arrive: there it counts that something comes, which fetch sees to.
        ...(method !== 'GET' && { signal: AbortSignal.timeout(REQUEST_MS) }),
      }),
    );
    if (answer.ok || fine.includes(answer.status)) return answer;
    throw s3Refused(this.#name, doing, answer, await answer.text().catch(() => ''));
  }

  /** A server that is busy is asked again, as the client does by itself where no proxy is between. */
  async #fetch(url: string, body: Uint8Array | undefined, init: RequestInit): Promise<Response> {
    const proxy = proxyFor(new URL(url), this.#env);
    if (proxy === undefined) return this.#client.fetch(url, init);
    for (let tries = 0; ; tries++) {
      const answer = await fetchThrough(proxy, await this.#client.sign(url, init), body, REQUEST_MS);
      if (tries === RETRIES || (answer.status < 500 && answer.status !== 429)) return answer;
      await answer.body?.cancel();
      await setTimeout(RETRY_MS * 2 ** tries);
    }
  }

  /** What may be asked twice is, where the line broke. */
  async #again(method: string, doing: string, ask: () => Promise<Response>): Promise<Response> {
    for (let tries = 0; ; tries++) {
      try {
        return await ask();
      } catch (error) {
        const passing = PASSING.test(codeOf(error as Error));
        if (method === 'POST' || !passing || tries === RETRIES)
          throw s3Unreached(this.#name, doing, error as Error);
        await setTimeout(RETRY_MS * 2 ** tries);
      }
    }
  }
}

/** The server checks what it gets by these. A bucket with Object Lock wants MD5, which there is none of in FIPS mode. */
function digestsOf(method: string, body: Uint8Array = Buffer.alloc(0)): Readonly<Record<string, string>> {
  const of = (name: string) => createHash(name).update(body);
  const md5 = method === 'PUT' && getFips() === 0 && { 'content-md5': of('md5').digest('base64') };
  return { 'x-amz-content-sha256': of('sha256').digest('hex'), ...md5 };
}

/** In the path; or, as some providers want it, in front of the host's name. */
function bucketUrl(endpoint: string, bucket: string, isVirtual: boolean): string {
  const url = new URL(endpoint);
  if (isVirtual) url.hostname = `${bucket}.${url.hostname}`;
  const base = url.href.replace(/\/+$/, '');
  return isVirtual ? base : `${base}/${bucket}`;
}

function queryOf(words: Readonly<Record<string, string>>): string {
  return Object.entries(words)
    .map(([name, value]) => `${name}=${encoded(value)}`)
    .join('&');
}

/** As signatures have it (RFC 3986): a server may sign what it gets, and not what it makes of that. */
function encoded(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** All parts but the last have the same size. */
async function* inParts(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Buffer, undefined> {
  let waiting: Uint8Array[] = [];
  let size = 0;
  for await (const piece of bytes) {
    waiting.push(piece);
    size += piece.length;
    while (size > PART) {
      const all = Buffer.concat(waiting);
      yield all.subarray(0, PART);
      waiting = [all.subarray(PART)];
      size -= PART;
    }
  }
  if (size > 0) yield Buffer.concat(waiting);
}

import { randomBytes } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { Agent, request } from 'node:https';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { sleep } from './host/process.ts';

/** What a client saw. */
export interface ClientReport {
  readonly acknowledged: number;
  /** Numbers of acknowledged writes that are not there in the end, or with another value. */
  readonly lost: readonly number[];
  /** Reads, linearizable ones, that did not see the last acknowledged write. */
  readonly stale: number;
  /** The cluster answered in the end, so `lost` says something. */
  readonly verified: boolean;
  /** Longest time without an acknowledged write from the first one to the end, in milliseconds. */
  readonly writeGapMs: number;
  readonly readGapMs: number;
  /** Requests without an answer, or with one that says no, from the first acknowledged write to the end. */
  readonly failed: number;
  /** Handshakes that one of the two sides refused, by their error. */
  readonly refused: readonly string[];
}

/** Until another member is asked. A write without an answer counts as not acknowledged. */
const PATIENCE_MS = 1500;

/** Between two pairs of a write and a read: what this costs the machine stays small beside what is measured. */
const PAUSE_MS = 25;

/** For how long the last read is tried. */
const VERIFY_MS = 15_000;

/** Speaks etcd's JSON gateway through one member at a time, and moves on to the next when one fails. */
class Gateway {
  readonly refused: string[] = [];
  failed = 0;
  readonly #pki: string;
  readonly #name: string;
  readonly #reconnects: boolean;
  readonly #endpoints: readonly string[];
  #agent: Agent | undefined;
  #at = 0;
  /** 3.3 has another name for it, and 3.4 both; in the middle of an upgrade each member has its own. */
  #api: 'v3' | 'v3beta' = 'v3';

  /** `shows` is `FOLDER:NAME` of its certificate, with `:reconnects` after it where it keeps no connection. */
  constructor(shows: string, endpoints: readonly string[]) {
    const [pki = '', name = '', reconnects] = shows.split(':');
    this.#pki = pki;
    this.#name = name;
    this.#reconnects = reconnects !== undefined;
    this.#endpoints = endpoints;
  }

  /** undefined when there was no answer, or one that says no. */
  async ask(call: 'put' | 'range', body: object): Promise<Answer | undefined> {
    try {
      this.#agent ??= await this.#connect();
      const url = `${this.#endpoints[this.#at % this.#endpoints.length]}/${this.#api}/kv/${call}`;
      const answer = await post(url, JSON.stringify(body), this.#agent);
      if (this.#reconnects) {
        this.#agent.destroy();
        this.#agent = undefined;
        this.#at += 1;
      }
      return answer;
    } catch (error) {
      const { code = '', message } = error as NodeJS.ErrnoException;
      if (message === 'status 404') this.#api = this.#api === 'v3' ? 'v3beta' : 'v3';
      this.failed += 1;
      if (isOfTls(code)) this.refused.push(`${code}: ${message}`);
      this.#agent?.destroy();
      this.#agent = undefined;
      this.#at += 1;
      await sleep(10);
      return undefined;
    }
  }

  /** Certificates are read for each connection: a run may make them while the client waits for a cluster. */
  async #connect(): Promise<Agent> {
    const [ca, cert, key] = await Promise.all(
      ['ca.pem', `${this.#name}.pem`, `${this.#name}-key.pem`].map((name) => readFile(join(this.#pki, name))),
    );
    return new Agent({ keepAlive: true, maxSockets: 1, ca, cert, key });
  }
}

/** Somebody was there, and a certificate did not please: OpenSSL's and Node's names for that. */
function isOfTls(code: string): boolean {
  return /^(ERR_SSL|ERR_TLS|ERR_OSSL|EPROTO|CERT_|UNABLE_TO|SELF_SIGNED|DEPTH_ZERO)/.test(code);
}

interface Answer {
  readonly kvs?: readonly { readonly key: string; readonly value: string }[];
}

function post(url: string, body: string, agent: Agent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const sent = request(url, { method: 'POST', agent, timeout: PATIENCE_MS }, (response) => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('error', reject);
      response.on('end', () => {
        if (response.statusCode === 200) resolve(JSON.parse(Buffer.concat(chunks).toString()));
        else reject(new Error(`status ${response.statusCode}`));
      });
    });
    const timer = setTimeout(() => sent.destroy(new Error('no answer')), PATIENCE_MS);
    sent.on('error', reject);
    sent.on('close', () => clearTimeout(timer));
    sent.end(body);
  });
}

/** The longest time between two moments, and from the last one to now. */
class Gap {
  #longest = 0;
  #ofLap = 0;
  #last: number | undefined;

  mark(): void {
    this.#look();
    this.#last = performance.now();
  }

  get ms(): number {
    this.#look();
    return Math.round(this.#longest);
  }

  /** The same since the last lap. */
  lap(): number {
    this.#look();
    const ms = Math.round(this.#ofLap);
    this.#ofLap = 0;
    return ms;
  }

  #look(): void {
    const open = this.#last === undefined ? 0 : performance.now() - this.#last;
    this.#longest = Math.max(this.#longest, open);
    this.#ofLap = Math.max(this.#ofLap, open);
  }
}

const base64 = (text: string) => Buffer.from(text).toString('base64');

async function main([shows = '', ...endpoints]: readonly string[]): Promise<void> {
  const gateway = new Gateway(shows, endpoints);
  const prefix = `client/${randomBytes(6).toString('hex')}/`;
  const keyOf = (n: number) => `${prefix}${String(n).padStart(9, '0')}`;
  const acknowledged: number[] = [];
  const [writes, reads] = [new Gap(), new Gap()];
  let stale = 0;
  let stopping = false;
  createInterface({ input: process.stdin })
    .on('line', () => process.stdout.write(`${writes.lap()}\n`))
    .on('close', () => {
      stopping = true;
    });
  for (let n = 1; !stopping; n++) {
    const put = await gateway.ask('put', { key: base64(keyOf(n)), value: base64(String(n)) });
    if (put) {
      if (acknowledged.length === 0) {
        process.stdout.write('working\n');
        gateway.failed = 0;
      }
      acknowledged.push(n);
      writes.mark();
    }
    const last = acknowledged.at(-1);
    const got = last === undefined ? undefined : await gateway.ask('range', { key: base64(keyOf(last)) });
    if (got) {
      reads.mark();
      if (got.kvs?.[0]?.value !== base64(String(last))) stale += 1;
    }
    await sleep(last === undefined ? 50 : PAUSE_MS);
  }
  const seen = { writeGapMs: writes.ms, readGapMs: reads.ms, failed: gateway.failed };
  const found = await readBack(gateway, prefix);
  const lost = acknowledged.filter((n) => found?.get(base64(keyOf(n))) !== base64(String(n)));
  const report: ClientReport = {
    acknowledged: acknowledged.length,
    lost: found ? lost : [],
    stale,
    verified: found !== undefined,
    refused: gateway.refused,
    ...seen,
  };
  process.stdout.write(`${JSON.stringify(report)}\n`, () => process.exit(0));
}

async function readBack(gateway: Gateway, prefix: string): Promise<ReadonlyMap<string, string> | undefined> {
  const end = `${prefix.slice(0, -1)}0`;
  for (const deadline = Date.now() + VERIFY_MS; Date.now() < deadline; await sleep(100)) {
    const answer = await gateway.ask('range', { key: base64(prefix), range_end: base64(end) });
    if (answer) return new Map((answer.kvs ?? []).map(({ key, value }) => [key, value]));
  }
  return undefined;
}

await main(process.argv.slice(2));

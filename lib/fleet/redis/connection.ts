import type { Redis } from 'ioredis';
import { maskCredentials } from '../../credentials.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { usage } from '../flags.ts';

/** How long who only looks waits for a Redis that was there and has gone, in ms. */
const PATIENCE = 60_000;

/** The address, without a login: for people. Throws exit code 1 for what is none. */
export function shownUrl(url: string | undefined): string {
  if (url === undefined || url === '')
    throw usage('no Redis is named', '--redis redis://host:6379, or QUORATE_REDIS_URL in the environment');
  let parsed: URL;
  try {
    parsed = new URL(url);
    // As the library does: a lone % in a password is not text.
    for (const part of [parsed.username, parsed.password]) decodeURIComponent(part);
  } catch {
    throw noAddress();
  }
  if (!['redis:', 'rediss:'].includes(parsed.protocol) || !parsed.host) throw noAddress();
  // `redis://me:12/34@host` is host "me", port 12: a part of the password would be shown.
  if (/@/.test(parsed.pathname + parsed.search) || parsed.hash !== '') throw noAddress();
  return `${parsed.protocol}//${parsed.host}${parsed.pathname === '/' ? '' : parsed.pathname}`;
}

/** Never quotes it: what is not understood may hold a password anywhere. */
function noAddress(): QuorateError {
  return usage(
    'what names Redis is not an address of the form redis://USER:PASSWORD@host:6379 (rediss:// with TLS)',
    'in a password write / as %2F, # as %23, ? as %3F, @ as %40, : as %3A, % as %25',
  );
}

export interface ConnectOptions {
  /** Never gives up once it was connected; who only looks does so after a minute. */
  readonly forever: boolean;
  /** Told once when Redis goes, and once when it is back. */
  tell(message: string): void;
}

/** A connection, and how to have neither it nor any made after its likeness tried again. */
export interface Connected {
  readonly redis: Redis;
  giveUp(): void;
}

/** Connects; throws exit code 4 where nobody is there, 5 for a certificate that is not trusted. */
export async function connect(
  url: string | undefined,
  { forever, tell }: ConnectOptions,
): Promise<Connected> {
  const shown = shownUrl(url);
  // Who can see the processes of this machine must not see the password.
  if (process.argv.some((word) => word.includes('@') && word.includes('://')))
    process.title = 'quorate fleet';
  const { Redis } = await library(() => import('ioredis'));
  let begun = false;
  let isOver = false;
  let goneAt: number | undefined;
  const redis = new Redis(url as string, {
    lazyConnect: true,
    maxRetriesPerRequest: null,
    connectTimeout: 10_000,
    // A connection that a firewall has dropped says nothing at all. A worker waits for jobs for 10 s at the most.
    socketTimeout: 30_000,
    // Connections that are made after the likeness of this one share it, and what it knows.
    retryStrategy(times) {
      if (!begun || isOver) return null;
      const isPatient = forever || goneAt === undefined || Date.now() - goneAt < PATIENCE;
      return isPatient ? Math.min(times * 100, 1000) : null;
    },
  });
  let said: Error | undefined;
  redis.on('error', (error: Error) => {
    said = error;
  });
  try {
    await redis.connect();
    await redis.ping();
  } catch (error) {
    redis.disconnect();
    throw unreachable(shown, said ?? (error as Error));
  }
  begun = true;
  redis.on('close', () => {
    if (goneAt === undefined) tell(`Redis at ${shown} has gone; trying again`);
    goneAt ??= Date.now();
  });
  redis.on('ready', () => {
    if (goneAt !== undefined) tell(`Redis at ${shown} is back`);
    goneAt = undefined;
  });
  return {
    redis,
    giveUp() {
      isOver = true;
      if (redis.status !== 'ready') redis.disconnect();
    },
  };
}

/** The library that is asked for; both are optional. */
export async function library<T>(load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw usage('a fleet with Redis needs two more packages', 'npm i bullmq ioredis');
  }
}

export function unreachable(shown: string, error: Error): QuorateError {
  const { code = '' } = error as NodeJS.ErrnoException;
  if (/CERT|SIGNED|VERIFY|ERR_TLS/.test(code))
    return new QuorateError(`the certificate of Redis at ${shown} is not trusted: ${error.message}`, {
      exitCode: EXIT.untrusted,
      hint: 'NODE_EXTRA_CA_CERTS names a file of CAs that are trusted besides',
    });
  const isLogin = /NOAUTH|WRONGPASS|NOPERM|AUTH/.test(error.message);
  return new QuorateError(
    `Redis at ${shown} ${isLogin ? 'refuses the login' : 'cannot be reached'}: ${maskCredentials(error.message)}`,
    {
      exitCode: EXIT.unreachable,
      hint: isLogin
        ? 'redis://:PASSWORD@host or redis://USER:PASSWORD@host, best in QUORATE_REDIS_URL'
        : 'see that it runs there, and that its port is open to this machine',
    },
  );
}

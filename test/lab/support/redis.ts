import { type ChildProcess, spawn } from 'node:child_process';
import { createConnection, createServer } from 'node:net';
import { join } from 'node:path';
import { waitFor } from './host/process.ts';
import { debianTree, libraryPath } from './releases/debTree.ts';

/** Debian's redis-server with the libraries that it needs. Gives its folder. */
export const redisTree = (): Promise<string> => debianTree('redis', ['redis-server']);

export interface RedisServer {
  readonly url: string;
  /** Ends it as a power cut does, and starts it again on what it had written. */
  restart(downMs: number): Promise<void>;
  stop(): Promise<void>;
}

/** A redis-server on loopback that keeps every write, with its data in `folder`; it has TLS where it has a certificate. */
export async function startRedis(
  folder: string,
  password: string,
  certificate?: { readonly cert: string; readonly key: string },
): Promise<RedisServer> {
  const tree = await redisTree();
  const port = await freePort();
  const settings: Readonly<Record<string, string>> = {
    ...(certificate
      ? {
          'tls-port': String(port),
          'tls-cert-file': certificate.cert,
          'tls-key-file': certificate.key,
          'tls-auth-clients': 'no',
          port: '0',
        }
      : { port: String(port) }),
    ...{ bind: '127.0.0.1', dir: folder, save: '', appendonly: 'yes', appendfsync: 'always' },
    requirepass: password,
  };
  const args = Object.entries(settings).flatMap(([name, value]) => [`--${name}`, value]);
  const env = { ...process.env, LD_LIBRARY_PATH: libraryPath(tree) };
  const start = async () => {
    const child = spawn(join(tree, 'usr/bin/redis-server'), args, { env, stdio: 'ignore' });
    await waitFor('redis-server', 20_000, async () => (await isOpen(port)) || undefined);
    return child;
  };
  let child = await start();
  return {
    url: `${certificate ? 'rediss' : 'redis'}://:${password}@127.0.0.1:${port}`,
    async restart(downMs) {
      await ended(child, 'SIGKILL');
      await new Promise((resolve) => setTimeout(resolve, downMs));
      child = await start();
    },
    stop: () => ended(child, 'SIGKILL'),
  };
}

async function ended(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise<void>((resolve) => child.once('exit', () => resolve()));
  child.kill(signal);
  await gone;
}

function isOpen(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = createConnection({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

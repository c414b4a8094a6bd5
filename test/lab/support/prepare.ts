import { existsSync, readFileSync } from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { browserProgram } from './browser.ts';
import { KEYRING } from './host/debian.ts';
import { must, sleep } from './host/process.ts';
import { buildRootfs } from './host/rootfs.ts';
import { fetchNode } from './nodes.ts';
import { cacheDir } from './paths.ts';
import { redisTree } from './redis.ts';
import { buildReleases } from './releases/releases.ts';

/** What has to be installed, and the file or command that says it is. */
const NEEDED: Readonly<Record<string, string>> = {
  mmdebstrap: 'mmdebstrap',
  'systemd-container': 'systemd-nspawn',
  iproute2: 'ip',
  nftables: 'nft',
  'openssh-client': 'ssh',
  'debian-archive-keyring': KEYRING,
  // To compare certificates with.
  'golang-cfssl': 'cfssl',
  openssl: 'openssl',
  // A userland to run the loop's own scripts on.
  busybox: 'busybox',
};

type Log = (line: string) => void;

/**
 * Makes everything a lab needs, unless it is there: packages, the root file system of `suite`, etcd releases.
 * Gives the root file system. Two at once wait for each other.
 */
export async function prepare(
  suite = 'bookworm',
  log: Log = (line) => console.error(`lab: ${line}`),
): Promise<string> {
  return alone(log, () => make(suite, log));
}

/** Why a machine has none of what some tests need besides a lab; undefined where it has it. */
export interface Lacking {
  readonly redis: string | undefined;
  readonly browser: string | undefined;
}

/** The same with what the tests want besides. */
export async function prepareForTests(log: Log): Promise<Lacking> {
  return alone(log, async () => {
    await make('bookworm', log);
    return { redis: await lacks('redis-server', redisTree), browser: await lacks('browser', browserProgram) };
  });
}

async function lacks(what: string, fetch: () => Promise<unknown>): Promise<string | undefined> {
  return fetch().then(
    () => undefined,
    ({ message }) => `there is no ${what} of Debian's to be had: ${message.split('\n')[0]}`,
  );
}

async function make(suite: string, log: Log): Promise<string> {
  await mkdir(cacheDir(), { recursive: true });
  await installPackages(log);
  const [rootfs] = await Promise.all([
    buildRootfs(suite, log),
    buildReleases(log),
    fetchNode(24).catch(({ message }) => log(`Node 24 cannot be had: ${message.split('\n')[0]}`)),
  ]);
  return rootfs;
}

async function alone<T>(log: Log, work: () => Promise<T>): Promise<T> {
  const unlock = await lock(log);
  try {
    return await work();
  } finally {
    unlock();
  }
}

async function installPackages(log: Log): Promise<void> {
  const missing = Object.entries(NEEDED).flatMap(([name, proof]) => (isThere(proof) ? [] : [name]));
  if (missing.length === 0) return;
  log(`installing ${missing.join(' ')}`);
  const env = { DEBIAN_FRONTEND: 'noninteractive' };
  await must('apt-get', ['-qq', 'update'], { env });
  await must('apt-get', ['-qq', 'install', '--no-install-recommends', '-y', ...missing], { env });
}

function isThere(proof: string): boolean {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/usr/sbin', '/sbin'];
  return proof.startsWith('/')
    ? existsSync(proof)
    : folders.some((folder) => existsSync(join(folder, proof)));
}

/** Holds an abstract socket as a lock: unlike a file, it goes with the process that holds it. */
async function lock(log: Log): Promise<() => void> {
  const server = createServer();
  server.unref();
  for (let second = 0; second < 1200; second++) {
    if (await listens(server)) return () => server.close();
    if (second === 1) log('waiting for another preparation to end');
    await sleep(second === 0 ? 100 : 1000);
  }
  throw new Error('Cannot prepare the lab: another preparation has not ended in 20 minutes');
}

function listens(server: ReturnType<typeof createServer>): Promise<boolean> {
  return new Promise((resolve, reject) => {
    server.once('listening', () => {
      server.removeAllListeners('error');
      resolve(true);
    });
    server.once('error', (error: NodeJS.ErrnoException) => {
      server.removeAllListeners('listening');
      if (error.code === 'EADDRINUSE') resolve(false);
      else reject(error);
    });
    server.listen({ path: '\0quorate-lab-prepare' });
  });
}

/** The distribution's id and the ids of those it derives from, as os-release says. */
export function distribution(): string[] {
  if (!existsSync('/etc/os-release')) return [];
  const text = readFileSync('/etc/os-release', 'utf8');
  return [...text.matchAll(/^ID(?:_LIKE)?="?([^"\n]*)"?$/gm)].flatMap((match) => match[1]!.split(' '));
}

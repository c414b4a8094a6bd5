import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import type { Host } from '../../../lib/transport/host.ts';
import type { Spawn, Way } from '../../../lib/transport/launch.ts';
import { runScript } from '../../../lib/transport/script.ts';
import { sendFile } from '../../../lib/transport/send.ts';

/** Why scripts cannot run on busybox alone, in one line; undefined when they can. */
export const busyboxMissing = existsSync('/bin/busybox')
  ? process.getuid?.() === 0
    ? undefined
    : 'only root may change the root directory'
  : 'it is not installed';

/**
 * A root directory in memory that has busybox, what it links to, and this machine's devices, processes and
 * temporary files, at their usual paths: there is no other program to fall back on. It stays until its input ends.
 */
const ALONE = `set -e
mount -t tmpfs none /mnt
cd /mnt
mkdir bin dev proc etc
mkdir -p ".$1"
cp -L --parents $(command -v busybox) $(ldd "$(command -v busybox)" | grep -o '/[^ ]*') .
busybox --install -s bin
grep ^root: /etc/passwd >etc/passwd
grep ^root: /etc/group >etc/group
for path in /dev /proc "$1"; do mount --rbind "$path" ".$path"; done
echo made
exec cat`;

/** Starts a shell in such a directory. It is made once, and goes with this process: making it takes longer than most scripts. */
async function inside(): Promise<readonly string[]> {
  const made = ['--mount', '--propagation', 'private', '/bin/sh', '-c', ALONE, 'sh', tmpdir()];
  const keeper = spawn('/usr/bin/unshare', made, { stdio: ['pipe', 'pipe', 'inherit'] });
  const [said] = await Promise.race([once(keeper.stdout, 'data'), once(keeper, 'exit')]);
  if (String(said) !== 'made\n') throw new Error(`no root directory for busybox: ${said}`);
  for (const one of [keeper, keeper.stdin, keeper.stdout]) (one as Socket).unref();
  return ['/usr/bin/nsenter', '--target', `${keeper.pid}`, '--mount', 'chroot', '/mnt', '/bin/sh'];
}

const ALONE_COMMAND = busyboxMissing === undefined ? await inside() : [];

/**
 * Command lines of the shells that are here, each as it is when it is /bin/sh; arguments may follow. Where Node is what
 * is tested, one is enough: `QUORATE_TEST_SHELL` names it.
 */
export const SHELLS: readonly (readonly [name: string, ...command: string[]])[] = (
  [
    ['dash', '/bin/dash'],
    ['bash', '/bin/bash', '--posix'],
    ['busybox', '/bin/busybox', 'sh'],
  ] as const
)
  .filter(([name, path]) => existsSync(path) && name === (process.env.QUORATE_TEST_SHELL ?? name))
  .map(([name, ...command]) =>
    name === 'busybox' && busyboxMissing === undefined ? [name, ...ALONE_COMMAND] : [name, ...command],
  );

/** A host with nothing but busybox, reached as others are. */
export function busyboxHost(name = 'busybox'): Host {
  const inside = (command: string): ChildProcess => {
    const [file = '', ...args] = ALONE_COMMAND;
    return spawn(file, [...args, '-c', command], { stdio: 'pipe', detached: true });
  };
  const way: Way = {
    host: name,
    spawn: inside as unknown as Spawn,
    env: process.env,
    loginShell: true,
    sudo: undefined,
  };
  return {
    name,
    roundTrips: 0,
    run: (script, streams) => runScript(way, script, streams),
    send: (source, target, progress) => sendFile(way, source, target, progress),
    async close() {},
  };
}

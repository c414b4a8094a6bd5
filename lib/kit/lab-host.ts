import { type ChildProcess, type SpawnOptions, spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Spawn } from '../transport/launch.ts';

/** What a command on a lab host has said. */
export interface Said {
  readonly code: number | null;
  readonly out: string;
}

/** A host to break: this machine's programs over files, accounts, processes and a network of its own. */
export interface LabHost {
  /** Starts a program there, as `child_process.spawn` does here. */
  readonly spawn: Spawn;
  /** Runs shell there, as root: to look at what a role has made, or to break it. */
  sh(script: string): Promise<Said>;
  /** Takes it away, with all that was made there. */
  close(): Promise<void>;
}

/** Milliseconds that it may take to come up. */
const BOOT_MS = 10_000;

/**
 * A throw-away host made of namespaces: `/etc` is a copy of this machine's, `/usr` is this machine's and read-only,
 * `/var`, `/srv`, `/home` and the like are empty; no service manager runs. As root it has all users, otherwise root
 * alone. Undefined where the machine has no such thing (no Linux, a container that allows no namespaces).
 *
 * @example
 * const host = await labHost();
 * it.skipIf(!host)('converges', async () => { … });
 */
export async function labHost(): Promise<LabHost | undefined> {
  if (process.platform !== 'linux') return undefined;
  const root = mkdtempSync(join(tmpdir(), 'quorate-lab-'));
  const asRoot = process.getuid?.() === 0;
  const spaces = ['--mount', '--net', '--uts', '--ipc', '--pid'];
  const user = asRoot ? [] : ['--user', '--map-root-user'];
  const holder = spawn(
    'unshare',
    [...user, ...spaces, '--fork', '--kill-child', 'sh', '-c', BOOT, 'boot', root, asRoot ? 'root' : 'user'],
    {
      stdio: ['pipe', 'pipe', 'ignore'],
    },
  );
  const pid = await readyPid(holder);
  if (pid === undefined) {
    await ended(holder);
    rmSync(root, { recursive: true, force: true });
    return undefined;
  }
  const enter = [
    '--target',
    pid,
    ...(asRoot ? [] : ['--user', '--preserve-credentials']),
    ...spaces,
    // Without a folder: that of the host's first process. One that is named is looked up here, and lies outside there.
    '--wd',
    '--',
  ];
  const inside: Spawn = spawnBehind(['nsenter', ...enter]);
  // What is meant for a host to break must not reach this machine, whatever the tools above do.
  if ((await shell(inside, `cat ${MARK}`)).out !== root) {
    await ended(holder);
    rmSync(root, { recursive: true, force: true });
    return undefined;
  }
  return {
    spawn: inside,
    sh: (script) => shell(inside, script),
    async close() {
      await ended(holder);
      rmSync(root, { recursive: true, force: true });
    },
  };
}

/** Holds the name of the folder that this host was made from: no other machine has it. */
const MARK = '/.quorate-lab';

/**
 * Makes the file system below $1, says its process to whoever is outside, and waits for the end of standard input. What
 * is this machine's is read-only. For root there is no host where that cannot be had; others (\`user\`) may not write
 * there anyway, and cannot take a part of a tree alone.
 */
const BOOT = `set -e
sealed() { mount -o remount,bind,ro "$1" 2>/dev/null || [ "$2" = user ]; }
if [ "$2" = root ]; then bind=--bind; else bind=--rbind; fi
mount --make-rprivate /
mount -t tmpfs -o mode=755 lab "$1"
cd "$1"
mkdir -p usr etc var/lib var/log var/cache var/tmp run tmp dev/shm dev/pts proc sys root home srv opt mnt
chmod 1777 tmp var/tmp dev/shm
for d in bin sbin lib lib32 lib64 libx32; do
  if [ -L "/$d" ]; then cp -P "/$d" "$d"; elif [ -d "/$d" ]; then mkdir "$d"; mount $bind "/$d" "$d"; sealed "$d" "$2"; fi
done
mount $bind /usr usr
sealed usr "$2"
cp -a /etc/. etc/ 2>/dev/null || :
for d in null zero full random urandom tty; do : >"dev/$d"; mount --bind "/dev/$d" "dev/$d"; done
ln -s /proc/self/fd dev/fd
ln -s fd/0 dev/stdin
ln -s fd/1 dev/stdout
ln -s fd/2 dev/stderr
while read -r q_key q_pid; do [ "$q_key" != Pid: ] || break; done </proc/self/status
printf %s "$1" >.quorate-lab
mount -t proc proc proc
mount --bind proc/sys proc/sys
sealed proc/sys "$2"
if mount --bind /sys sys 2>/dev/null; then sealed sys "$2"; fi
ip link set lo up 2>/dev/null || :
pivot_root . mnt
cd /
umount -l mnt
echo "ready $q_pid"
exec sh -c 'while read -r q_line; do :; done'`;

/** Its first process as it is numbered here: the host reads that from the /proc of this machine before it leaves it. */
function readyPid(holder: ChildProcess): Promise<string | undefined> {
  return new Promise((resolve) => {
    let said = '';
    const timer = setTimeout(() => resolve(undefined), BOOT_MS);
    const settle = (pid: string | undefined) => {
      clearTimeout(timer);
      resolve(pid);
    };
    holder.once('error', () => settle(undefined));
    holder.once('exit', () => settle(undefined));
    holder.stdout?.on('data', (chunk: Buffer) => {
      said += chunk;
      const [, pid] = /^ready (\d+)$/m.exec(said) ?? [];
      if (pid !== undefined) settle(pid);
    });
  });
}

/** Starts programs after the words of another one. A command line for a shell becomes words, or only its first would be. */
function spawnBehind([first = '', ...words]: readonly string[]): Spawn {
  const behind = (file: string, ...rest: readonly unknown[]) => {
    const args = rest.find((one): one is readonly string[] => Array.isArray(one)) ?? [];
    const given =
      rest.find((one): one is SpawnOptions => typeof one === 'object' && !Array.isArray(one)) ?? {};
    const { shell: asked, ...options } = given;
    const command = asked ? [asked === true ? '/bin/sh' : asked, '-c', file] : [file, ...args];
    return spawn(first, [...words, ...command], { ...options, env: ENVIRONMENT });
  };
  return behind as Spawn;
}

const ENVIRONMENT = {
  PATH: '/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin',
  HOME: '/root',
  LANG: 'C.UTF-8',
};

function ended(holder: ChildProcess): Promise<void> {
  if (holder.exitCode !== null || holder.signalCode !== null || holder.pid === undefined)
    return Promise.resolve();
  return new Promise((resolve) => {
    holder.once('exit', () => resolve());
    holder.stdin?.end();
    holder.kill('SIGKILL');
  });
}

function shell(spawnInside: Spawn, script: string): Promise<Said> {
  return new Promise((resolve, reject) => {
    const child = spawnInside('sh', ['-c', script], { stdio: ['ignore', 'pipe', 'inherit'] });
    let out = '';
    child.stdout?.on('data', (chunk: Buffer) => {
      out += chunk;
    });
    child.once('error', reject);
    child.once('close', (code) => resolve({ code, out }));
  });
}

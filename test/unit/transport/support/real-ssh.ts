import { spawnSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach } from 'vitest';
import { scratch } from '../../support/scratch.ts';

/** The lines that are compared: what decides to whom and how a connection is made. */
const COMPARED = [
  'hostname',
  'port',
  'user',
  'identityfile',
  'identitiesonly',
  'proxyjump',
  'proxycommand',
  'hostkeyalias',
  'userknownhostsfile',
  'globalknownhostsfile',
  'stricthostkeychecking',
  'identityagent',
];

/** Of lines in the form of `ssh -G`, those that are compared, sorted by key; lists keep their order. */
export function compared(lines: readonly string[]): Readonly<Record<string, readonly string[]>> {
  const byKey = COMPARED.map((key) => [key, lines.filter((line) => line.startsWith(`${key} `))] as const);
  return Object.fromEntries(
    byKey.flatMap(([key, found]) =>
      found.length > 0 ? [[key, found.map((line) => line.slice(key.length + 1).trimEnd())]] : [],
    ),
  );
}

/** Gives each test of a file a home of its own, as root's; where it is, is known once the test has begun. */
export function ownHome(): () => string {
  const { HOME, LOGNAME } = process.env;
  let home = '';
  beforeEach(() => {
    home = scratch();
    process.env.HOME = home;
    process.env.LOGNAME = 'root';
  });
  afterEach(() => {
    process.env.HOME = HOME;
    process.env.LOGNAME = LOGNAME;
  });
  return () => home;
}

/** OpenSSH's version, as in `9.2`; undefined where there is none. */
export function sshVersion(): string | undefined {
  const { stderr, error } = spawnSync('ssh', ['-V'], { encoding: 'utf8' });
  return error ? undefined : /OpenSSH_(\d+\.\d+)/.exec(stderr)?.[1];
}

/**
 * What `ssh -G` says; undefined where it refuses the files. `args` go before the host. Only the passwd database can tell
 * ssh of a home: one of our own is laid over it, in a mount namespace; impossible where that is not allowed.
 */
export function askSshAtHome(
  host: string,
  args: readonly string[],
  home: string,
): readonly string[] | undefined | 'impossible' {
  const passwd = join(home, 'passwd');
  const lines = readFileSync('/etc/passwd', 'utf8').replace(/^root:.*$/m, `root:x:0:0:root:${home}:/bin/sh`);
  writeFileSync(passwd, lines, { mode: 0o644 });
  const script = 'mount --bind "$1" /etc/passwd || exit 99; shift; exec ssh -G "$@"';
  const result = spawnSync('unshare', ['-m', 'sh', '-c', script, 'sh', passwd, ...args, host], {
    encoding: 'utf8',
    env: envOf(home),
  });
  if (result.error || result.status === 99 || /unshare:/.test(result.stderr)) return 'impossible';
  return result.status === 0 ? result.stdout.split('\n') : undefined;
}

function envOf(home: string): NodeJS.ProcessEnv {
  return { PATH: process.env.PATH, HOME: home, LOGNAME: 'root', USER: 'root' };
}

/** Files below ~/.ssh of a home; absolute paths as they are. */
export function writeFiles(home: string, files: Readonly<Record<string, string>>): void {
  mkdirSync(join(home, '.ssh'), { recursive: true, mode: 0o700 });
  for (const [name, text] of Object.entries(files)) {
    const path = name.startsWith('/') ? name : join(home, '.ssh', name);
    mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
    writeFileSync(path, text, { mode: 0o600 });
  }
}

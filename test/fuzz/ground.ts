import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';

/** Where hostile values are let loose: a directory of its own, and the shells of this machine. */
export interface Ground {
  readonly dir: string;
  /** A file that nothing but an attack makes. */
  readonly canary: string;
  readonly shells: readonly (readonly string[])[];
}

/** How many cases were taken literally, and how many refused. */
export interface Tally {
  literal: number;
  refused: number;
}

/** One sort of case. It throws at the first that is neither taken literally nor refused. */
export interface Kind {
  readonly name: string;
  /** Of a hundred cases, so many are of this kind. */
  readonly share: number;
  /** So many cases take about a second. */
  readonly quick: number;
  run(cases: number, seed: number, ground: Ground): Promise<Tally>;
}

/** The shells that hosts have for /bin/sh, those of them that this machine has. */
const SHELLS = [['dash'], ['bash'], ['busybox', 'sh']].flatMap(([name = '', ...args]) => {
  const folders = [...(process.env.PATH ?? '').split(delimiter), '/bin'];
  const found = folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
  return found === undefined ? [] : [[found, ...args]];
});

/** Makes the ground; take it away with `leave`. */
export function enterGround(): Ground {
  const dir = mkdtempSync(join(tmpdir(), 'quorate-fuzz-'));
  return { dir, canary: join(dir, 'canary'), shells: SHELLS.length > 0 ? SHELLS : [['/bin/sh']] };
}

export function leaveGround({ dir }: Ground): void {
  rmSync(dir, { recursive: true, force: true });
}

/** Throws when an attack got through; `what` says between which cases. */
export function checkCanary({ canary }: Ground, what: string): void {
  if (existsSync(canary)) throw new Error(`${what}: something was run: ${canary} is there`);
}

/** A directory below the ground's. */
export function place(ground: Ground, name: string): string {
  const path = join(ground.dir, name);
  mkdirSync(path, { recursive: true });
  return path;
}

/** The sizes of the batches that so many cases make. */
export function batches(cases: number, size: number): readonly number[] {
  return Array.from({ length: Math.ceil(cases / size) }, (_, i) => Math.min(size, cases - i * size));
}

/** Runs a script from standard input by a shell in a scratch directory; gives the bytes that it printed. */
export function runShell(
  ground: Ground,
  shell: readonly string[],
  script: string,
  env: Readonly<Record<string, string>> = {},
): Promise<Buffer> {
  const [file = '/bin/sh', ...args] = shell;
  const child = spawn(file, args, { cwd: place(ground, 'cwd'), env: { PATH: '/usr/bin:/bin', ...env } });
  const out: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => out.push(chunk));
  child.stderr.resume();
  child.stdin.on('error', () => {});
  child.stdin.end(script);
  return new Promise((resolve, reject) => {
    child.once('error', reject);
    child.once('close', () => resolve(Buffer.concat(out)));
  });
}

/** Splits what was printed with a NUL after each item. */
export function items(bytes: Buffer): readonly string[] {
  const parts = bytes.toString('latin1').split('\0').slice(0, -1);
  return parts.map((part) => Buffer.from(part, 'latin1').toString('utf8'));
}

/** As UTF-8 has it: half a character becomes the sign for one that is missing. */
export function asUtf8(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

export function show(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > 400 ? `${text.slice(0, 400)}… (${text.length} characters)` : text;
}

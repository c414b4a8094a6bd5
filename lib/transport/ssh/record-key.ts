import { appendFile, mkdir, readFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { keyTypeOf } from './known-hosts.ts';

let last: Promise<unknown> = Promise.resolve();

/** Appends a host key to a known_hosts file (0600 when new), one at a time and never twice. */
export function recordKey(file: string, name: string, key: Buffer): Promise<void> {
  const recorded = last.then(() => append(file, `${name} ${keyTypeOf(key)} ${key.toString('base64')}`));
  last = recorded.catch(() => {});
  return recorded;
}

async function append(file: string, line: string): Promise<void> {
  await mkdir(dirname(file), { recursive: true, mode: 0o700 });
  const text = await readFile(file, 'utf8').catch(() => '');
  if (text.split('\n').includes(line)) return;
  // A last line without its newline must not swallow ours.
  const gap = text === '' || text.endsWith('\n') ? '' : '\n';
  await appendFile(file, `${gap}${line}\n`, { mode: 0o600 });
}

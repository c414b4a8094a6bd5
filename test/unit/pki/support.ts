import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { openPki, type Pki, type PkiOptions } from '../../../lib/pki/index.ts';

export const SANS = ['10.0.52.14', 'etcd01', 'localhost', '127.0.0.1'];
export const ADDRESSES = ['10.0.52.14', '10.0.52.13', '10.0.52.6'];

/** A cluster's certificates in `dir`, as the inventory's defaults have them. */
export function open(dir: string, changed: Partial<PkiOptions> = {}): Promise<Pki> {
  return openPki(options(dir, changed));
}

/** What `open` opens. */
export function options(dir: string, changed: Partial<PkiOptions> = {}): PkiOptions {
  return {
    dir,
    cluster: 'test',
    caName: 'test etcd CA',
    keyType: 'ecdsa-256',
    caExpiry: '87600h',
    certExpiry: '87600h',
    renewBefore: '720h',
    addresses: ADDRESSES,
    ...changed,
  };
}

/** A tool's output; throws what it printed when it fails. */
export function tool(command: string, args: readonly string[], input = ''): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { input, encoding: 'utf8' });
  if (error) throw error;
  if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${stderr}`);
  return stdout;
}

/** Why tests that need these tools cannot run; undefined when they can. In CI they must. */
export function missingTools(
  ...tools: readonly (readonly [name: string, ...args: string[]])[]
): string | undefined {
  const missing = tools.filter(([name, ...args]) => spawnSync(name, args).error !== undefined);
  if (missing.length === 0) return undefined;
  const reason = `needs ${missing.map(([name]) => name).join(' and ')} (apt-get install golang-cfssl openssl)`;
  if (process.env.CI) throw new Error(reason);
  return reason;
}

/** A certificate's extensions as openssl shows them, in order; key identifiers by their length only. */
export function extensions(dir: string, file: string): readonly string[] {
  const text = tool('openssl', ['x509', '-in', join(dir, file), '-noout', '-text']);
  const [, after = ''] = text.split(/X509v3 extensions:\n/);
  const [block = ''] = after.split(/\n {4}Signature Algorithm/);
  return block
    .split(/\n? {12}(?=\S)/)
    .map((part) => part.replace(/\s+/g, ' ').replace('keyid:', '').trim())
    .filter((part) => part !== '')
    .map((part) => part.replace(/^(?:[0-9A-F]{2}:){19}[0-9A-F]{2}$/, '(20 bytes)'));
}

/** A file of the folder. */
export function read(dir: string, name: string): string {
  return readFileSync(join(dir, name), 'utf8');
}

/** Everything in the folder, by name. */
export function walk(dir: string): readonly string[] {
  return readdirSync(dir, { recursive: true, encoding: 'utf8' }).sort();
}

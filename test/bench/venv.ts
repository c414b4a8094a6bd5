import { existsSync, readdirSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { must, run } from '../lab/support/host/process.ts';
import { cacheDir } from '../lab/support/paths.ts';

/** The newest of each at the time it is installed; `ansible` brings ansible-core, and collections for it. */
const PEERS = ['ansible', 'mitogen', 'pyinfra'];
const FOLDER = join(cacheDir(), 'bench', 'peers');

/** A program of the peers; there once `makeVenv` has run. */
export function peerProgram(name: string): string {
  return join(FOLDER, 'bin', name);
}

/** Where Mitogen keeps its strategies for Ansible. */
export function mitogenStrategies(): string {
  const [python = ''] = readdirSync(join(FOLDER, 'lib'));
  return join(FOLDER, 'lib', python, 'site-packages/ansible_mitogen/plugins/strategy');
}

/** `ansible-core 2.21.5`: what is installed, by package. */
export async function peerVersions(): Promise<Readonly<Record<string, string>>> {
  const list = await must(peerProgram('pip'), ['list', '--format', 'json', '--disable-pip-version-check']);
  const found = JSON.parse(list) as readonly { readonly name: string; readonly version: string }[];
  const names = ['ansible-core', 'mitogen', 'pyinfra'];
  return Object.fromEntries(
    found.filter(({ name }) => names.includes(name)).map(({ name, version }) => [name, version]),
  );
}

/** Installs the peers from PyPI, once. Remove the folder to have newer ones. */
export async function makeVenv(log: (line: string) => void): Promise<void> {
  if (existsSync(join(FOLDER, 'made'))) return;
  const python = await newPython();
  log(`installing ${PEERS.join(', ')} into ${FOLDER}`);
  await rm(FOLDER, { recursive: true, force: true });
  await must(python, ['-m', 'venv', FOLDER]);
  await must(peerProgram('pip'), ['install', '--quiet', '--disable-pip-version-check', ...PEERS]);
  await must('touch', [join(FOLDER, 'made')]);
}

/** Newer ansible-core wants 3.12 or later. */
async function newPython(): Promise<string> {
  const versions = join(homedir(), '.pyenv/versions');
  const candidates = [
    ...['python3.14', 'python3.13', 'python3.12'],
    ...(existsSync(versions) ? readdirSync(versions) : [])
      .filter((name) => /^3\.1[2-9]\./.test(name))
      .map((name) => join(versions, name, 'bin/python3')),
    'python3',
  ];
  for (const python of candidates) {
    const ask = ['-c', 'import sys, venv; sys.exit(sys.version_info < (3, 12))'];
    const { code } = await run(python, ask).catch(() => ({ code: 1 }));
    if (code === 0) return python;
  }
  throw new Error('The bench needs Python 3.12 or later, with venv');
}

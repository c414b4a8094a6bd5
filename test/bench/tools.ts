import { existsSync } from 'node:fs';
import { cpus, release, totalmem } from 'node:os';
import { must, run } from '../lab/support/host/process.ts';
import { node } from '../lab/support/nodes.ts';
import { makeVenv, peerVersions } from './venv.ts';

/** Program and the Debian package that has it. */
const TOOLS = {
  '/usr/bin/ssh': 'openssh-client',
  '/usr/bin/openssl': 'openssl',
  '/usr/bin/curl': 'curl',
  '/usr/bin/time': 'time',
} as const;

/** Installs what the peers need, on Debian and from PyPI; throws naming what is missing elsewhere. */
export async function installTools(log: (line: string) => void): Promise<void> {
  await installPackages(log);
  await makeVenv(log);
}

async function installPackages(log: (line: string) => void): Promise<void> {
  const missing = Object.entries(TOOLS)
    .filter(([path]) => !existsSync(path))
    .map(([, name]) => name);
  if (missing.length === 0) return;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) {
    throw new Error(`The bench needs ${missing.join(', ')}: install them, or run as root on Debian`);
  }
  log(`installing ${missing.join(', ')}`);
  await must('apt-get', ['install', '-y', '--no-install-recommends', ...missing], {
    env: { DEBIAN_FRONTEND: 'noninteractive' },
  });
}

/** What the figures hold for. */
export async function machine(): Promise<Readonly<Record<string, string | number>>> {
  const first = async (command: string, ...args: string[]) => {
    const { stdout, stderr } = await run(command, args, { timeoutMs: 20_000 });
    return `${stdout}${stderr}`.trim().split('\n')[0] ?? '';
  };
  return {
    cpu: cpus()[0]?.model ?? '',
    cores: cpus().length,
    memoryGb: Math.round(totalmem() / 2 ** 30),
    kernel: release(),
    node: process.version,
    node24: await first(node(24), '--version'),
    ...(await peerVersions()),
    openssh: await first('ssh', '-V'),
    commit: await first('git', 'rev-parse', '--short', 'HEAD'),
  };
}

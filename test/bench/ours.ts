import { join } from 'node:path';
import type { Outcome } from '../lab/support/host/process.ts';
import { compileCache, node } from '../lab/support/nodes.ts';
import { CHECKOUT } from '../lab/support/paths.ts';
import type { Job } from './options.ts';
import { OWN, OWN_PLAYBOOK, QUORATE } from './packaged.ts';
import type { Command, Told, Way } from './peer.ts';

const SITE = join(CHECKOUT, 'playbooks/site.ts');
const PLAIN = join(CHECKOUT, 'test/bench/plain/plain.ts');

/** This project, in the ways to start it: from source, and as the package that is installed. */
export function ourWays(job: Job): readonly Way[] {
  const file = job === 'etcd' ? SITE : PLAIN;
  const command = job === 'etcd' ? ['site'] : ['run', OWN_PLAYBOOK];
  const installed = (node: string) => (args: readonly string[]) => ({
    command: node,
    args: [QUORATE, ...command, ...args],
    cwd: OWN,
  });
  const way = (title: string, start: (args: readonly string[]) => Command): Way => ({
    title,
    peer: 'ours',
    lab: job === 'etcd' ? 'ours' : 'plain',
    job: (stage) =>
      start(['-i', stage.inventoryFile, '-f', String(stage.lab.hosts.length), '--output', 'json']),
    empty: () => start(['--version']),
    judge,
  });
  return [
    way('npx tsx', (args) => ({ command: 'npx', args: ['tsx', file, ...args] })),
    way('node --import tsx', (args) => ({
      command: process.execPath,
      args: ['--import', 'tsx', file, ...args],
    })),
    // Another Node than tsx would look for `quorate` among the installed packages.
    ...(job === 'etcd'
      ? [
          way('node 24, compile cache', (args) => ({
            command: node(24),
            args: ['--disable-warning=ExperimentalWarning', file, ...args],
            env: { NODE_COMPILE_CACHE: compileCache() },
          })),
        ]
      : []),
    way('compiled, node 20', installed(process.execPath)),
    way('compiled, node 24', installed(node(24))),
  ];
}

interface Event {
  readonly event: string;
  readonly time: string;
  readonly role?: string;
  readonly host?: string;
  readonly task?: string;
  readonly hosts?: Readonly<Record<string, { readonly changed: number; readonly roundTrips: number }>>;
}

function judge({ code, stdout, stderr }: Outcome): Told {
  if (code !== 0) throw new Error(`exit code ${code}\n${stderr.slice(-2000)}\n${stdout.slice(-2000)}`);
  const events = stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Event);
  const hosts = Object.values(events.find(({ event }) => event === 'recap')?.hosts ?? {});
  return {
    changed: hosts.reduce((sum, { changed }) => sum + changed, 0),
    roundTrips: Math.max(...hosts.map(({ roundTrips }) => roundTrips)),
    extraMs: canaryMs(events),
  };
}

/** The canary is the last step: from the moment that the cluster is known to be healthy to its own line. */
function canaryMs(events: readonly Event[]): number {
  const at = (title: string) => {
    const found = events.filter(({ role, task }) => role === 'verify' && task === title);
    return found.length > 0 ? Date.parse(found.at(-1)!.time) : undefined;
  };
  const healthy = at('the cluster is healthy');
  const works = at('put, get, watch, lease and compare-and-swap work');
  return healthy === undefined || works === undefined ? 0 : works - healthy;
}

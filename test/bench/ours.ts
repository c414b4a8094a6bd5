import { join } from 'node:path';
import { CHECKOUT } from '../lab/support/paths.ts';
import type { Outcome } from '../lab/support/process.ts';
import { compileCache, node24 } from './node24.ts';
import type { Command, Told, Way } from './peer.ts';
import type { Stage } from './stage.ts';

const SITE = join(CHECKOUT, 'playbooks/site.ts');

/** This project, in the three ways to start it. */
export function ourWays(): readonly Way[] {
  return [
    way('npx tsx', (args) => ({ command: 'npx', args: ['tsx', SITE, ...args] })),
    way('node --import tsx', (args) => ({
      command: process.execPath,
      args: ['--import', 'tsx', SITE, ...args],
    })),
    way('node 24, compile cache', (args) => ({
      command: node24(),
      args: ['--disable-warning=ExperimentalWarning', SITE, ...args],
      env: { NODE_COMPILE_CACHE: compileCache() },
    })),
  ];
}

function way(title: string, start: (args: readonly string[]) => Command): Way {
  return {
    title,
    peer: 'ours',
    lab: 'ours',
    job: (stage: Stage) => start(['-i', stage.inventoryFile, '--output', 'json']),
    empty: () => start(['--version']),
    judge,
  };
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

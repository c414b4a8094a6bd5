import { once } from 'node:events';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { program } from '../../program.ts';
import type { ClientReport } from './clientProcess.ts';
import type { Lab } from './lab.ts';
import { isWhole, type Long } from './long.ts';
import { CHECKOUT } from './paths.ts';

export type { ClientReport } from './clientProcess.ts';

/** A client of a lab's cluster that is at work. */
export interface Client {
  /** Settles with the first acknowledged write; rejects when the client ends without one. */
  readonly working: Promise<void>;
  /** The longest time without an acknowledged write since it was asked last, or since the first one, in ms. */
  lap(): Promise<number>;
  /** Has it look for every write that was acknowledged; the cluster must answer before that. */
  stop(): Promise<ClientReport>;
}

export interface ClientOptions {
  /** The bundle that it goes by, in place of control's own pair; then it also connects anew for each write and read. */
  readonly bundle?: string;
}

/**
 * Starts a client on control that writes and reads without a break, over the network and with the client
 * certificate that runs leave there. It may be started before there is a cluster.
 */
export function startClient(lab: Lab, { bundle }: ClientOptions = {}): Client {
  const pki = join(dirname(lab.inventoryFile), '.quorate/inventory/pki');
  const shows = bundle === undefined ? [pki, 'client'] : [join(pki, 'clients', bundle), bundle, 'reconnects'];
  const endpoints = lab.hosts.map(({ address }) => `https://${address}:2379`);
  const child = lab.spawn(
    'node',
    [program('test/lab/support/clientProcess.ts'), shows.join(':'), ...endpoints],
    {
      cwd: CHECKOUT,
    },
  );
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said += chunk;
  });
  const report = new Promise<ClientReport>((resolve, reject) => {
    lines.on('line', (line) => {
      if (line.startsWith('{')) resolve(JSON.parse(line));
    });
    child.once('close', () => reject(new Error(`the client ended without a report: ${said.slice(-1000)}`)));
  });
  const working = new Promise<void>((resolve, reject) => {
    lines.on('line', () => resolve());
    report.catch(reject);
  });
  // Whoever does not wait for the first write still gets the report.
  working.catch(() => {});
  report.catch(() => {});
  return {
    working,
    lap: () =>
      new Promise((resolve, reject) => {
        lines.once('line', (line) => resolve(Number(line)));
        report.catch(reject);
        child.stdin?.write('lap\n');
      }),
    async stop() {
      const ended = child.exitCode === null && child.signalCode === null ? once(child, 'close') : undefined;
      child.stdin?.end();
      const found = await report;
      await ended;
      return found;
    },
  };
}

/** What must never be seen by a client, in words; nothing when all is well. */
export function clientProblems({
  lost,
  stale,
  verified,
  acknowledged,
  refused,
}: ClientReport): readonly string[] {
  return [
    ...refused.map((one) => `a handshake was refused: ${one}`),
    ...(lost.length > 0
      ? [`${lost.length} acknowledged writes are gone: ${lost.slice(0, 5).join(' ')}`]
      : []),
    ...(stale > 0 ? [`${stale} reads did not see a write acknowledged before`] : []),
    ...(verified || acknowledged === 0 ? [] : ['the cluster did not let the client read its writes back']),
  ];
}

/**
 * How long a client may be without an acknowledged write while members come, go and restart as planned, in ms. The promise
 * is one second, and the long commands, which have the machine to themselves, hold it. Where several labs share two cores
 * a member can be kept from its disk for longer than an election takes: no run of ours causes that, or could prevent it.
 */
export function gapLimit(what: Long): number {
  return isWhole(what) ? 1000 : 5000;
}

/** `412 writes acknowledged, longest gap between two 93 ms (reads: 71 ms), 2 requests failed, 0 handshakes refused`. */
export function describeClient(report: ClientReport): string {
  const { acknowledged, writeGapMs, readGapMs, failed, refused } = report;
  return `${acknowledged} writes acknowledged, longest gap between two ${writeGapMs} ms (reads: ${readGapMs} ms), ${failed} requests failed, ${refused.length} handshakes refused`;
}

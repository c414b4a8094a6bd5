import type { ChildProcess } from 'node:child_process';
import { plantLeaf } from '../support/cases/leaf.ts';
import { sleep, waitFor } from '../support/host/process.ts';
import type { Lab } from '../support/lab.ts';
import type { Trouble } from './story.ts';

/** How a trouble acts on a lab. */
export interface Blow {
  /** Before the run begins. */
  before?(): Promise<unknown>;
  /** So far into the run, from 0 to 1. */
  readonly after?: number;
  /** Then. */
  strike?(run: ChildProcess): Promise<unknown> | unknown;
  /** Once the run has ended. */
  heal?(): Promise<unknown>;
  /** What the run may end with; null where a signal may end it. */
  readonly codes: readonly (number | null)[];
}

const STATE = '/var/lib/quorate';
/** How long a cable is out while the run goes on, in ms. */
const OUT = 4000;
/** Done all the same, failed, refused by a gate, out of reach, unhealthy. */
const WITHOUT_A_HOST = [0, 2, 3, 4, 7];

/** What a trouble does, and what a run may say of it. */
export function blowOf(trouble: Trouble, lab: Lab): Blow {
  switch (trouble.name) {
    case 'none':
      return { codes: [0] };
    case 'kill':
      return { after: trouble.after, strike: (run) => run.kill('SIGKILL'), codes: [0, null] };
    case 'term':
      // At its very start nothing has begun, and the signal ends it at once.
      return { after: trouble.after, strike: (run) => run.kill('SIGTERM'), codes: [0, 143, null] };
    case 'power':
      return {
        after: trouble.after,
        strike: () => lab.kill(trouble.host),
        heal: () => boot(lab, trouble.host),
        codes: WITHOUT_A_HOST,
      };
    case 'cable':
      return {
        after: trouble.after,
        strike: async () => {
          await lab.unplug(trouble.host);
          await sleep(OUT);
          await lab.plug(trouble.host);
        },
        codes: WITHOUT_A_HOST,
      };
    case 'half-deaf':
      return {
        after: trouble.after,
        strike: () =>
          lab.cut(
            ...lab.hosts
              .filter(({ name }) => name !== trouble.host)
              .map(({ name }) => ({ from: name, to: trouble.host, port: 2380 })),
          ),
        heal: () => lab.cut(),
        codes: WITHOUT_A_HOST,
      };
    case 'full':
      return {
        before: () => lab.ssh(trouble.host, FULL),
        heal: () => lab.ssh(trouble.host, EMPTIED),
        codes: [0, 2, 3],
      };
    case 'expired':
      return {
        before: () => plantLeaf(lab, trouble.host, 'peer', { from: -9, until: -2 }),
        codes: [0, 3, 7],
      };
  }
}

/** A file system of its own under the records, with them and nothing more in it. */
const FULL = `set -e; rm -rf /run/records; cp -a ${STATE} /run/records; mount -t tmpfs -o size=256k none ${STATE}; cp -a /run/records/. ${STATE}/
cat /dev/zero >${STATE}/ballast 2>/dev/null || :`;

/** What was written there stays. */
const EMPTIED = `rm -f ${STATE}/ballast; rm -rf /run/records; cp -a ${STATE} /run/records; umount -l ${STATE} && cp -a /run/records/. ${STATE}/`;

async function boot(lab: Lab, host: string): Promise<void> {
  await lab.boot(host);
  await waitFor(`${host} lets in`, 20_000, async () =>
    (await lab.ssh(host, ':')).code === 0 ? true : undefined,
  );
}

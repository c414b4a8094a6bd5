import type { ChildProcess } from 'node:child_process';
import { plantLeaf } from '../support/cases/leaf.ts';
import { sleep, waitFor } from '../support/host/process.ts';
import type { CutEnds, Lab } from '../support/lab.ts';
import { onHosts } from '../support/onHosts.ts';
import { runPlaybook } from '../support/playbook.ts';
import type { Trouble } from './story.ts';

/** How a trouble acts on a lab. */
export interface Blow {
  /** Before the run begins. */
  before?(): Promise<unknown>;
  /** So far into the run, from 0 to 1. */
  readonly after?: number;
  /** Then; it rejects with what is wrong. */
  strike?(run: ChildProcess): Promise<unknown> | unknown;
  /** Once the run has ended. */
  heal?(): Promise<unknown>;
  /** What the run may end with; null where a signal may end it. */
  readonly codes: readonly (number | null)[];
}

/** Ports of members among themselves: the usual one, and that of a member that was moved. */
export const PEER_PORTS = [2380, 2390] as const;

/** How long a cable is out while the run goes on, in ms. */
const OUT = 4000;
/** How long members are apart, in ms: a leader is elected meanwhile. */
const APART = 6000;
/** Done all the same, failed, refused by a gate, out of reach, unhealthy. */
const WITHOUT_A_HOST = [0, 2, 3, 4, 7];
/** The same, where this machine reaches everybody. */
const ALL_REACHED = [0, 2, 3, 7];

/** What a trouble does, and what a run may say of it. */
export function blowOf(trouble: Trouble, lab: Lab): Blow {
  const { on } = onHosts(() => lab);
  switch (trouble.name) {
    case 'none':
      return { codes: [0] };
    case 'kill':
      return { after: trouble.after, strike: (run) => run.kill('SIGKILL'), codes: [0, null] };
    case 'term':
      // At its very start nothing has begun, and the signal ends it at once.
      return { after: trouble.after, strike: (run) => run.kill('SIGTERM'), codes: [0, 143, null] };
    case 'asked':
      return {
        after: trouble.after,
        strike: () => Promise.all(['status', 'doctor'].map((playbook) => look(lab, playbook))),
        codes: [0],
      };
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
            ...others(lab, [trouble.host]).flatMap((from) =>
              PEER_PORTS.map((port) => ({ from, to: trouble.host, port })),
            ),
          ),
        heal: () => lab.cut(),
        codes: WITHOUT_A_HOST,
      };
    case 'split':
      return {
        after: trouble.after,
        strike: async () => {
          await lab.cut(...between(trouble.apart, others(lab, trouble.apart)));
          await sleep(APART);
          await lab.cut();
        },
        codes: ALL_REACHED,
      };
    case 'full':
      return {
        before: () => on(trouble.host, FULL),
        heal: () => on(trouble.host, EMPTIED),
        codes: [0, 2, 3],
      };
    case 'no-room':
      return {
        before: () => on(trouble.host, NO_ROOM),
        heal: () => on(trouble.host, ROOM),
        codes: ALL_REACHED,
      };
    case 'expired':
      return {
        before: () => plantLeaf(lab, trouble.host, 'peer', { from: -9, until: -2 }),
        codes: [0, 3, 7],
      };
  }
}

const others = (lab: Lab, than: readonly string[]) =>
  lab.hosts.map(({ name }) => name).filter((name) => !than.includes(name));

/** All links from the ones to the others, both ways. */
function between(ones: readonly string[], others: readonly string[]): readonly CutEnds[] {
  const pairs = ones.flatMap((one) => others.map((other) => [one, other] as const));
  return pairs.flatMap(([from, to]) => [
    { from, to },
    { from: to, to: from },
  ]);
}

/** Whoever only looks may find the cluster unhealthy or half done; no lock keeps him off, and no bug of ours. */
async function look(lab: Lab, playbook: string): Promise<void> {
  const { code, errors } = await runPlaybook(lab, [], { playbook });
  if (ALL_REACHED.includes(code)) return;
  throw new Error(`${playbook} ended with ${code}: ${errors.map(({ message }) => message).join('; ')}`);
}

const STATE = '/var/lib/quorate';
/** A file system of its own under the records, with them and nothing more in it. */
const FULL = `rm -rf /run/records; cp -a ${STATE} /run/records; mount -t tmpfs -o size=256k none ${STATE}; cp -a /run/records/. ${STATE}/
cat /dev/zero >${STATE}/ballast 2>/dev/null || :`;

/** What was written there stays. */
const EMPTIED = `rm -f ${STATE}/ballast; rm -rf /run/records; cp -a ${STATE} /run/records; umount -l ${STATE} && cp -a /run/records/. ${STATE}/`;

const DATA = '/var/lib/etcd/default.etcd';
/** The same under the data, which takes the member out of the cluster for a moment. */
const NO_ROOM = `rm -rf ${DATA}.own; systemctl stop etcd; cp -a ${DATA} ${DATA}.own
mount -t tmpfs -o "size=$(($(du -sm --apparent-size ${DATA} | cut -f1) + 8))m,mode=700,uid=$(id -u etcd),gid=$(id -g etcd)" none ${DATA}
cp -a ${DATA}.own/. ${DATA}/; rm -rf ${DATA}.own; systemctl start etcd; cat /dev/zero >${DATA}/ballast 2>/dev/null || :`;

/** What is there stays; who runs goes on running, and who does not is not started. */
const ROOM = `rm -f ${DATA}/ballast; mountpoint -q ${DATA} || exit 0; ran=$(systemctl is-active etcd || :); systemctl stop etcd
rm -rf ${DATA}.own; cp -a ${DATA} ${DATA}.own; umount ${DATA}; find ${DATA} -mindepth 1 -delete; cp -a ${DATA}.own/. ${DATA}/; rm -rf ${DATA}.own
systemctl reset-failed etcd 2>/dev/null || :; [ "$ran" != active ] || systemctl start etcd`;

async function boot(lab: Lab, host: string): Promise<void> {
  await lab.boot(host);
  await waitFor(`${host} lets in`, 20_000, async () =>
    (await lab.ssh(host, ':')).code === 0 ? true : undefined,
  );
}

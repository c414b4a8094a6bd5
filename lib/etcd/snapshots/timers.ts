import { setTimeout as sleep } from 'node:timers/promises';
import type { PlayRun } from '../../dsl/play.ts';
import { sh } from '../../dsl/shell/sh.ts';
import type { QuorateError } from '../../errors.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { memberOf } from '../model/cluster.ts';
import { backupTimer } from '../model/paths.ts';
import { refusal, refuse } from '../refusal.ts';
import type { EtcdHost } from '../surveyed.ts';

/** How often a host is asked again, in ms. */
const AGAIN = 1000;

/** How long a snapshot is waited for, in minutes: systemd ends none, and one may hang with its disk. */
const PATIENCE = 10;

/**
 * Waits for the snapshots that timers of these hosts are taking: a member that is stopped meanwhile would fail them. Under
 * the run lock of a host its timer begins none. Throws exit code 3 for those that are not done within ten minutes.
 */
export async function untilTimersRest(run: PlayRun<EtcdFacts>, hosts: readonly EtcdHost[]): Promise<void> {
  const timed = hosts.filter(({ target }) => target.facts.backupTimer);
  const late: QuorateError[] = [];
  await run.each(timed, async (host) => {
    if (!(await isTaking(host))) return;
    const { name } = host.target;
    const end = `systemctl stop ${unitOf(host)}`;
    run.log(
      'info',
      `${name}: waiting up to ${PATIENCE} minutes for the snapshot that its timer is taking; ends it there: ${end}`,
    );
    const until = performance.now() + PATIENCE * 60_000;
    do {
      if (performance.now() >= until) {
        late.push(tooLate(name, end));
        return;
      }
      await sleep(AGAIN);
    } while (!run.stopping() && (await isTaking(host)));
  });
  refuse(late);
}

function tooLate(host: string, end: string): QuorateError {
  return refusal(
    { host },
    `its timer has been taking a snapshot for more than ${PATIENCE} minutes: nothing that waits for it was begun`,
    `run again once it is done; where it hangs, end it on that host: ${end}`,
  );
}

/** systemd says so of a service that runs once and has not ended yet. */
async function isTaking(host: EtcdHost): Promise<boolean> {
  const { out } = await host.read('asking what its timer does', sh`systemctl is-active ${unitOf(host)} || :`);
  return out.trim() === 'activating';
}

function unitOf(host: EtcdHost): string {
  return `${backupTimer(memberOf(host.target))}.service`;
}

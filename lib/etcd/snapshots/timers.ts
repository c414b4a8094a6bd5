import { setTimeout as sleep } from 'node:timers/promises';
import type { PlayRun } from '../../dsl/play.ts';
import { sh } from '../../dsl/sh.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { memberOf } from '../model/cluster.ts';
import { backupTimer } from '../model/paths.ts';
import type { EtcdHost } from '../surveyed.ts';

/** How often a host is asked again, in ms. */
const AGAIN = 1000;

/**
 * Waits for the snapshots that timers of these hosts are taking: a member that is stopped meanwhile would fail them. Under
 * the run lock of a host its timer begins none.
 */
export async function untilTimersRest(run: PlayRun<EtcdFacts>, hosts: readonly EtcdHost[]): Promise<void> {
  const timed = hosts.filter(({ target }) => target.facts.backupTimer);
  await run.each(timed, async (host) => {
    if (!(await isTaking(host))) return;
    run.log('info', `${host.target.name}: waiting for the snapshot that its timer is taking`);
    do await sleep(AGAIN);
    while (!run.stopping() && (await isTaking(host)));
  });
}

/** systemd says so of a service that runs once and has not ended yet. */
async function isTaking(host: EtcdHost): Promise<boolean> {
  const unit = `${backupTimer(memberOf(host.target))}.service`;
  const { out } = await host.read('asking what its timer does', sh`systemctl is-active ${unit} || :`);
  return out.trim() === 'activating';
}

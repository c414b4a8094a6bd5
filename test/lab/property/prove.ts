import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { EXIT } from '../../../lib/errors.ts';
import { sleep } from '../support/host/process.ts';
import { interrupt } from '../support/interrupt.ts';
import type { Lab } from '../support/lab.ts';
import { changeSet, type Outcome, runPlaybook } from '../support/playbook.ts';
import type { Case } from './cases.ts';
import { broken, surprises } from './compare.ts';
import { layoutOf, type Settings } from './settings.ts';
import { differences, restartedTogether, type Snapshot, snapshots } from './snapshot.ts';

/** How a case went. */
export interface Verdict {
  /** Empty when the check was the truth. */
  readonly problems: readonly string[];
  readonly how: 'ran' | 'partly' | 'refused' | 'gate' | 'failed';
  readonly changes: number;
  /** Settings of the cluster afterwards; undefined when the hosts must be made anew. */
  readonly current: Settings | undefined;
}

/** A case with its verdict; one that cannot be brought about is wrong, too. */
export async function tryCase(lab: Lab, one: Case, current: Settings | undefined): Promise<Verdict> {
  try {
    await prepare(lab, one, current);
    return await prove(lab, one);
  } catch (error) {
    const said = error instanceof Error ? error.message : String(error);
    return { how: 'failed', changes: 0, problems: [said], current: undefined };
  }
}

/** A guard of the firewall that the killed run has left is taken back by the host: only then it stands still. */
const GUARD_DECIDED = `sleep 1; n=0
while ls /var/lib/quorate/*/guard/pid >/dev/null 2>&1 && [ $n -lt 100 ]; do n=$((n + 1)); sleep 0.2; done`;

/** Brings hosts into the state of a case. */
async function prepare(lab: Lab, one: Case, current: Settings | undefined): Promise<void> {
  const { start, from, killedAfter = 0, damages } = one;
  const goesOn =
    start === 'live' && current !== undefined && JSON.stringify(current) === JSON.stringify(from);
  if (!goesOn) {
    await lab.reset();
    await rm(join(lab.stateDir, '.quorate'), { recursive: true, force: true });
    if (start === 'half') {
      await interrupt(lab, killedAfter, 'SIGKILL', { args: args(from) });
      await Promise.all(lab.hosts.map(({ name }) => lab.ssh(name, GUARD_DECIDED)));
    }
    if (start === 'live') {
      const run = await runPlaybook(lab, args(from));
      if (run.code !== 0)
        throw new Error(`the cluster of the case does not come up: ${run.text.slice(-2000)}`);
    }
  }
  for (const { host, script } of damages) await lab.ssh(host, script, { timeoutMs: 60_000 });
  if (start === 'half' || damages.length > 0)
    await settle(lab, [layoutOf(from).service, layoutOf(one.to).service]);
}

/** Check, run, check; and what the hosts were and became, seen by other means than ours. */
async function prove(lab: Lab, { from, to, damages }: Case): Promise<Verdict> {
  const layouts = [layoutOf(from), layoutOf(to)].filter(
    (layout, i, all) => all.findIndex((other) => JSON.stringify(other) === JSON.stringify(layout)) === i,
  );
  const before = await snapshots(lab, layouts);
  const check = await runPlaybook(lab, ['--check', ...args(to)]);
  const between = await snapshots(lab, layouts);
  const run = await runPlaybook(lab, args(to));
  const after = await snapshots(lab, layouts);
  const how = howItWent(check, run);
  const problems = [
    ...changesBetween(before, between).map((what) => `the check changed ${what}`),
    ...restartedTogether(before, after, layoutOf(to).service),
  ];
  if (how === 'refused') {
    problems.push(...changesBetween(between, after).map((what) => `a refused run changed ${what}`));
  } else if (how === 'failed') {
    problems.push(`the check ended with ${said(check)}`, `the run ended with ${said(run)}`);
  } else {
    problems.push(...surprises(check.tasks, before, after, layoutOf(to)));
  }
  if (how === 'ran' || how === 'partly') {
    problems.push(
      ...unequal(changeSet(check), changeSet(run)),
      ...broken(check.tasks, before, after, layoutOf(to)),
      ...leftTo(check, await runPlaybook(lab, ['--check', ...args(to)])),
    );
  }
  for (const { host, undo } of damages) if (undo) await lab.ssh(host, undo);
  const goesOn = how === 'ran' && !damages.some(({ undo }) => undo);
  return { how, problems, changes: changeSet(check).length, current: goesOn ? to : undefined };
}

/**
 * A run either does all, or refuses as the check did; or it leaves out the hosts that the check left out, for the
 * same reasons; or it is refused where only the gate can see it, between two steps of a cluster that the check
 * had found unhealthy.
 */
function howItWent(check: Outcome, run: Outcome): Verdict['how'] {
  if (run.code === 0) return check.code === EXIT.ok || check.code === EXIT.unhealthy ? 'ran' : 'failed';
  const reasons = new Set(messages(run));
  // Where hosts are left out, how well the cluster is may differ: the others were repaired meanwhile.
  const leftOut = check.errors.filter(({ exitCode }) => exitCode !== EXIT.unhealthy);
  const kept = leftOut.length > 0 ? leftOut.map(({ message }) => message) : messages(check);
  if (check.code === run.code && kept.every((message) => reasons.has(message))) {
    const whole =
      check.code === EXIT.refused || messages(check).some((said) => said.includes('nothing was changed'));
    return whole || changeSet(check).length === 0 ? 'refused' : 'partly';
  }
  return check.code === EXIT.unhealthy && run.code === EXIT.refused ? 'gate' : 'failed';
}

/** Nothing may be left to do, and what kept hosts out is still there. */
function leftTo(check: Outcome, again: Outcome): readonly string[] {
  const reasons = new Set(messages(check));
  const isDone = again.code === 0 || messages(again).some((message) => reasons.has(message));
  if (isDone && changeSet(again).length === 0) return [];
  return [`the check after it ended with ${said(again)} and has ${changeSet(again).join(' ')}`];
}

function args(settings: Settings): readonly string[] {
  return Object.keys(settings).length > 0 ? ['-e', JSON.stringify(settings)] : [];
}

type Snapshots = ReadonlyMap<string, Snapshot>;

function changesBetween(one: Snapshots, other: Snapshots): readonly string[] {
  return [...one].flatMap(([host, was]) =>
    differences(was, other.get(host) ?? new Map()).map(
      (thing) =>
        `${host}: ${thing}: ${was.get(thing) ?? 'absent'} → ${other.get(host)?.get(thing) ?? 'absent'}`,
    ),
  );
}

function unequal(predicted: readonly string[], made: readonly string[]): readonly string[] {
  return [
    ...predicted.filter((one) => !made.includes(one)).map((one) => `predicted, not made: ${one}`),
    ...made.filter((one) => !predicted.includes(one)).map((one) => `made, not predicted: ${one}`),
  ];
}

function messages({ errors }: Outcome): readonly string[] {
  return errors.map(({ message }) => message);
}

function said(outcome: Outcome): string {
  return `${outcome.code}${outcome.errors.length > 0 ? ` (${messages(outcome).join('; ')})` : ''}`;
}

/** Waits until services are where they stay: a crash loop takes systemd ten seconds to give up. */
async function settle(lab: Lab, services: readonly string[]): Promise<void> {
  let last = '';
  let same = 0;
  for (let tries = 0; tries < 80 && same < 4; tries++) {
    const states = await Promise.all(
      lab.hosts.map(({ name }) =>
        lab.ssh(
          name,
          `systemctl show -p ActiveState -p SubState -p MainPID -p NRestarts ${services.join(' ')}`,
        ),
      ),
    );
    const now = states.map(({ stdout }) => stdout).join();
    same = now === last && !now.includes('auto-restart') ? same + 1 : 0;
    last = now;
    await sleep(500);
  }
}

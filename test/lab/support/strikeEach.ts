import type { ChildProcess } from 'node:child_process';
import { follow } from './follow.ts';
import { sleep, waitFor } from './host/process.ts';
import type { Lab } from './lab.ts';

/** What befalls a run: its own end by SIGKILL, or that of the machine that it works on. */
export type Strike = 'run' | 'machine';

/** Runs that come to an end without it do so in far fewer. */
const MOST = 40;

/** What a run may say of a machine that it loses: done anyway, failed, refused by a gate, out of reach. */
const CODES: Readonly<Record<Strike, readonly (number | null)[]>> = { run: [null, 0], machine: [0, 2, 3, 4] };

/**
 * Runs a verb again and again, and strikes each run in the first step that none before it was struck in, until one has no such
 * step left: that one has come to its end. A machine that was lost is back before the next run. Gives the steps in order:
 * `etcd02: stop etcd`.
 */
export async function strikeEach(
  lab: Lab,
  strike: Strike,
  playbook: string,
  args: readonly string[],
): Promise<readonly string[]> {
  const steps: string[] = [];
  while (steps.length < MOST) {
    const struck = await strikeOnce(lab, strike, playbook, args, steps);
    if (struck === undefined) return steps;
    steps.push(struck.step);
    console.log(`${strike} struck at ${struck.step}: ${struck.code}`);
    if (!CODES[strike].includes(struck.code)) throw new Error(`${struck.step}: it ended with ${struck.code}`);
  }
  throw new Error(`${playbook} does not get on: struck at\n${steps.join('\n')}`);
}

async function strikeOnce(
  lab: Lab,
  strike: Strike,
  playbook: string,
  args: readonly string[],
  before: readonly string[],
): Promise<{ step: string; code: number | null } | undefined> {
  let child: ChildProcess | undefined;
  let at: { step: string; host: string } | undefined;
  let done: Promise<unknown> = Promise.resolve();
  const isOfLab = (host: string) => lab.hosts.some(({ name }) => name === host);
  // What a killed run has begun on a host ends by itself, and holds the lock until then.
  const { code, errors } = await follow(lab, [...args, '--lock-wait', '1m'], {
    playbook,
    started: (process) => {
      child = process;
    },
    step: ({ status, host, title }) => {
      // IDs and sizes differ from run to run.
      const step = `${host}: ${title.replace(/\b(?=\w*\d)[0-9a-f]{8,}\b|\d+/g, '#')}`;
      if (status !== 'begun' || at !== undefined || before.includes(step)) return;
      if (strike === 'machine' && !isOfLab(host)) return;
      at = { step, host };
      // In the middle of it, not before.
      done = sleep(150).then<unknown>(() => (strike === 'run' ? child?.kill('SIGKILL') : lab.kill(host)));
    },
  });
  await done;
  if (at === undefined && code !== 0)
    throw new Error(`${playbook} ended with ${code}: ${errors.map(({ message }) => message).join('; ')}`);
  if (at === undefined) return undefined;
  if (strike === 'machine') await comeBack(lab, at.host);
  return { step: at.step, code };
}

async function comeBack(lab: Lab, host: string): Promise<void> {
  await lab.boot(host);
  await waitFor(`${host} lets in`, 20_000, async () =>
    (await lab.ssh(host, ':')).code === 0 ? true : undefined,
  );
}

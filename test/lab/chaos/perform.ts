import { readFileSync, writeFileSync } from 'node:fs';
import { parse } from 'yaml';
import { type ClientReport, clientProblems } from '../support/client.ts';
import { type Followed, follow } from '../support/follow.ts';
import type { Lab } from '../support/lab.ts';
import { sceneOf } from './scenes.ts';
import { type Command, Stage, said } from './stage.ts';
import { type Act, describeAct, type Operation } from './story.ts';
import { type Blow, blowOf } from './troubles.ts';

/** How a story went. */
export interface Performed {
  readonly problems: readonly string[];
  /** Of each client that there was: a restore and a recovery part them. */
  readonly clients: readonly ClientReport[];
  readonly gaps: readonly Gap[];
}

/** The longest time that a client was without an acknowledged write in an act. */
export interface Gap {
  readonly act: Act;
  readonly ms: number;
}

/** About how long a run of one takes, in ms: troubles come within it. */
const TAKES: Readonly<Record<Operation['name'], number>> = {
  roll: 9000,
  site: 1500,
  backup: 2500,
  renew: 4000,
  rotate: 12_000,
  revoke: 8000,
  grow: 9000,
  shrink: 6000,
  replace: 10_000,
  move: 8000,
  upgrade: 15_000,
  downgrade: 15_000,
  restore: 10_000,
  recover: 15_000,
};

/** A run that takes longer hangs, in ms. */
const HANGS = 600_000;

/**
 * Brings a cluster of three up and plays a story on it under a client. After each act, once its trouble is over, the
 * same command must come to its end, the next check must be empty, and the members must be the wanted ones; in the
 * end the client must find every write that was acknowledged.
 *
 * @param tell A line for each act, as it is over.
 */
export async function perform(
  lab: Lab,
  acts: readonly Act[],
  tell: (line: string) => void,
): Promise<Performed> {
  const whole = readFileSync(lab.inventoryFile, 'utf8');
  try {
    return await performOn(new Stage(lab, parse(whole)), acts, tell);
  } finally {
    writeFileSync(lab.inventoryFile, whole);
  }
}

async function performOn(
  stage: Stage,
  acts: readonly Act[],
  tell: (line: string) => void,
): Promise<Performed> {
  const problems: string[] = [];
  const gaps: Gap[] = [];
  const [first] = acts;
  if (first !== undefined) await stage.found(first.before);
  for (const [i, act] of acts.entries()) {
    const began = performance.now();
    const found = await play(stage, act).catch(({ message }: Error) => ({
      told: 'it broke off',
      problems: [message],
    }));
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    const ms = await stage.gapMs();
    if (ms !== undefined) gaps.push({ act, ms });
    tell(
      `${i + 1}. ${describeAct(act)}: ${found.told}; ${seconds} s${ms === undefined ? '' : `, gap ${ms} ms`}`,
    );
    problems.push(...found.problems.map((problem) => `${i + 1}. ${problem}`));
    // What comes after would tell of this one only.
    if (found.problems.length > 0) break;
    if (ms === undefined) await stage.clientComes();
  }
  await stage.clientGoes();
  // Certificates of members end here, and who asks such a member turns it down.
  const others = stage.reports.flatMap((report) => clientProblems({ ...report, refused: [] }));
  return { problems: [...problems, ...others], clients: stage.reports, gaps };
}

async function play(stage: Stage, act: Act): Promise<{ told: string; problems: readonly string[] }> {
  const blow = blowOf(act.trouble, stage.lab);
  const { commands, proof } = await sceneOf(stage, act);
  const [first, ...others] = commands;
  const { run, problems } = await struck(stage, first, blow, TAKES[act.operation.name]);
  const again = await stage.until(first);
  for (const next of others) again.push(...(await stage.until(next)));
  stage.inventoryHas(act.after);
  const check = await stage.settled();
  const listed = await stage.listed(act.after);
  const wanted = act.after.members.map((member) => `${member} ${act.after.version}`);
  return {
    told: `ended with ${run.code ?? 'SIGKILL'}, then ${again.map(({ code }) => code).join(', ')}`,
    problems: [
      ...problems,
      ...(again.at(-1)?.code === 0 ? [] : [`it does not come to its end: ${again.map(said).join(' | ')}`]),
      ...(check.code === 0 && check.changed.length === 0
        ? []
        : [
            `the next check: ${check.code}, ${check.changed.map(({ host, task }) => `${host} ${task}`).join(', ')} ${said(check)}`,
          ]),
      ...(listed.join() === wanted.join()
        ? []
        : [`members are ${listed.join(', ')}, and should be ${wanted.join(', ')}`]),
      ...((await proof?.()) ?? []),
    ],
  };
}

/** Runs it once, with the trouble. */
async function struck(
  stage: Stage,
  [playbook, ...args]: Command,
  blow: Blow,
  takes: number,
): Promise<{ run: Followed; problems: readonly string[] }> {
  const problems: string[] = [];
  await blow.before?.();
  let strike: Promise<unknown> | undefined;
  const timers: NodeJS.Timeout[] = [];
  const run = await follow(stage.lab, args, {
    playbook,
    started: (child) => {
      timers.push(setTimeout(() => child.kill('SIGKILL'), HANGS));
      const { after = 0 } = blow;
      if (blow.strike === undefined) return;
      const comes = async () => blow.strike?.(child);
      timers.push(
        setTimeout(() => {
          strike = comes().catch(({ message }) => problems.push(message));
        }, after * takes),
      );
    },
  });
  timers.forEach(clearTimeout);
  await strike;
  // A run may be over before its trouble comes.
  if (blow.after === undefined || strike !== undefined) await blow.heal?.();
  if (!blow.codes.includes(run.code))
    problems.push(`it ended with ${run.code}: ${run.errors.map(({ message }) => message).join('; ')}`);
  return { run, problems };
}

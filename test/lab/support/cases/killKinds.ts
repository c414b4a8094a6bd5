import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { type ClientReport, clientProblems, startClient } from '../client.ts';
import { sleep, waitFor } from '../host/process.ts';
import { type Interrupted, interrupt } from '../interrupt.ts';
import type { Lab } from '../lab.ts';
import { type Outcome, runPlaybook } from '../playbook.ts';
import { brokenFiles, filesNow, temporaryFiles, unseenFiles, type Watch, watchFiles } from '../watch.ts';

/** What a run is doing when it is struck. */
interface Scenario {
  /** Brings the lab to where the run begins. */
  prepare(lab: Lab): Promise<void>;
  /** Arguments of a run that has something to do; others for each run, the same for its rerun. */
  args(): readonly string[];
  /** There is a cluster that works before the run. */
  readonly live: boolean;
}

/** What strikes it. */
interface Blow {
  /** How many points there are to strike it at, as a run that was not struck shows. */
  points(lab: Lab, args: readonly string[]): Promise<number>;
  strike(lab: Lab, point: number, run: Run): Promise<Struck>;
}

interface Run {
  readonly args: readonly string[];
  readonly watch: Watch;
  readonly next: () => number;
}

interface Struck {
  /** After which event, in words; undefined when the run had ended before. */
  readonly at: string | undefined;
  readonly problems: readonly string[];
}

/** A kind of kill, with all its points. */
export interface Kind {
  readonly name: string;
  /** How many points of it a full run takes. */
  readonly usual: number;
  readonly scenario: Scenario;
  readonly blow: Blow;
}

/** How a kill was survived. */
export interface Survival {
  /** `late`: the run had ended before, so nothing was shown. */
  readonly result: 'ok' | 'late' | 'failed';
  readonly problems: readonly string[];
  readonly at: string;
  /** What a client saw meanwhile; undefined when no cluster came up. */
  readonly client: ClientReport | undefined;
}

let setting = 10_000;

const FIRST: Scenario = {
  live: false,
  args: () => [],
  async prepare(lab) {
    await lab.reset();
    await rm(join(lab.stateDir, '.quorate'), { recursive: true, force: true });
  },
};

const ROLL: Scenario = {
  live: true,
  /** A value that etcd_settings never had before. */
  args() {
    setting += 1;
    return ['-e', JSON.stringify({ etcd_settings: { 'snapshot-count': setting } })];
  },
  async prepare(lab) {
    const running = await lab.ssh('etcd01', 'systemctl is-active etcd');
    if (running.stdout.trim() !== 'active') await runPlaybook(lab);
  },
};

type Counts = (status: string) => boolean;

/** The run itself is killed, after a task event; the hosts live on. */
const killed = (counts: Counts): Blow => ({
  points: async (lab, args) => (await undisturbed(lab, args, counts)).seen,
  async strike(lab, point, { args }) {
    const { code, at } = await interrupt(lab, point, 'SIGKILL', { counts, args });
    return { at: code === null ? at : undefined, problems: [] };
  },
});

/** It is killed at any moment: while it connects, in the middle of a file that is sent, between two packets. */
const KILLED_ANY_TIME: Blow = {
  points: async (lab, args) => Math.floor((await undisturbed(lab, args, everything)).elapsedMs),
  async strike(lab, ms, { args }) {
    const { code, at } = await interrupt(lab, { ms }, 'SIGKILL', { counts: everything, args });
    return { at: code === null ? `${ms} ms on the way, after ${at}` : undefined, problems: [] };
  },
};

/** The exit codes of a run that lost a host: unreachable, refused by the gate, unhealthy; or it was done with it. */
const WITHOUT_A_HOST = [0, 3, 4, 7];

const POWER: Blow = {
  points: async (lab, args) => (await undisturbed(lab, args, isChange)).seen,
  async strike(lab, point, { args, watch, next }) {
    const host = lab.hosts[Math.floor(next() * lab.hosts.length)]?.name ?? 'etcd01';
    const cut = () => lab.kill(host);
    const { code, at, errors } = await interrupt(lab, point, cut, { counts: isChange, args });
    if (at === undefined) return { at, problems: [] };
    await lab.boot(host);
    watch.resume(host);
    await waitFor(`${host} lets in`, 20_000, async () =>
      (await lab.ssh(host, ':')).code === 0 ? true : undefined,
    );
    return {
      at: `${at}; ${host} lost its power, the run ended with ${code}`,
      problems: WITHOUT_A_HOST.includes(code ?? -1)
        ? []
        : [`without ${host} the run ended with ${code}: ${errors.join('; ')}`],
    };
  },
};

export const KINDS: readonly Kind[] = [
  { name: 'first', usual: Number.POSITIVE_INFINITY, scenario: FIRST, blow: killed(everything) },
  { name: 'roll', usual: Number.POSITIVE_INFINITY, scenario: ROLL, blow: killed(everything) },
  { name: 'moment-first', usual: 20, scenario: FIRST, blow: KILLED_ANY_TIME },
  { name: 'moment-roll', usual: 20, scenario: ROLL, blow: KILLED_ANY_TIME },
  { name: 'power-first', usual: 6, scenario: FIRST, blow: POWER },
  { name: 'power-roll', usual: 6, scenario: ROLL, blow: POWER },
];

/** The kinds for a few kills: after changes only, and not after what merely was found as it should be. */
export const AFTER_CHANGES = {
  first: { name: 'first', usual: 1, scenario: FIRST, blow: killed(isChange) },
  roll: { name: 'roll', usual: 1, scenario: ROLL, blow: killed(isChange) },
} satisfies Readonly<Record<string, Kind>>;

/** How many points a kind has. */
export async function pointsOf({ scenario, blow }: Kind, lab: Lab): Promise<number> {
  await scenario.prepare(lab);
  return blow.points(lab, scenario.args());
}

/** Strikes one run. One rerun must converge, the one after must change nothing, and a client must lose nothing. */
export async function survive(
  { scenario, blow }: Kind,
  lab: Lab,
  point: number,
  next: () => number,
): Promise<Survival> {
  await scenario.prepare(lab);
  const args = scenario.args();
  const before = filesNow(lab);
  const watch = watchFiles(lab);
  try {
    const client = startClient(lab);
    if (scenario.live) await client.working;
    const struck = await blow.strike(lab, point, { args, watch, next });
    const rerun = await runWhenFree(lab, args);
    const again = await runPlaybook(lab, args);
    const reworked = rerun.code === 0 ? await client.working.then(() => client.stop()) : undefined;
    const seen = watch.stop();
    const after = filesNow(lab);
    const problems = [
      ...struck.problems,
      ...(rerun.code === 0
        ? []
        : [`rerun: ${rerun.code} ${rerun.errors.map(({ message }) => message).join('; ')}`]),
      ...(again.code === 0 && again.changed.length === 0
        ? []
        : [`the run after: ${again.code}, ${again.changed.length} changed`]),
      ...brokenFiles(seen, before, after),
      ...unseenFiles(seen, before, after),
      ...temporaryFiles(lab).map((path) => `left behind: ${path}`),
      ...(reworked ? clientProblems(reworked) : []),
    ];
    const result = problems.length > 0 ? 'failed' : struck.at === undefined ? 'late' : 'ok';
    return {
      result,
      problems,
      at: struck.at ?? 'the run had ended before',
      client: reworked,
    };
  } finally {
    watch.stop();
  }
}

async function undisturbed(lab: Lab, args: readonly string[], counts: Counts): Promise<Interrupted> {
  const run = await interrupt(lab, 0, 'SIGKILL', { counts, args });
  if (run.code !== 0) throw new Error(`a run that nothing struck ended with ${run.code}`);
  return run;
}

function everything(): boolean {
  return true;
}

function isChange(status: string): boolean {
  return status !== 'ok';
}

/** A rerun at once may meet the struck run's last breath, which still holds the lock: it says so, and waits. */
async function runWhenFree(lab: Lab, args: readonly string[]): Promise<Outcome> {
  for (let tries = 0; ; tries++) {
    const run = await runPlaybook(lab, args);
    if (run.code !== 6 || tries === 10) return run;
    await sleep(500);
  }
}

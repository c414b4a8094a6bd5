import { readFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { CHECKOUT } from '../lab/support/paths.ts';
import type { Command, Told, Way } from './peer.ts';
import type { Stage } from './stage.ts';

/** One run. */
export interface Sample extends Told {
  readonly wallMs: number;
  /** User and system time of the run and its children on control. */
  readonly cpuMs: number;
  /** Of its largest process. */
  readonly rssMb: number;
  /** Of the machine, as the run began: how much else went on. */
  readonly load: number;
}

/** Runs the job; throws when it failed, or changed something where nothing was to change. */
export async function measureJob(way: Way, stage: Stage, expect: 'changes' | 'no changes'): Promise<Sample> {
  const { outcome, ...figures } = await timed(way.job(stage), stage);
  try {
    const told = way.judge(outcome);
    if (told.changed > 0 !== (expect === 'changes')) {
      throw new Error(
        `${told.changed} changes where ${expect} were expected\n${outcome.stdout.slice(-3000)}`,
      );
    }
    return { ...figures, ...told };
  } catch (error) {
    throw new Error(`${way.title} on ${stage.lab.name}: ${(error as Error).message}`);
  } finally {
    await way.after?.(stage);
  }
}

/** What starting alone takes. */
export async function measureEmpty(way: Way, stage: Stage): Promise<Sample> {
  const { outcome, ...figures } = await timed(way.empty(), stage);
  if (outcome.code !== 0) throw new Error(`${way.title}: an empty run failed: ${outcome.stderr}`);
  return { ...figures, changed: 0 };
}

async function timed({ command, args, env, cwd = CHECKOUT }: Command, { lab }: Stage) {
  const report = join(lab.stateDir, 'time');
  const options = { cwd, env: { ...env, ANSIBLE_FORCE_COLOR: undefined }, timeoutMs: 900_000 };
  const wrapped = ['-q', '-o', report, '-f', '%U %S %M', command, ...args];
  const [load = 0] = loadavg();
  const started = performance.now();
  const outcome = await lab.run('/usr/bin/time', wrapped, options);
  const wallMs = performance.now() - started;
  const [user = 0, system = 0, rss = 0] = readFileSync(report, 'utf8').trim().split(' ').map(Number);
  return { outcome, wallMs, cpuMs: (user + system) * 1000, rssMb: rss / 1024, load };
}

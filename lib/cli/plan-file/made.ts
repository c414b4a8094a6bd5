import { hostname } from 'node:os';
import { runId } from '../../dsl/common/run-id.ts';
import type { Playbook } from '../../dsl/play.ts';
import { redact } from '../../dsl/secret.ts';
import { EXIT, type ExitCode, QuorateError } from '../../errors.ts';
import { checkWritable, writeWhole } from '../../files.ts';
import { redactEvent } from '../../report/redact-event.ts';
import type { RunEvent } from '../../runner/events.ts';
import type { PlannedBatch } from '../../runner/plan/review.ts';
import { maskMessage } from '../../secret-texts.ts';
import { whoami } from '../../whoami.ts';
import type { Options } from '../flags/options.ts';
import { Digests } from './digests.ts';
import { entriesOf } from './entries.ts';
import { FORMAT, type Plan, type PlanStep, type PlanTask } from './format.ts';
import { markdown } from './markdown.ts';
import { codeOf, inventoryFiles, type SourceCode } from './sources.ts';

export interface PlanWish {
  readonly playbook: Pick<Playbook, 'name' | 'plays'>;
  /** The playbook's file. */
  readonly file: string;
  /** What the user types to run it. */
  readonly line: string;
  readonly options: Options;
}

/** Makes a plan of what a check shows; writes and prints it where that is whole. Throws 1 where it could not be written. */
export function planMaker({ playbook, file, line, options }: PlanWish) {
  const { planOut, planFormat } = options;
  const place = planOut === undefined ? undefined : placeOf(planOut);
  const gathered = new Gathered();
  const events: RunEvent[] = [];
  let document = '';
  const isMarkdown = planFormat === 'markdown';
  const code = codeOf(file);
  return {
    warnings: code.unknown.map((one) => `${one}: the plan has no digest of that code`),
    hides: (event: RunEvent) =>
      (isMarkdown || planFormat === 'json') && event.event === 'log' && event.conclusion === true,
    hear: (event: RunEvent) => void (isMarkdown && isShown(event) && events.push(redactEvent(event))),
    document: () => document,
    part: {
      review: (batch: PlannedBatch) => gathered.add(batch),
      async reviewed(outcome: ExitCode) {
        if (!gathered.isWhole(outcome, playbook.plays.length)) throw notWhole(planOut, outcome);
        const plan = await gathered.plan(playbook.name, code, options);
        const text = `${JSON.stringify(plan, null, 2)}\n`;
        if (place !== undefined) await writeWhole(place, text, { mode: 0o600 });
        if (planFormat === 'json') document = text;
        if (isMarkdown) document = await markdown(plan, events, line);
        return planOut === undefined
          ? undefined
          : `the plan is in ${planOut}; --apply ${planOut} carries it out`;
      },
    },
  };
}

/** Where it is to be written; that is not a stream. Throws 1. */
function placeOf(planOut: string): string {
  if (planOut !== '-') return checkWritable('plan', planOut);
  throw new QuorateError('--plan-out takes a file, not -', {
    exitCode: EXIT.usage,
    hint: '--plan-format json prints the plan',
  });
}

function isShown({ event }: RunEvent): boolean {
  return event === 'task' || event === 'step' || event === 'left-over';
}

/** With the exit code of the check itself. */
function notWhole(file: string | undefined, exitCode: ExitCode): QuorateError {
  const what = file === undefined ? 'there is no plan' : `${file} was not written`;
  return new QuorateError(`${what}: a check that could not read all, or refuses, makes none`, {
    exitCode,
    hint: 'mend what is said above, or leave those hosts out (-l)',
  });
}

/** What a check has shown so far. */
class Gathered {
  readonly #digests = new Digests();
  readonly #hosts = new Set<string>();
  readonly #tasks: PlanTask[] = [];
  readonly #steps: PlanStep[] = [];
  #missing = 0;

  async add(batch: PlannedBatch): Promise<void> {
    this.#missing += batch.missing.length;
    for (const { name } of batch.hosts) this.#hosts.add(name);
    for (const { host, title, ledger } of batch.steps)
      this.#steps.push({ play: batch.play, host, title: redact(title), ledger });
    for (const { hasSecret, wanted, observed, ...entry } of entriesOf(batch)) {
      this.#tasks.push({
        ...entry,
        wanted: await this.#digests.of(wanted, hasSecret),
        observed: await this.#digests.of(observed, hasSecret),
      });
    }
  }

  /** Nothing is left out of it. A cluster may be unhealthy: the plan may be what heals it. */
  isWhole(outcome: ExitCode, plays: number): boolean {
    const isFine =
      outcome === EXIT.ok || outcome === EXIT.pending || (outcome === EXIT.unhealthy && plays === 1);
    return isFine && this.#missing === 0;
  }

  async plan(playbook: string, { version, own, files }: SourceCode, options: Options): Promise<Plan> {
    const { inventory, local, limit = null, shard = null, roles, tags, skipTags, prune, words } = options;
    const digested = async (texts: ReadonlyMap<string, string>) => {
      // `ansible_ssh_pass: 4711`, `api_token: x`: with a bare digest of the file guesses could be tested.
      const all = [...texts].map(
        async ([path, text]) => [path, await this.#digests.of(text, maskMessage(text) !== text)] as const,
      );
      return Object.fromEntries(await Promise.all(all));
    };
    const flags = Object.entries(options.own).filter(([, value]) => value !== undefined);
    return {
      format: FORMAT,
      time: new Date().toISOString(),
      runId: runId(),
      by: `${whoami()}@${hostname()}`,
      playbook,
      code: { version, own, files: await digested(files) },
      inventory: { files: await digested(inventoryFiles(options.extraVars)) },
      options: {
        inventory,
        local,
        limit,
        shard,
        roles,
        tags,
        skipTags,
        prune,
        words,
        own: Object.fromEntries(flags) as Plan['options']['own'],
      },
      secrets: this.#digests.how,
      hosts: [...this.#hosts],
      tasks: this.#tasks,
      steps: this.#steps,
    };
  }
}

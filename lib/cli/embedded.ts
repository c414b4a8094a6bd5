import { deferred } from '../deferred.ts';
import { asOneRun } from '../dsl/common/per-run.ts';
import { mistakesIn } from '../dsl/options/mistakes.ts';
import { is, type OptionTable, refuse } from '../dsl/options/options.ts';
import { callersFile } from '../dsl/trace/position.ts';
import { EXIT, type ExitCode, errorsOf, type QuorateError, worstExit } from '../errors.ts';
import type { Report } from '../report/index.ts';
import { redactEvent } from '../report/redact-event.ts';
import { errorEvent, type RunEvent } from '../runner/events.ts';
import type { Run } from '../runner/run.ts';
import type { Starter } from './execute.ts';
import { type Options, parseOptions } from './flags/options.ts';
import { type PlaybookOptions, wholePlaybook } from './playbook.ts';
import type { Outcome, PlaybookRun, RunOptions } from './playbook-run.ts';

/** A run of a playbook from a program (see `run`), on hosts that may be reached in another way than the inventory says. */
export function runOn(
  playbook: PlaybookOptions,
  options: RunOptions,
  way: Pick<Starter, 'connect'>,
): PlaybookRun {
  const mistakes = mistakesIn('run', options, RUN_OPTIONS);
  const file = callersFile();
  const said = new Said();
  const done = deferred<ExitCode>();
  let underWay: Run | undefined;
  let cancelled = false;
  let last: Promise<unknown> = Promise.resolve();

  const go = async (check: boolean): Promise<Outcome> => {
    const events: RunEvent[] = [];
    const emit = (event: RunEvent) => {
      const clean = redactEvent(event);
      events.push(clean);
      said.add(clean);
    };
    const starter: Starter = {
      ...way,
      report: () => silent(emit),
      hold(started) {
        underWay = started;
        if (cancelled) started.stop(EXIT.interrupted);
        return () => {
          underWay = undefined;
        };
      },
      leave() {},
    };
    const exitCode = cancelled
      ? EXIT.interrupted
      : await asOneRun(() => carryOut({ playbook, file }, options, mistakes, check, starter, emit));
    if (!check || cancelled) {
      said.end();
      done.resolve(exitCode);
    }
    return {
      exitCode,
      events,
      changed: events.filter((event) => event.event === 'task').filter(({ changes }) => changes.length > 0),
      errors: events.filter((event) => event.event === 'error'),
    };
  };
  /** One after the other: an apply may be asked for before its plan is there. */
  const next = (check: boolean): Promise<Outcome> => {
    const outcome = last.then(() => go(check));
    last = outcome.catch(() => {});
    return outcome;
  };

  return {
    events: said,
    plan: () => next(true),
    apply: () => next(false),
    cancel() {
      if (cancelled) underWay?.kill();
      cancelled = true;
      underWay?.stop(EXIT.interrupted);
      if (underWay === undefined) {
        said.end();
        done.resolve(EXIT.interrupted);
      }
    },
    done: done.promise,
  };
}

async function carryOut(
  given: { readonly playbook: PlaybookOptions; readonly file: string | undefined },
  options: RunOptions,
  mistakes: readonly QuorateError[],
  check: boolean,
  starter: Starter,
  emit: (event: RunEvent) => void,
): Promise<ExitCode> {
  try {
    refuse(mistakes);
    const { execute } = await import('./execute.ts');
    const whole = wholePlaybook(given.playbook, given.file);
    const file = `${process.cwd()}/${whole.name}`;
    return await execute(
      whole,
      asCommandLine(options, check),
      { file, typed: file, launcher: 'node' },
      starter,
    );
  } catch (error) {
    const errors = errorsOf(error);
    for (const one of errors) emit(errorEvent(one));
    return worstExit(errors.map(({ exitCode }) => exitCode));
  }
}

const RUN_OPTIONS: OptionTable<RunOptions> = {
  inventory: is.either(is.text, is.list(is.text)),
  limit: is.text,
  roles: is.list(is.text),
  tags: is.list(is.text),
  skipTags: is.list(is.text),
  extraVars: is.map(is.any<unknown>()),
  forks: is.number,
  user: is.text,
  become: is.boolean,
  prune: is.boolean,
  yes: is.boolean,
  vaultPasswordFiles: is.list(is.text),
};

/** What is undefined is not given. */
function asCommandLine(options: RunOptions, check: boolean): Options {
  const given = Object.entries(options).filter(([, value]) => value !== undefined);
  const { inventory = [], extraVars, forks = 50, ...rest }: RunOptions = Object.fromEntries(given);
  const defaults = parseOptions(['--forks', String(forks)], []);
  if (typeof defaults === 'string') throw new Error('no flags give no options');
  return {
    ...defaults,
    ...rest,
    check,
    diff: true,
    inventory: typeof inventory === 'string' ? [inventory] : inventory,
    extraVars: extraVars === undefined ? [] : [JSON.stringify(extraVars)],
  };
}

/** A report that only passes on what is said; a question has nobody to ask. */
function silent(emit: (event: RunEvent) => void): Report {
  return { emit, progress() {}, close: async () => {}, suspend: (work) => work() };
}

/** What was said so far and what is to come, for any number of readers. */
class Said implements AsyncIterable<RunEvent> {
  readonly #events: RunEvent[] = [];
  #ended = false;
  #more = deferred<void>();

  add(event: RunEvent): void {
    this.#events.push(event);
    this.#tell();
  }

  end(): void {
    this.#ended = true;
    this.#tell();
  }

  #tell(): void {
    this.#more.resolve();
    this.#more = deferred<void>();
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<RunEvent> {
    for (let at = 0; ; at += 1) {
      while (at >= this.#events.length) {
        if (this.#ended) return;
        await this.#more.promise;
      }
      yield this.#events[at] as RunEvent;
    }
  }
}

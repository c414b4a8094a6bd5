import type { Play, PlayHost, PlayRun } from '../dsl/play.ts';
import type { Role } from '../dsl/role.ts';
import type { Step } from '../dsl/step.ts';
import { isTooMany } from './batches.ts';
import { lockAll } from './locks/under-locks.ts';
import type { LoopHost } from './loop-host.ts';
import type { RunHost, Session } from './session.ts';
import { Warnings } from './warnings.ts';

/** A run of one batch as its strategy sees it, and what comes together on the way. */
export interface PlayRunning<Facts> {
  readonly run: PlayRun<Facts>;
  readonly warnings: Warnings;
  /** Those that were planned. */
  readonly steps: readonly Step[];
  /** More have failed than may: those whose turn was still to come are left alone. */
  readonly notBegun: readonly Pick<RunHost, 'name'>[];
  /** Of the selected ones, by now. */
  failed(): readonly RunHost[];
}

/** What a strategy is handed: the hosts of a batch, with what it may ask, tell and do. */
export function playRun<Facts>(
  play: Play<Facts>,
  session: Session,
  {
    scope,
    selected,
    hosts,
  }: {
    readonly scope: readonly RunHost[];
    readonly selected: readonly RunHost[];
    readonly hosts: readonly LoopHost<Facts>[];
  },
): PlayRunning<Facts> {
  const { sink, options } = session;
  const warnings = new Warnings((message) => sink.emit({ event: 'log', level: 'warning', message }));
  const steps: Step[] = [];
  const notBegun: Pick<RunHost, 'name'>[] = [];
  const failed = () => selected.filter(({ name }) => session.failed(name));
  const mayBegin = () =>
    play.maxFailPercentage === undefined ||
    !isTooMany(failed().length, selected.length, play.maxFailPercentage);
  const reached = new Set(hosts.map(({ target }) => target.name));
  const unreachable = scope.map((host) => host.name).filter((name) => !reached.has(name));
  const run: PlayRun<Facts> = {
    check: options.check,
    roles: rolesOf(play, session).map((role) => role.name),
    explicitRoles: options.roles.explicit,
    hosts,
    unreachable,
    barred: unreachable.filter((name) => session.barred.has(name)),
    agreed: options.agreed === true,
    log: (level, message) =>
      level === 'warning' ? warnings.add(message) : sink.emit({ event: 'log', level, message }),
    step: (step, status) => {
      if (status === 'planned') steps.push(step);
      sink.emit({ event: 'step', ...step, status });
    },
    openSftp: (address) => {
      if (options.openSftp === undefined) throw new Error(`nobody opens ${address} here`);
      return options.openSftp(address);
    },
    consent: async (question) => (await options.consent?.(question)) ?? false,
    locked: async (some, work) => {
      await lockAll(
        session,
        hosts.filter((host) => some.includes(host)),
        () => true,
      );
      return work();
    },
    show: (state) => sink.emit(state),
    conclude: (message) => sink.emit({ event: 'log', level: 'info', message, conclusion: true }),
    each: (some, work) =>
      session.each(
        some,
        (host) => host.target.name,
        async (host) => {
          if (mayBegin()) await work(host);
          else notBegun.push(host.target);
        },
      ),
    failed: ({ target }: PlayHost<Facts>) => session.failed(target.name),
    stopping: () => session.stopping,
    fail: (error) => session.fail(error),
  };
  return { run, warnings, steps, notBegun, failed };
}

/** The roles of a play that this run takes. */
export function rolesOf<Facts>(play: Play<Facts>, { options }: Session): readonly Role<Facts>[] {
  return play.roles.filter((role) => options.roles.includes(role.name));
}

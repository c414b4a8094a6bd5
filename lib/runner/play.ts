import type { CertificatesState } from '../dsl/certificates-state.ts';
import type { ClusterState } from '../dsl/cluster-state.ts';
import type { DrillState } from '../dsl/drill-state.ts';
import type { HistoryState } from '../dsl/history-state.ts';
import { withLoaded } from '../dsl/lazy.ts';
import { readLedgers } from '../dsl/ledger.ts';
import { hasChanges, type Play, type PlayHost } from '../dsl/play.ts';
import type { HostData, Target } from '../dsl/role.ts';
import type { Sh } from '../dsl/sh.ts';
import type { Step, StepStatus } from '../dsl/step.ts';
import type { Reading } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Host, RunningScript } from '../transport/host.ts';
import { Slots } from '../transport/slots.ts';
import { batchesOf, isTooMany } from './batches.ts';
import type { Actor } from './elsewhere.ts';
import { exchange } from './exchange.ts';
import { LoopHost, type PlayHostOptions } from './play-host.ts';
import type { RunHost, RunOptions, Session } from './session.ts';
import { faultsOf, tasksOf } from './tasks.ts';
import { Warnings } from './warnings.ts';

/**
 * One play, batch after batch of its hosts; what one broke stops the next, and a check plans them all. Throws exit code 3
 * with the names of hosts that are left alone.
 */
export async function runPlay<Facts>(play: Play<Facts>, session: Session, review?: Review): Promise<void> {
  const { select, limit, check } = session.options;
  const all = select(play.hosts);
  const batches = batchesOf(all.filter(limit), play.serial);
  for (const [i, selected] of batches.entries()) {
    await runBatch(play, session, { all, selected, review });
    if (session.stopping) return;
    const failed = selected.filter(({ name }) => session.failed(name));
    const left = batches.slice(i + 1).flat();
    const tooMany = isTooMany(failed.length, selected.length, play.maxFailPercentage);
    if (failed.length > 0 && !tooMany) session.bear();
    // What is no host's failure (a gate, a lock) ends the play as well.
    if (!check && (tooMany || session.over)) return leftAlone(failed, left);
  }
}

type Named = Pick<RunHost, 'name'>;
type Review = NonNullable<RunOptions['review']> | undefined;

/** Does not repeat on others what broke `failed`. */
function leftAlone(failed: readonly Named[], left: readonly Named[]): void {
  if (left.length === 0) return;
  const names = (hosts: readonly Named[]) => hosts.map(({ name }) => name).join(', ');
  throw new QuorateError(
    `stopped${failed.length > 0 ? ` at ${names(failed)}` : ''}: no further host is touched; still to be changed: ${names(left)}`,
    { exitCode: EXIT.refused, hint: 'find out what is wrong there, then run again' },
  );
}

/**
 * One batch of a play from the first exchange to the last: facts, what the cluster is, plans of all hosts, then, where
 * something differs and this is no check, the changes and their proof under the run locks; reads in the end.
 */
async function runBatch<Facts>(
  play: Play<Facts>,
  session: Session,
  {
    all,
    selected,
    review,
  }: { readonly all: readonly RunHost[]; readonly selected: readonly RunHost[]; readonly review: Review },
): Promise<void> {
  const { check, roles, approval } = session.options;
  const scope = play.strategy.scope?.(selected, all) ?? selected;
  session.sink.emit({ event: 'play', play: play.name, hosts: selected.map((host) => host.name) });
  // An earlier play has lost them, and that was borne with: the plan has nothing of them here.
  const lostBefore = new Set(selected.filter(({ name }) => session.failed(name)));
  const isSelected = new Set(selected.map((host) => host.name));
  const hostvars = Object.fromEntries(all.map((host) => [host.name, host.vars]));
  const taking = play.roles.filter((role) => roles.includes(role.name));
  const hosts = await gather(session, play, scope, (host) => ({
    data: { name: host.name, vars: host.vars, hostvars },
    selected: isSelected.has(host.name),
    keepsReadings: review !== undefined,
    build: (target: Target<Facts>) =>
      tasksOf(taking, { ...target, fleet: session.fleet }, EXIT.failed, {
        isWhole: taking.length === play.roles.length,
        say: (message) => session.sink.emit({ event: 'log', level: 'info', host: target.name, message }),
      }),
  }));
  session.hosts = hosts;
  for (const host of hosts) session.worked.set(`${host.target.name} ${host.stateDir}`, host);
  // Hosts that were not tried for that reason are no finding.
  if (session.stopping) return;
  const warnings = new Warnings((message) => session.sink.emit({ event: 'log', level: 'warning', message }));
  const belongingTo = (changing: ReadonlySet<string>) => {
    const due = all.filter(({ name }) => changing.has(name));
    const together = new Set((play.strategy.scope?.(due, all) ?? due).map(({ name }) => name));
    return hosts.filter(({ target }) => together.has(target.name));
  };
  if (approval) {
    const changing = new Set(selected.map(({ name }) => name).filter((name) => approval.changes(name)));
    // A host without records of ours gets none yet: their folder would be a difference by itself.
    await lockAll(session, belongingTo(changing), () => false);
  }
  const steps: Step[] = [];
  // More have failed than may: those whose turn is still to come are left alone.
  const notBegun: Named[] = [];
  const failed = () => selected.filter(({ name }) => session.failed(name));
  const mayBegin = () =>
    play.maxFailPercentage === undefined ||
    !isTooMany(failed().length, selected.length, play.maxFailPercentage);
  const run = {
    check,
    roles: taking.map((role) => role.name),
    explicitRoles: roles.explicit,
    hosts,
    unreachable: scope.map((host) => host.name).filter((name) => !hosts.some((h) => h.target.name === name)),
    agreed: session.options.agreed === true,
    log: (level: 'info' | 'warning', message: string) =>
      level === 'warning' ? warnings.add(message) : session.sink.emit({ event: 'log', level, message }),
    step: (step: Step, status: StepStatus) => {
      if (status === 'planned') steps.push(step);
      session.sink.emit({ event: 'step', ...step, status });
    },
    openSftp: (address: string) => {
      const { openSftp } = session.options;
      if (openSftp === undefined) throw new Error(`nobody opens ${address} here`);
      return openSftp(address);
    },
    consent: async (question: string) => (await session.options.consent?.(question)) ?? false,
    locked: async <T>(some: readonly PlayHost<Facts>[], work: () => Promise<T>) => {
      await lockAll(
        session,
        hosts.filter((host) => some.includes(host)),
        () => true,
      );
      return work();
    },
    show: (state: ClusterState | CertificatesState | HistoryState | DrillState) => {
      if ('restoreSeconds' in state) session.sink.emit({ event: 'drill', ...state });
      else if ('runs' in state) session.sink.emit({ event: 'history', ...state });
      else if ('certificates' in state) session.sink.emit({ event: 'certificates', ...state });
      else session.sink.emit({ event: 'cluster', ...state });
    },
    conclude: (message: string) =>
      session.sink.emit({ event: 'log', level: 'info', message, conclusion: true }),
    each: (some: readonly PlayHost<Facts>[], work: (host: PlayHost<Facts>) => Promise<void>) =>
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
    fail: (error: unknown) => session.fail(error),
  };
  await warnings.together(() => play.strategy.survey?.(run));
  if (session.stopping) return;
  if (!play.strategy.plansLater) await plan(session, hosts);
  if (check) for (const host of hosts) session.foreseen.set(host.target.name, host.foreseen);
  if (session.stopping) return;
  nameLeftOvers(session, hosts);
  await warnings.together(() => play.strategy.admit?.(run));
  if (session.stopping) return;
  const batch = {
    play: play.name,
    hosts: hosts
      .filter((host) => host.selected && !session.failed(host.target.name))
      .map(({ target, stateDir, plan }) => ({ name: target.name, target, stateDir, plan })),
    missing: failed().flatMap((host) => (lostBefore.has(host) ? [] : [host.name])),
    steps,
  };
  await review?.(batch, session.sink.emit);
  if (!check) {
    const changing = new Set(hosts.filter(hasChanges).map(({ target }) => target.name));
    await converge(session, belongingTo(changing), () => play.strategy.converge(run));
    for (const host of hosts) host.reportLeft();
    leftAlone(failed(), notBegun);
    if (!session.stopping) await keepRecords(session, hosts);
  }
  if (!session.stopping) await warnings.together(() => play.strategy.verify?.(run));
}

function nameLeftOvers(session: Session, hosts: readonly LoopHost<unknown>[]): void {
  for (const { name } of hosts.map(({ target }) => target)) {
    for (const one of session.leftOvers.named(name))
      session.sink.emit({ event: 'left-over', host: name, ...one });
  }
}

async function keepRecords(session: Session, hosts: readonly LoopHost<unknown>[]): Promise<void> {
  await session.each(
    hosts,
    ({ target }) => target.name,
    (host) => session.leftOvers.keepRecords(host),
  );
}

/** What is wrong with the roles of a play, before any host is contacted. */
export function roleFaults<Facts>(
  play: Play<Facts>,
  { options, fleet }: Session,
): Promise<readonly QuorateError[]> {
  const all = options.select(play.hosts);
  const hostvars = Object.fromEntries(all.map(({ name, vars }) => [name, vars]));
  const hosts = all.filter(options.limit).map(({ name, vars }) => ({ name, vars, hostvars, fleet }));
  const roles = play.roles.filter(({ name }) => options.roles.includes(name));
  return withLoaded(() => faultsOf(play, roles, hosts));
}

/** Connects and reads facts: the first exchange. Hosts that fail are reported and left out. */
async function gather<Facts>(
  session: Session,
  play: Play<Facts>,
  scope: readonly RunHost[],
  describe: (
    host: RunHost,
  ) => { readonly data: HostData } & Pick<PlayHostOptions<Facts>, 'selected' | 'build' | 'keepsReadings'>,
): Promise<LoopHost<Facts>[]> {
  const gathered = new Map<string, LoopHost<Facts>>();
  const lost: unknown[] = [];
  const first = () => {
    const host = scope.map(({ name }) => gathered.get(name)).find((one) => one?.selected);
    return host && { host, isLost: session.failed(host.target.name) };
  };
  await session.each(
    scope,
    (host) => host.name,
    (host) =>
      one(host).catch((error) => {
        if (!play.strategy.anyHost) throw error;
        lost.push(error);
      }),
  );
  for (const error of lost) {
    if (gathered.size === 0 || !(error instanceof QuorateError)) session.fail(error);
    else session.sink.emit({ event: 'log', level: 'warning', message: error.message });
  }
  return scope.flatMap((host) => gathered.get(host.name) ?? []);

  async function one(host: RunHost): Promise<void> {
    session.sink.progress({ host: host.name, doing: 'connecting' });
    const connected = await session.connections.of(host);
    session.sink.progress({ host: host.name, doing: 'reading facts' });
    const { data, ...described } = describe(host);
    const stateDir = play.stateDir(data);
    const probe = play.gather.probe(data);
    const place = play.ledger?.(data);
    const asked = { name: host.name, connected, probe, stateDir };
    const ledgers = place && { made: readLedgers(place) };
    const { facts: reading, made } = await readFacts(session, { ...asked, ...ledgers });
    const facts = play.gather.parse(reading, data);
    const ledger = session.leftOvers.ledgerOf(play, data, made.out);
    const shared = play.gather.shared?.(facts);
    if (shared) session.fleet.hostfacts[host.name] = { ...session.fleet.hostfacts[host.name], ...shared };
    const { check } = session.options;
    const owner = play.owner(data);
    const foreseen = session.foreseen.get(host.name);
    const loop = new LoopHost(
      { ...data, facts },
      {
        host: connected,
        connect: () => session.connections.anew(host),
        ...described,
        check,
        stateDir,
        owner,
        sink: session.sink,
        first,
        actor: (name: string) => actorOf(play, session, name),
        gather: async () => play.gather.parse((await readFacts(session, asked)).facts, data),
        ...(foreseen && { foreseen }),
        ...(ledger && {
          ledger,
          tasksForLeft: (tasks) => session.leftOvers.tasksFor(play, host.name, ledger, tasks),
        }),
      },
    );
    gathered.set(host.name, loop);
  }
}

async function readFacts(
  session: Session,
  of: {
    readonly name: string;
    readonly connected: Host;
    readonly probe: Sh;
    readonly stateDir: string;
    /** Reads what was made there. */
    readonly made?: Sh;
  },
): Promise<{ readonly facts: Reading; readonly made: Reading }> {
  const { name, connected, probe, stateDir, made } = of;
  const fragments = Object.entries({ facts: probe, ...(made && { made }) });
  let script: RunningScript | undefined;
  try {
    const { readings } = await exchange(
      connected,
      fragments.map(([id, sh]) => ({ id, sh, critical: false })),
      {
        doing: 'reading facts',
        stateDir,
        started: (running) => {
          script = running;
          session.early.add(running);
        },
        stderr: (message) => session.sink.emit({ event: 'log', level: 'debug', host: name, message }),
      },
    );
    const of = (id: string) => readings.get(id) ?? { code: 1, out: '' };
    return { facts: of('facts'), made: of('made') };
  } finally {
    if (script) session.early.delete(script);
  }
}

async function plan<Facts>(session: Session, hosts: readonly LoopHost<Facts>[]): Promise<void> {
  await session.each(
    hosts.filter((host) => host.selected),
    (host) => host.target.name,
    (host) => host.replan(),
  );
  for (const host of hosts) host.reportPlan();
}

/**
 * Works under the run locks of hosts: of all that belong together with one that has changes, or two runs with
 * another `--limit` each would restart two members of one cluster at once. They are taken one by one in the
 * order of the inventory, which is the same for every run: whoever loses, loses to a run that only wants
 * later ones, so of those that race one always goes on.
 */
async function converge(
  session: Session,
  hosts: readonly LoopHost<unknown>[],
  work: () => Promise<void>,
): Promise<void> {
  try {
    await lockAll(session, hosts);
    await work();
  } finally {
    // Those of an approved plan are kept until all of it is done.
    if (!session.options.approval) await session.locks.release();
  }
}

/** One by one, in the order of the inventory; a host without records of ours gets one only where `create` says so. */
async function lockAll<Facts>(
  session: Session,
  hosts: readonly LoopHost<Facts>[],
  create: (host: LoopHost<Facts>) => boolean = (host) => host.changesItself,
): Promise<void> {
  for (const host of hosts.filter(({ target }) => !session.failed(target.name)))
    await session.locks.take(host.host, host.stateDir, { create: create(host) });
}

/** A host of the inventory that acts for others in a play; connected once. */
function actorOf<Facts>(play: Play<Facts>, session: Session, name: string): Promise<Actor> {
  const key = `${play.name} ${name}`;
  const known = session.actors.get(key);
  if (known) return known;
  const made = (async (): Promise<Actor> => {
    const { reach } = session.options;
    if (reach === undefined) throw new Error('no other host can be reached here');
    const found = await reach(name);
    const host = await session.connections.of(found);
    const data = { name: found.name, vars: found.vars, hostvars: { [found.name]: found.vars } };
    const stateDir = play.stateDir(data);
    return {
      host,
      stateDir,
      owner: play.owner(data),
      connect: () => session.connections.anew(found),
      slots: new Slots(1),
      lock: () => session.locks.take(host, stateDir, { create: true }),
    };
  })();
  session.actors.set(key, made);
  return made;
}

import { readLedgers } from '../dsl/ledger/records.ts';
import type { Play } from '../dsl/play.ts';
import type { HostData } from '../dsl/role.ts';
import type { Sh } from '../dsl/shell/sh.ts';
import type { Reading } from '../dsl/task.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { Host, RunningScript } from '../transport/host.ts';
import type { Actor } from './apply/elsewhere.ts';
import { Doers } from './apply/once.ts';
import { exchange } from './exchange/exchange.ts';
import { LoopHost, type PlayHostOptions } from './loop-host.ts';
import { lookForRecords, recordsProblem } from './records.ts';
import type { RunHost, Session } from './session.ts';

/** Connects and reads facts: the first exchange. Hosts that fail are reported and left out. */
export async function gather<Facts>(
  session: Session,
  play: Play<Facts>,
  scope: readonly RunHost[],
  describe: (
    host: RunHost,
  ) => { readonly data: HostData } & Pick<PlayHostOptions<Facts>, 'selected' | 'build' | 'keepsReadings'>,
): Promise<LoopHost<Facts>[]> {
  const gathered = new Map<string, LoopHost<Facts>>();
  const lost: unknown[] = [];
  const inOrder = () => scope.flatMap(({ name }) => gathered.get(name) ?? []);
  const doers = new Doers(inOrder, (name) => session.failed(name));
  await session.each(
    scope,
    (host) => host.name,
    (host) =>
      one(host).catch((error) => {
        if (error instanceof QuorateError && error.exitCode !== EXIT.unreachable)
          session.barred.add(host.name);
        if (!play.strategy.anyHost) throw error;
        lost.push(error);
      }),
  );
  for (const error of lost) {
    if (gathered.size === 0 || !(error instanceof QuorateError)) session.fail(error);
    else session.sink.emit({ event: 'log', level: 'warning', message: error.message });
  }
  return inOrder();

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
    const { facts: reading, made, records } = await readFacts(session, { ...asked, ...ledgers });
    const facts = play.gather.parse(reading, data);
    const ledger = session.leftOvers.ledgerOf(play, data, made.out);
    const shared = play.gather.shared?.(facts);
    if (shared) session.fleet.hostfacts[host.name] = { ...session.fleet.hostfacts[host.name], ...shared };
    // Hosts that are not selected are read for those that are: do not report their facts.
    if (described.selected) session.tellFacts(host.name, play.gather.told?.(facts));
    const { check } = session.options;
    const owner = play.owner(data);
    const foreseen = session.foreseen.get(host.name);
    const unkept = recordsProblem(host.name, stateDir, records);
    const loop = new LoopHost(
      { ...data, facts },
      {
        host: connected,
        connect: () => session.connections.anew(host),
        ...described,
        check,
        stateDir,
        noteChanges: unkept && (() => session.failLater(unkept)),
        holds: play.holds?.(data),
        owner,
        sink: session.sink,
        doer: (one) => doers.of(one),
        slots: session.turnsOf(host.name),
        askedBy: (name) => inOrder().flatMap((one) => (one.target.name === name ? [] : one.asksOf(name))),
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
): Promise<{ readonly facts: Reading; readonly made: Reading; readonly records: Reading }> {
  const { name, connected, probe, stateDir, made } = of;
  const fragments = Object.entries({ facts: probe, records: lookForRecords, ...(made && { made }) });
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
    return { facts: of('facts'), made: of('made'), records: of('records') };
  } finally {
    if (script) session.early.delete(script);
  }
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
      slots: session.turnsOf(found.name),
      lock: async () => {
        await session.locks.take(host, stateDir, { create: true, holds: play.holds?.(data) });
      },
    };
  })();
  session.actors.set(key, made);
  return made;
}

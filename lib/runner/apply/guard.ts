import { setTimeout as sleep } from 'node:timers/promises';
import { PROCESSES } from '../../dsl/shell/prelude.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Guard } from '../../dsl/task.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Host } from '../../transport/host.ts';
import { exchange } from '../exchange/exchange.ts';
import type { Wire } from '../exchange/wire.ts';
import { cutOffMessage } from '../wording.ts';

/** Seconds until what is applied and nobody confirmed is taken back: a TCP connection that was cut lives that long. */
export const GUARD_SECONDS = 12;

/** Seconds that the apply may take, and what comes before it in the exchange: rules may be many. */
const APPLY_SECONDS = 120;

/** Seconds within which a timer of an earlier run has decided. */
export const SETTLED_SECONDS = 2 * APPLY_SECONDS + GUARD_SECONDS + 30;

/** What is undone, and what undoes it. */
export interface Guarded {
  readonly guard: Guard;
  readonly undo: Sh;
}

/**
 * Shell that starts the timer on the host and sees it run, before anything is changed: unless somebody confirms
 * in time it takes all of it back, and as soon as the run that holds the lock and its applies are gone. `armed` is
 * renamed either by the timer or by who confirms, so exactly one of them wins. The timer has a session of its own:
 * no end of a connection ends it.
 */
export function armGuard(guarded: readonly Guarded[]): Sh {
  const undo = joinSh(guarded.map((one) => sh`( ${one.undo} )`));
  return joinSh([
    sh`q_guard=$q_state/guard
[ -d "$q_state" ] || mkdir -p "$q_state" || exit 1
rm -rf -- "$q_guard" && mkdir -m 700 -- "$q_guard" || exit 1`,
    ...guarded.map(({ guard }) => guard.save),
    sh`printf '%s\n' ${undo.text} >"$q_guard/undo"
printf '%s\n' ${PROCESSES} ${TIMER.text} >"$q_guard/timer"
: >"$q_guard/armed"
PATH=$PATH setsid sh "$q_guard/timer" "$q_state" "$(readlink "$q_state/lock")" </dev/null >/dev/null 2>&1 &
q_tries=0
until [ -s "$q_guard/pid" ]; do
  q_tries=$((q_tries + 1)); [ "$q_tries" -lt 100 ] || { echo "no timer came up in $q_guard"; exit 1; }
  q_nap 0.02
done`,
  ]);
}

/**
 * Shell directly before the guarded apply: fails where the timer has gone off during what came before, which nobody
 * knows the length of; the time for the apply counts from here.
 */
export const guardHolds: Sh = sh`: >"$q_state/guard/begun" && [ -e "$q_state/guard/armed" ]`;

/** Shell at the end of the applies: from here on the time to confirm counts. */
export const guardApplied: Sh = sh`: >"$q_state/guard/applied"`;

/** Arguments: the directory of records, and what its lock says; without a lock only the time counts. */
const TIMER = sh`q_state=$1 q_lock=$2 q_guard=$1/guard
echo "$$ $(q_born $$)" >"$q_guard/pid"
q_rest=\${q_lock#*:} q_left=${APPLY_SECONDS * 2}
while [ "$q_left" -gt 0 ]; do
  [ -e "$q_guard/armed" ] || exit 0
  if [ -e "$q_guard/begun" ]; then rm -f -- "$q_guard/begun"; q_left=${APPLY_SECONDS * 2}; fi
  if [ -e "$q_guard/applied" ] && [ "$q_left" -gt ${GUARD_SECONDS * 2} ]; then q_left=${GUARD_SECONDS * 2}; fi
  if [ -n "$q_lock" ]; then
    [ "$(readlink "$q_state/lock")" = "$q_lock" ] && q_lives "\${q_lock%%:*}" "\${q_rest%%:*}" || { sleep 3; break; }
  fi
  if sleep 0.5 2>/dev/null; then q_left=$((q_left - 1)); else sleep 1; q_left=$((q_left - 2)); fi
done
mv -- "$q_guard/armed" "$q_guard/undoing" 2>/dev/null || exit 0
export q_state q_guard
sh "$q_guard/undo"
rm -rf -- "$q_guard"`;

/**
 * Read-only shell that waits until a timer of an earlier run has decided: what is read before it may not be
 * what is there a moment later. A timer that died (the host's power went) decides nothing.
 */
export const awaitGuard: Sh = sh`while [ -f "$q_state/guard/pid" ]; do
  read -r q_pid q_start <"$q_state/guard/pid" 2>/dev/null && q_lives "$q_pid" "$q_start" || break
  q_nap 0.2
done`;

/** Stops the timer: what it would take back was never begun. Where the host does not answer it goes off anyway. */
export async function disarmGuard({ host, stateDir }: Wire): Promise<void> {
  const disarm = sh`mv -- "$q_state/guard/armed" "$q_state/guard/disarmed" && rm -rf -- "$q_state/guard"`;
  const fragments = [{ id: 'disarm', sh: disarm, critical: false }];
  await exchange(host, fragments, { doing: 'stopping the timer', stateDir }).catch(() => {});
}

/**
 * Stops the timer through a connection made anew; resolves to why not when that did not come about while it ran. One
 * try says little: an sshd that is busy turns connections away by chance (`MaxStartups`).
 */
export async function confirmGuard(
  wire: Wire,
  connect: () => Promise<Host>,
): Promise<QuorateError | undefined> {
  wire.doing('reconnecting');
  try {
    return (await askWhile(() => true, wire, connect, CONFIRM)) ? undefined : cutOff(wire);
  } catch (error) {
    return cutOff(wire, error instanceof Error ? error.message : String(error));
  }
}

const CONFIRM = sh`mv -- "$q_state/guard/armed" "$q_state/guard/confirmed" && rm -rf -- "$q_state/guard"`;

/**
 * The connection went after the change was begun: resolves to what that means. A host that lets us in once its
 * timer has taken the change back was cut off by it. One that stays away, or answers while the timer runs, was lost
 * for another reason.
 */
export async function explainLoss(wire: Wire, connect: () => Promise<Host>, lost: Error): Promise<Error> {
  wire.doing('reconnecting');
  try {
    const isArmed = sh`[ -e "$q_state/guard/armed" ]`;
    return (await askWhile(() => !wire.stopping, wire, connect, isArmed)) ? lost : cutOff(wire);
  } catch {
    return lost;
  }
}

/** Asks again and again until a connection gets through, as long as the timer runs and `goesOn`; throws the last reason. */
async function askWhile(
  goesOn: () => boolean,
  wire: Wire,
  connect: () => Promise<Host>,
  question: Sh,
): Promise<boolean> {
  const until = Date.now() + GUARD_SECONDS * 1000;
  for (;;) {
    try {
      return await ask(wire, connect, question);
    } catch (error) {
      if (!goesOn() || Date.now() >= until) throw error;
      await sleep(1000);
    }
  }
}

/** Whether `question` ends with 0 there; throws when no new connection gets through. */
async function ask(wire: Wire, connect: () => Promise<Host>, question: Sh): Promise<boolean> {
  const fresh = await connect();
  try {
    const asked = [{ id: 'anew', sh: question, critical: false }];
    const { readings } = await exchange(fresh, asked, { stateDir: wire.stateDir });
    return readings.get('anew')?.code === 0;
  } finally {
    await fresh.close();
  }
}

function cutOff({ host }: Wire, why?: string): QuorateError {
  return new QuorateError(cutOffMessage(host.name, why), {
    exitCode: EXIT.failed,
    host: host.name,
    hint: 'does sshd listen on a port that is to be closed? Move one of the two, or let this machine in',
  });
}

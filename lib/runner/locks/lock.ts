import { commandLine } from '../../command-line.ts';
import { asHolder, type Holder, holderSaid, holdFile, holdSaid, parseHolder } from '../../dsl/hold/hold.ts';
import type { HoldPlace } from '../../dsl/play.ts';
import { redact } from '../../dsl/secret.ts';
import { joinSh, quote, type Sh, sh } from '../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Host, RunningScript } from '../../transport/host.ts';
import { type AuditNote, leaveTraceOf } from '../audit.ts';
import { exchange } from '../exchange/exchange.ts';
import { READ_SECONDS } from '../exchange/script.ts';
import { NO_ROOM } from '../records.ts';

/** A held run lock. */
export interface HeldLock {
  release(): Promise<void>;
}

interface LockWish {
  /** Make records on a host that has none; true. */
  readonly create?: boolean;
  readonly note?: AuditNote | undefined;
  /** See `Play.holds`. */
  readonly holds?: readonly HoldPlace[] | undefined;
}

/**
 * Takes the run lock of a host and keeps a process there that owns it: when the connection goes, so does
 * the process, and the lock is stale: whoever takes it over leaves the trace of that run, which could not. Throws exit code 6 with the holder's name, and what `note` says of its run, when
 * another one has it, or a person has put the host on hold.
 *
 * Where nothing is to be changed (`create` is false) a host without records of ours gets none for the sake of a
 * lock, which a killed run would leave behind: undefined. It has no member that a run could restart, and whoever
 * makes one locks the other members' hosts, too.
 */
export async function takeLock(
  host: Host,
  stateDir: string,
  { create = true, note, holds = [{ dir: stateDir }] }: LockWish = {},
): Promise<HeldLock | undefined> {
  const holder = asHolder(note ?? {});
  let ended: Holder | undefined;
  let script: RunningScript | undefined;
  const answer = await new Promise<string>((resolve, reject) => {
    exchange(
      host,
      [{ id: 'lock', sh: lockShell(holder, create, holds), critical: true, patience: READ_SECONDS }],
      {
        doing: 'taking the run lock',
        stateDir,
        started: (running) => {
          script = running;
        },
        line: (_id, line) => {
          if (line.startsWith('ended ')) ended = parseHolder(line.slice('ended '.length));
          if (/^(held|busy|hold) /.test(line)) resolve(line);
        },
        end: (_id, reading) => resolve(reading.out),
      },
    ).catch((error) => reject(error));
  });
  // Best effort, as any trace.
  if (ended) await leaveTraceOf(host, stateDir, ended).catch(() => {});
  if (answer.startsWith('held ')) {
    const owner = answer.slice('held '.length);
    return {
      // While its process lives the lock is nobody else's: so it goes first, and only if it is still ours.
      async release() {
        const unlock = sh`if [ "$(readlink "$q_state/lock")" = ${owner} ]; then rm -f -- "$q_state/lock" "$q_state/lock.by"; fi`;
        try {
          await exchange(host, [{ id: 'unlock', sh: unlock, critical: false }], { stateDir });
        } finally {
          script?.kill();
        }
      },
    };
  }
  if (answer === 'no records') return undefined;
  const [, at, by] = /^hold (\d+) (.*)$/s.exec(answer) ?? [];
  if (by !== undefined) throw onHold(host, parseHolder(by), holds[Number(at)]?.as);
  if (!answer.startsWith('busy ')) {
    throw new QuorateError(
      `${host.name}: the run lock ${stateDir}/lock cannot be written: ${answer.trim() || 'no reason was given'}`,
      {
        exitCode: EXIT.failed,
        host: host.name,
        hint: NO_ROOM,
      },
    );
  }
  const [, who = 'unknown', pid = '?', run = ''] = /^busy (\S+) (\S+) ?(.*)$/.exec(answer) ?? [];
  const found = parseHolder(run);
  const said = found === undefined ? '' : `; ${holderSaid(found)}`;
  throw new QuorateError(
    `${host.name}: another run holds the lock: ${who} (pid ${pid} on ${host.name})${said}`,
    {
      exitCode: EXIT.locked,
      host: host.name,
      hint: 'wait until it is done, as --lock-wait 5m does; a lock whose process is gone is taken over by itself',
    },
  );
}

function onHold(host: Host, holder: Holder | undefined, as: string | undefined): QuorateError {
  const play = as === undefined ? '' : ` ${/^[\w.-]+$/.test(as) ? as : quote(as)}`;
  return new QuorateError(`${host.name}: ${holdSaid(holder)}`, {
    exitCode: EXIT.locked,
    host: host.name,
    hint: `ask them; ${commandLine('lock')}${play} --release ends it`,
  });
}

/**
 * The lock is a symbolic link whose target names its owner: `ln -s` either makes it whole or fails. A
 * dead owner's lock is removed only by who holds a lock named after that owner, and only while it is
 * still that owner's: so two runs that find the same stale lock never both get it.
 */
function lockShell(holder: Holder, create: boolean, holds: readonly HoldPlace[]): Sh {
  const held = holds.map(({ dir }, at) => {
    const file = holdFile(dir);
    return sh`if [ -f ${file} ]; then IFS= read -r q_line <${file} || :; printf 'hold %s %s\n' ${at} "$q_line"; exit 6; fi`;
  });
  return sh`${create ? sh`mkdir -p "$q_state" || exit 1` : sh`if [ ! -d "$q_state" ]; then echo no records; exit; fi`}
${joinSh(held)}
q_pid=$(sh -c 'echo "$PPID"')
q_me="$q_pid:$(q_born "$q_pid"):"${holder.who}
# 0: it is ours; 1: somebody else has it; 2: it cannot be written, and why was said.
q_lock_take() {
  q_tries=0
  # A link would be made inside a directory, by every run.
  if [ -d "$q_state/$1" ] && [ ! -L "$q_state/$1" ]; then echo "it is a directory"; return 2; fi
  until q_said=$(ln -sn "$q_me" "$q_state/$1" 2>&1); do
    if ! q_owner=$(readlink "$q_state/$1"); then
      # Released since, or never there.
      q_tries=$((q_tries + 1)); [ "$q_tries" -lt 50 ] || { echo "$q_said"; return 2; }
      continue
    fi
    q_rest=\${q_owner#*:}
    if q_lives "\${q_owner%%:*}" "\${q_rest%%:*}"; then return 1; fi
    (q_lock_take "$1.$(printf %s "$q_owner" | tr -c 'a-zA-Z0-9\n' _)")
    case $? in
      0) ;;
      1)
        # Somebody is taking it over: who that is shows in a moment.
        q_tries=$((q_tries + 1)); [ "$q_tries" -lt 50 ] || return 1
        q_nap 0.1
        continue ;;
      *) return 2 ;;
    esac
    if [ "$(readlink "$q_state/$1")" = "$q_owner" ]; then
      rm -f "$q_state/$1" || return 2
      if [ "$1" = lock ] && q_known; then printf 'ended %s\n' "$q_by"; fi
    fi
    rm -f "$q_state/$1.$(printf %s "$q_owner" | tr -c 'a-zA-Z0-9\n' _)"
  done
}
q_known() {
  q_line=$(readlink "$q_state/lock.by") && q_by=\${q_line#"$q_owner "} && [ "$q_by" != "$q_line" ]
}
q_lock_take lock
case $? in
  0)
    # For who is refused meanwhile; a link, too, is there whole or not at all. A full disk is not a reason to be refused.
    ln -sfn "$q_me "${redact(JSON.stringify(holder))} "$q_state/lock.by" 2>/dev/null || :
    echo "held $q_me" ;;
  1)
    q_rest=\${q_owner#*:} q_tries=0
    # It is written in a moment where it was taken just now.
    until q_known || { [ "$q_tries" -ge 10 ] && q_by=; }; do q_tries=$((q_tries + 1)); q_nap 0.05; done
    printf 'busy %s\n' "\${q_rest#*:} \${q_owner%%:*} $q_by"; exit 6 ;;
  *) exit 2 ;;
esac
# The lock holds as long as this process lives: release() kills it, and so does the loss of the connection.
while :; do sleep 3600; done`;
}

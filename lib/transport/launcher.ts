import { randomBytes } from 'node:crypto';

/**
 * The one program that stands in a command line on a host; scripts reach it on standard input. Its first
 * line is a marker, which comes back on standard output once the whole script has arrived, and whose
 * repetition ends the script: a script cut short by a lost connection is never run. All lines arrive as comments: where
 * something else than this reads them, another shell that a login's start-up files have put in place, it runs none.
 *
 * The script runs in this very shell, whose process group is the channel's own (sshd gives each channel a
 * session, `detached` each local child), without standard input. A watcher reads on: `stop` asks the
 * script to end after the fragment in hand (USR1 sets `q_stop`, from before the marker is back: a request can
 * never come too early, nor end what does not heed it), `kill` ends the group, and so does the end of
 * the input, which is how a connection or a control machine that is gone looks from here: TERM, and KILL
 * two seconds later. When the script is over the same end of input lets the watcher go, and with it what
 * the script left running in the group; a daemon has a session of its own (setsid) and stays.
 *
 * A control machine without power, or cut off, leaves its connections open: so each script that lasts is sent a beat
 * every ten seconds (the first at once if it changes or holds anything), and ends as if its input had where none comes
 * for a minute.
 *
 * Login shells of all kinds pass this on inside single quotes: so one line, without single quotes,
 * exclamation marks (csh) and backslashes (fish). sed reads ahead: nothing but the script may be sent
 * until the marker is back.
 */
export const LAUNCHER = [
  'export LC_ALL=C',
  'read -r qm || exit 1',
  'qs=$(sed -e "/^$qm$/q" -e "s/^#//")',
  'case $qs in *"$qm") ;; *) exit 1 ;; esac',
  'q_stop=; trap "q_stop=1" USR1',
  'exec 3<&0 </dev/null',
  `{ ${[
    // Lives through the end of the group that it brings about.
    'trap "" TERM',
    'qt=',
    'while read -r q; do case $q in stop) kill -USR1 $$ ;; kill) kill -KILL 0 ;; *) eval "$q" ;; esac; done',
    '[ -z "$qt" ] || kill -KILL $qt',
    'kill -0 $$ || { kill -TERM 0; exit; }',
    'kill -TERM 0',
    'sleep 2',
    'kill -KILL 0',
    // Holds neither output open, or the channel would not end with the script.
  ].join('; ')}; } <&3 >/dev/null 2>&1 & exec 3<&-`,
  'echo "$qm"',
  'eval "unset qm qs; $qs"',
].join('; ');

/** How the command of a wait for the next beat begins, for who looks for what a script waits for. */
export const BEAT_WAIT = 'sleep 0';

/**
 * What the watcher is to do at each beat: begin anew to wait for the next one, and end the group after `silence` seconds
 * without. It is sent, since what it needs (`$!`) goes through no command line.
 */
export function beat(silence = 60): string {
  return `[ -z "$qt" ] || kill -KILL "$qt"; { ${BEAT_WAIT}${silence}; kill -TERM 0; sleep 2; kill -KILL 0; } & qt=$!`;
}

/** A line that no script has: a comment to the shell, and plain text to sed. */
export function newMarker(): string {
  return `#quorate-${randomBytes(12).toString('hex')}`;
}

/**
 * What goes to the launcher's standard input for one script. busybox's sed wants to see a line after the one
 * it quits at; where sed leaves that, the watcher passes over it.
 */
export function launcherInput(script: string, marker: string): string {
  return `${marker}\n#${script.replaceAll('\n', '\n#')}\n${marker}\n\n`;
}

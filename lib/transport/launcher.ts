/**
 * The one program that stands in a command line on a host; scripts reach it on standard input, after a
 * line with the marker that ends them. It runs the script in a process group of its own and watches its
 * input: when that ends (the connection is gone, control was killed) the group is ended, `stop` asks the
 * script to end after the fragment in hand, `kill` ends it at once.
 *
 * One line without quotes, backslashes or exclamation marks, so that any login shell (fish and csh too)
 * passes it on unchanged inside single quotes.
 */
export const LAUNCHER = [
  'read -r m',
  's=$(sed -n "/^$m$/q;p")',
  'exec 3<&0',
  'g=$(command -v setsid)',
  'printf %s "$s" | $g sh 3<&- & c=$!',
  'p=$c; if [ -n "$g" ]; then p=-$c; fi',
  '{ while read -r l <&3; do case $l in stop) kill -USR1 $c;; kill) kill -KILL $p;; esac; done; kill -TERM $p; sleep 2; kill -KILL $p; } 2>/dev/null & w=$!',
  'wait $c; r=$?',
  'kill $w 2>/dev/null',
  'exit $r',
].join('; ');

/** What a host prints once a launcher behind sudo runs: only then may the script follow. */
export const READY = 'quorate-ready';

/** What goes to the launcher's standard input for one script. `marker` must not be a line of the script. */
export function launcherInput(script: string, marker: string): string {
  return `${marker}\n${script}\n${marker}\n`;
}

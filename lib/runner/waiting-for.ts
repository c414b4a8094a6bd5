import { type Sh, sh } from '../dsl/shell/sh.ts';
import type { Host } from '../transport/host.ts';
import { BEAT_WAIT } from '../transport/launcher.ts';
import { Deadline } from './exchange/deadline.ts';
import { FrameParser } from './exchange/frames.ts';
import { newNonce } from './exchange/nonce.ts';
import { compileScript } from './exchange/script.ts';

/** Seconds for a host to tell: it may be in no state to. */
const SECONDS = 5;

/**
 * What a script on a host waits for: the commands that run in its process group, as `systemctl show etcd (pid 812)`;
 * undefined where that host tells nothing, or only shells are there.
 */
export async function waitingFor(host: Host, pid: number): Promise<string | undefined> {
  const nonce = newNonce();
  let found = '';
  const parser = new FrameParser(nonce, {
    end: (_id, { out }) => {
      found = out.trim();
    },
  });
  const script = compileScript([{ id: 'processes', sh: commandsOf(pid), critical: false }], nonce);
  const running = host.run(script, { stdout: (chunk) => parser.push(chunk), stderr: () => {} });
  const given = new Promise<void>((resolve) => {
    const deadline = new Deadline(() => {
      running.kill();
      resolve();
    });
    deadline.set(SECONDS);
    running.done
      .catch(() => {})
      .then(() => {
        deadline.clear();
        resolve();
      });
  });
  await given;
  return found.split('\n').filter(Boolean).slice(0, 3).join(', ') || undefined;
}

/** One line a command; of one that does not even react to its end (state D) only the name may be looked at. */
function commandsOf(pid: number): Sh {
  return sh`q_parts() { q_rest=\${1##*) }; set -- $q_rest; q_status=$1 q_group=$3; }
read -r q_line </proc/${pid}/stat && q_parts "$q_line" && q_wanted=$q_group
for q_dir in /proc/[0-9]*; do
  { read -r q_line <"$q_dir/stat"; } 2>/dev/null || continue
  q_parts "$q_line"
  if [ "$q_group" != "$q_wanted" ]; then continue; fi
  q_name=\${q_line#*\(} q_name=\${q_name%)*}
  case $q_name in sh | dash | bash | ash | busybox | sudo) continue ;; esac
  if [ "$q_status" != D ]; then q_words=$(tr '\0' ' ' <"$q_dir/cmdline" 2>/dev/null); q_name=\${q_words:-$q_name}; fi
  case $q_name in ${BEAT_WAIT}[1-9]*) continue ;; esac
  printf '%.200s (pid %s)\n' "\${q_name% }" "\${q_dir##*/}"
done`;
}

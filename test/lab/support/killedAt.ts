import { follow } from './follow.ts';
import { sleep } from './host/process.ts';
import type { Lab } from './lab.ts';

/**
 * Starts a verb and ends it by SIGKILL in the first step that `isIt` takes, told as `etcd02: start it`. Gives that step;
 * throws where the run ends without one.
 */
export async function killedAt(
  lab: Lab,
  playbook: string,
  isIt: (step: string) => boolean,
  args: readonly string[],
): Promise<string> {
  let kill = () => {};
  let at: string | undefined;
  const { code, errors } = await follow(lab, ['-y', ...args], {
    playbook,
    started: (child) => {
      kill = () => child.kill('SIGKILL');
    },
    async step({ status, host, title }) {
      const step = `${host}: ${title}`;
      if (at !== undefined || status !== 'begun' || !isIt(step)) return;
      at = step;
      // In the middle of it, not before.
      await sleep(150);
      kill();
    },
  });
  if (at !== undefined) return at;
  throw new Error(`no such step: it ended with ${code}: ${errors.map(({ message }) => message).join('; ')}`);
}

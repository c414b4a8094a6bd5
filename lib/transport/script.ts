import { randomBytes } from 'node:crypto';
import type { Become } from './become.ts';
import { launch, type Spawn } from './channel.ts';
import type { RunningScript, ScriptStreams } from './host.ts';
import { LAUNCHER, launcherInput } from './launcher.ts';

/** Runs a script on a host: the launcher in the command line, the script on its standard input. */
export function runScript(
  host: string,
  spawn: Spawn,
  become: Become | undefined,
  script: string,
  streams: ScriptStreams,
): RunningScript {
  const { child, ready, ended } = launch(host, LAUNCHER, spawn, become);
  const begun = new Promise<void>((resolve) => child.stdout?.once('data', () => resolve()));
  child.stdout?.on('data', streams.stdout);
  child.stderr?.on('data', streams.stderr);
  const sent = ready.then(() => {
    child.stdin?.write(launcherInput(script, `end-${randomBytes(12).toString('hex')}`));
  });
  // The launcher may still be reading ahead for the script: control lines wait for its first output.
  const control = (word: string) => {
    Promise.all([sent, begun]).then(
      () => child.stdin?.write(`${word}\n`),
      () => {},
    );
  };
  return {
    done: sent.then(() => ended),
    stop: () => control('stop'),
    kill: () => control('kill'),
  };
}

import type { RunningScript, ScriptStreams } from './host.ts';
import { launch, type Way } from './launch.ts';
import { beat, LAUNCHER, launcherInput } from './launcher.ts';

/** How long one that is under way to its login may still begin, once it is to stop. */
const STOP_MS = 500;

/**
 * How often a script hears that whoever started it is still there: see `LAUNCHER`. One that only reads is not worth a
 * watch before that.
 */
const BEAT_MS = 10_000;

/** How long a script may take to end that was killed: a process in an uninterruptible wait does not. */
const KILL_MS = 2_000;

/** Runs a script on a host: the launcher in the command line, the script on its standard input. */
export function runScript(way: Way, script: string, streams: ScriptStreams): RunningScript {
  const launched = launch(way, LAUNCHER, (marker) => launcherInput(script, marker), streams);
  const { begun, ended, stdin } = launched;
  let hasBegun = false;
  let beats: NodeJS.Timeout | undefined;
  begun.then(() => {
    hasBegun = true;
    if (streams.watched) void control(beat());
    beats = setInterval(() => void control(beat()), BEAT_MS).unref();
  });
  const still = () => clearInterval(beats);
  ended.then(still, still);
  // The launcher reads ahead for the script: only once that has begun is there somebody to hear `stop`.
  const control = async (word: string) => {
    await begun;
    const input = await stdin;
    if (input?.writable) input.write(`${word}\n`);
  };
  return {
    done: ended,
    stop() {
      void control('stop');
      // A login that does not come to our program has nothing in hand that could be finished.
      if (!hasBegun) setTimeout(() => launched.forget(), STOP_MS).unref();
    },
    kill() {
      // Before that, the end of the input keeps a script from running, or ends it.
      if (hasBegun) void control('kill').then(() => launched.abandon());
      else launched.abandon();
      setTimeout(() => launched.drop('its script does not end'), KILL_MS).unref();
    },
  };
}

import { closeSync, fstatSync } from 'node:fs';
import { isatty } from 'node:tty';
import { EXIT } from '../../errors.ts';
import type { Run } from '../../runner/run.ts';

/**
 * A second signal of one name within this time of the first is the same one, in ms: `npx tsx` passes Ctrl-C on to a
 * child that the terminal has told already. One of another name never is.
 */
export const SAME_SIGNAL = 500;

/**
 * First Ctrl-C (or TERM, or HUP: the terminal is gone): finish and prove the tasks in hand, then end the run. Once
 * more, unless by HUP: end the scripts on the hosts at once. Without a terminal at input or output (`nohup`, CI) HUP
 * is only told of: Node resets an inherited "ignore", so the start cannot tell. Returns a function that takes the
 * handlers away.
 */
export function onSignals(run: Pick<Run, 'stop' | 'kill'>, warn: (message: string) => void): () => void {
  // Asked now: once a terminal is gone nobody can tell that it was there.
  const attended = isatty(0) || isatty(1);
  if (!process.listeners('exit').includes(leaveTerminals)) process.once('exit', leaveTerminals);
  let first: { readonly signal: NodeJS.Signals; readonly at: number } | undefined;
  const handle = (signal: NodeJS.Signals) => {
    const now = performance.now();
    if (first !== undefined) {
      const isNamed = signal === first.signal || first.signal === 'SIGHUP';
      const isSame = isNamed && now - first.at < SAME_SIGNAL;
      if (signal !== 'SIGHUP' && !isSame) run.kill();
      return;
    }
    if (signal === 'SIGHUP' && !attended) return warn('SIGHUP: nobody is at a terminal, the run goes on');
    first = { signal, at: now };
    if (signal === 'SIGHUP') warn('SIGHUP: the terminal is gone; finishing the tasks in hand');
    else process.stderr.write(`\n${signal}: finishing the tasks in hand; once more to stop at once\n`);
    run.stop(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
  };
  const signals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;
  for (const signal of signals) process.on(signal, handle);
  return () => {
    for (const signal of signals) process.off(signal, handle);
  };
}

/**
 * In the end Node gives terminals their settings back, and aborts (134) where one is gone; what is closed it
 * passes over.
 */
function leaveTerminals(): void {
  for (const fd of [0, 1, 2]) {
    try {
      if (fstatSync(fd).isCharacterDevice() && !isatty(fd)) closeSync(fd);
    } catch {}
  }
}

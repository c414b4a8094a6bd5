import { EXIT } from '../errors.ts';
import type { Run } from '../runner/run.ts';

/**
 * First Ctrl-C (or TERM): the tasks in hand are finished and proven, then the run ends. Second: the
 * scripts on the hosts are ended at once. Returns a function that takes the handlers away.
 */
export function onSignals(run: Run): () => void {
  let signals = 0;
  const handle = (signal: NodeJS.Signals) => {
    signals += 1;
    if (signals > 1) {
      run.kill();
      return;
    }
    process.stderr.write(`\n${signal}: finishing the tasks in hand; once more to stop at once\n`);
    run.stop(signal === 'SIGINT' ? EXIT.interrupted : EXIT.terminated);
  };
  process.on('SIGINT', handle).on('SIGTERM', handle);
  return () => process.off('SIGINT', handle).off('SIGTERM', handle);
}

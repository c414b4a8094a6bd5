import { deferred } from '../../deferred.ts';
import type { OutputStream } from '../stream.ts';

/** A terminal taken over for drawing: what others write to it is held back, the cursor is hidden. */
export interface Terminal {
  /** Writes past the hold. */
  write(text: string): void;
  /** The spinner's sign of the moment. */
  spinner(): string;
  /** What others wrote since the last call (a message about a signal, a warning of Node's). */
  heldBack(): string;
  /** Gives the terminal back for a while. */
  release(): void;
  /** Takes it over again. */
  hold(): void;
  /** Stops ticking and gives the terminal back. */
  close(): Promise<void>;
}

const SHOW_CURSOR = '\x1b[?25h';

/**
 * Takes the terminal over through listr2, as a renderer of our own under its life cycle: listr2's default
 * renderer draws a tree anew for every event, which blocks the event loop with many hosts (20 hosts × 10
 * tasks: 8 s). `tick` is called every `pace` ms.
 */
export async function openTerminal(
  stdout: OutputStream,
  stderr: OutputStream,
  tick: () => void,
  pace: number,
): Promise<Terminal> {
  const { Listr, ProcessOutput, Spinner } = await import('listr2');
  const output = new ProcessOutput(stdout as NodeJS.WriteStream, stderr as NodeJS.WriteStream);
  const spinner = new Spinner();
  const streams = Object.values(output.stream);
  // The process may end without close(): a hidden cursor would outlive it.
  const restore = () => output.toStdout(SHOW_CURSOR, false);

  class HostsRenderer {
    static readonly nonTTY = true;
    static readonly rendererOptions = {};
    static readonly rendererTaskOptions = {};
    render(): void {
      output.hijack();
      process.once('exit', restore);
      spinner.start(tick, pace);
    }
    end(): void {
      spinner.stop();
      process.off('exit', restore);
      output.release();
    }
  }

  const finished = deferred();
  const running = new Listr([{ title: 'hosts', task: () => finished.promise }], {
    renderer: HostsRenderer,
    registerSignalListeners: false,
  }).run();
  return {
    write: (text) => void output.toStdout(text, false),
    spinner: () => spinner.fetch(),
    heldBack() {
      const entries = streams.flatMap((stream) => stream.release());
      for (const stream of streams) stream.hijack();
      return entries.map(({ entry }) => entry).join('');
    },
    release: () => output.release(),
    hold: () => output.hijack(),
    async close() {
      finished.resolve();
      await running;
    },
  };
}

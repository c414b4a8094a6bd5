import type { Renderer } from '../renderer.ts';
import type { Settings } from '../settings.ts';
import { escapeControls } from '../text.ts';
import { formatError } from './errors.ts';

/** Where the output is that of a program on a host: it goes out as it is, and only what went wrong is said beside it. */
export function createErrorsOnly({ stdout, stderr }: Settings): Renderer {
  const say = (lines: readonly string[]) =>
    stderr.write(lines.map((line) => `${escapeControls(line)}\n`).join(''));
  return {
    emit(event) {
      if (event.event === 'error') say(formatError(event));
      else if (event.event === 'log' && event.level === 'warning') say([`warning: ${event.message}`]);
      else if (event.event === 'log' && event.conclusion) stdout.write(`${escapeControls(event.message)}\n`);
    },
    progress() {},
    print: ({ to, chunk }) => (to === 'stdout' ? stdout : stderr).writeBytes(chunk),
    async close() {},
  };
}

import pc from 'picocolors';
import type { Output } from './stream.ts';

export type Colors = ReturnType<typeof pc.createColors>;

/** Colours by the conventions: NO_COLOR wins, then FORCE_COLOR, then whether a capable terminal is there. */
export function colorsFor(
  stdout: Output,
  output: 'pretty' | 'plain' | 'json',
  env: Readonly<Record<string, string | undefined>>,
): Colors {
  return pc.createColors(output === 'pretty' && wanted(stdout, env));
}

function wanted(stdout: Output, env: Readonly<Record<string, string | undefined>>): boolean {
  if (env.NO_COLOR) return false;
  if (env.FORCE_COLOR) return env.FORCE_COLOR !== '0' && env.FORCE_COLOR !== 'false';
  return stdout.isTTY && env.TERM !== 'dumb';
}

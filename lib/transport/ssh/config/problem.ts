import type { Position } from '../../../errors.ts';

/** Where something was said: a line of a file, or an option of the inventory (line 0). */
export interface Origin {
  readonly file: string;
  /** Counts from 1. */
  readonly line: number;
}

/** What is wrong with a line of ssh_config. */
export class ConfigProblem extends Error {
  readonly origin: Origin;
  readonly hint: string;

  constructor(message: string, origin: Origin, hint = 'ssh itself refuses it, too: mend the line') {
    super(message);
    this.origin = origin;
    this.hint = hint;
  }

  /** Where an editor finds it; undefined for an option of the inventory. */
  get position(): Position | undefined {
    const { file, line } = this.origin;
    return line > 0 ? { file, line, column: 1 } : undefined;
  }
}

/** For an option that counts for a host: a later ssh may have it, and it may protect the connection. */
export function unknownOption(keyword: string, origin: Origin): ConfigProblem {
  const hint = `mend the line; if your ssh knows it, "IgnoreUnknown ${keyword}" in front of it has it passed over here`;
  return new ConfigProblem(`${keyword} is not an option that is known here`, origin, hint);
}

import { QuorateError } from '../../errors.ts';
import type { Variable, Vaulted } from '../variables/value.ts';

/** What kept a template from being evaluated. The message names variables, filters and keys, never a value. */
export class TemplateError extends Error {
  /** A value is missing: `default` and `is defined` make something of it, where anything else is fatal. */
  readonly missing: boolean;
  /** The variables that led to it, from the one that was asked for to the one whose template failed. */
  readonly trail: readonly Step[];

  constructor(message: string, missing = false, trail: readonly Step[] = []) {
    super(message);
    this.name = 'TemplateError';
    this.missing = missing;
    this.trail = trail;
  }
}

/** A vault is met that was not opened yet. */
export class Sealed extends Error {
  readonly vaulted: Vaulted;

  constructor(vaulted: Vaulted) {
    super('a vault is to be opened first');
    this.vaulted = vaulted;
  }
}

/**
 * What a template calls, such as `the filter "batch"`. What JavaScript itself throws there becomes a TemplateError
 * without its message, which may quote a value.
 */
export function called<T>(what: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof TemplateError || error instanceof Sealed || error instanceof QuorateError)
      throw error;
    throw new TemplateError(`${what} cannot take these values`);
  }
}

/** A variable, or a part of one, whose template is being evaluated. */
export interface Step {
  readonly host: string;
  readonly variable: Variable;
  /** `name`, `name.key`, `name[0]`. */
  readonly path: string;
}

import type { Variable } from '../variables/value.ts';

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

/** A variable, or a part of one, whose template is being evaluated. */
export interface Step {
  readonly host: string;
  readonly variable: Variable;
  /** `name`, `name.key`, `name[0]`. */
  readonly path: string;
}

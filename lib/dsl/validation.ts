import { is, said, usage } from './options/options.ts';
import { type Sh, sh } from './shell/sh.ts';

/** Shell that ends with 0 if a file with the new content would be good; it is given a path to read it from, once. */
export type Validate = (path: string) => Sh;

/** What a role gave as `validate` of `thing`, for the path `from`; throws exit code 1 where that is not shell. */
export function validationOf(thing: string, from: string, validate: Validate | undefined): Sh | undefined {
  if (validate === undefined) return undefined;
  const given: unknown = validate(from);
  if (is.sh.holds(given)) return given as Sh;
  throw usage(
    `${thing}: validate gives ${said('validate', given)}, shell was wanted`,
    'write validate: (path) => sh`…`',
  );
}

/** Asks a validation that reads from `/dev/stdin`. */
export function asked(text: string, validate: Sh): Sh {
  return sh`printf %s ${text} | (${validate}) 2>&1`;
}

/** Ends where a validation has refused. */
export function orRefused(path: string, drop: Sh = sh`:`): Sh {
  return sh` || { echo ${`the new content of ${path} is refused by its validation`}; ${drop}; exit 1; }`;
}

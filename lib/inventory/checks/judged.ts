import type { Role, Vars } from '../../dsl/role.ts';
import { type Position, QuorateErrors } from '../../errors.ts';
import { checkNames } from './names.ts';
import { Problems } from './problems.ts';
import { loadVarChecker } from './validate.ts';

/** Variables for a role as it would get them from an inventory; throws an Error that says all that is wrong with them. */
export type Judge = (host: string, role: Pick<Role, 'name' | 'vars' | 'required'>, vars: Vars) => Vars;

/** The place of a variable that stands in no file; it is not told. */
const NOWHERE: Position = { file: '', line: 1, column: 1 };

/** Loads what judges variables that stand in no inventory: those of a test. */
export async function loadJudge(): Promise<Judge> {
  const checkerOf = await loadVarChecker();
  return (host, { name: role, vars: schema, required = [] }, vars) => {
    const problems = new Problems();
    const given = Object.entries(vars).filter(([, value]) => value !== undefined);
    const setting = (value: unknown) => ({ value, position: NOWHERE, folder: undefined });
    const settings = new Map(given.map(([name, value]) => [name, setting(value)]));
    checkNames(
      given.map(([name, value]) => ({ name, position: NOWHERE, value })),
      schema,
      problems,
    );
    const checked = checkerOf(schema).check(host, settings, problems, true);
    throwInWords(problems);
    const missing = required.filter((one) => checked[one] === undefined);
    if (missing.length > 0) throw new Error(`role ${role} needs a value for ${missing.join(', ')}`);
    return { ...vars, ...checked };
  };
}

/** A test runner shows the message of an error and no more. */
function throwInWords(problems: Problems): void {
  try {
    problems.throwIfAny();
  } catch (error) {
    if (!(error instanceof QuorateErrors)) throw error;
    const lines = error.errors.map(({ message, hint }) =>
      hint === undefined ? message : `${message}; ${hint}`,
    );
    throw new Error(lines.join('\n'));
  }
}

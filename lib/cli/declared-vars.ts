import { isPlainObject } from '../dsl/common/plain-object.ts';
import { isSame } from '../dsl/common/same.ts';
import type { Role, VarSchema } from '../dsl/role.ts';
import { positionOf } from '../dsl/trace/position.ts';
import { EXIT, QuorateError, QuorateErrors } from '../errors.ts';

type Declaring = Pick<Role, 'name' | 'vars' | 'writtenAt'>;

/**
 * The variables that a playbook and its roles declare. An inventory has one value for each name, judged by one schema, so
 * roles that declare a name differently are refused (1). What only people read may differ; a secret of one is a secret of
 * all, and so is a default.
 */
export function declaredVars(flags: readonly VarSchema[], roles: readonly Declaring[]): VarSchema {
  const first = new Map<string, Declaring>();
  const schema: Record<string, VarSchema[string]> = Object.assign({}, ...flags);
  const errors: QuorateError[] = [];
  for (const role of new Set(roles))
    for (const [variable, own] of Object.entries(role.vars)) {
      const before = first.get(variable);
      const words = before === undefined ? [] : differingWords(variable, before, role);
      if (before !== undefined && words.length > 0) errors.push(contradiction(variable, before, role, words));
      const usual = before?.vars[variable]?.default;
      if (usual === undefined) first.set(variable, role);
      const isSecret = schema[variable]?.secret === true || own.secret === true;
      schema[variable] = {
        ...own,
        ...(own.default === undefined && usual !== undefined && { default: usual }),
        ...(isSecret && { secret: true }),
      };
    }
  if (errors.length > 0) throw new QuorateErrors(errors);
  return schema;
}

/** The words of a schema by which two roles judge one variable differently; one may need it, and the other not. */
function differingWords(variable: string, ...roles: readonly [Declaring, Declaring]): readonly string[] {
  const [one = {}, other = {}] = roles.map(({ vars }) => {
    const { secret: _, ...schema } = vars[variable] ?? {};
    return meaningOf(schema);
  });
  return Object.keys({ ...one, ...other }).filter((word) => {
    const isMissing = word === 'default' && (one[word] === undefined || other[word] === undefined);
    return !isMissing && !isSame(one[word], other[word]);
  });
}

/** Words that only people read, those whose order says nothing, and those with a value after them, and no schema. */
const ANNOTATIONS = ['title', 'description', 'examples', '$comment', 'deprecated'];
const SETS = ['type', 'enum', 'required'];
const VALUES = ['default', 'const'];

/** What it says of a value, in one form. A property with the name of a word has an object after it. */
function meaningOf(schema: VarSchema[string]): VarSchema[string] {
  const inner = (value: unknown): unknown => {
    if (Array.isArray(value)) return value.map(inner);
    return isPlainObject(value) ? meaningOf(value) : value;
  };
  const meant = (word: string, value: unknown) => {
    if (VALUES.includes(word)) return value;
    return SETS.includes(word) && !isPlainObject(value)
      ? [value]
          .flat()
          .map((one) => JSON.stringify(one))
          .sort()
      : inner(value);
  };
  return Object.fromEntries(
    Object.entries(schema)
      .filter(([word, value]) => !ANNOTATIONS.includes(word) || isPlainObject(value))
      .map(([word, value]) => [word, meant(word, value)]),
  );
}

function contradiction(
  variable: string,
  first: Declaring,
  second: Declaring,
  words: readonly string[],
): QuorateError {
  const [before, position] = [first, second].map(({ writtenAt }) => writtenAt && positionOf(writtenAt));
  const other = before === undefined ? '' : `the first is at ${before.file}:${before.line}; `;
  return new QuorateError(
    `the roles ${first.name} and ${second.name} declare the variable ${variable} differently`,
    {
      exitCode: EXIT.usage,
      hint: `they differ in ${words.join(', ')}; ${other}let both say the same, or give one of them another name`,
      ...(position && { position }),
    },
  );
}

import { TemplateError } from './errors.ts';
import { LARGEST } from './operators.ts';
import { Blank, defined, intOf, Undefined, type Value } from './values.ts';

/** What filters and tests may ask of the template that uses them. */
export interface Context {
  filter(name: string, value: Value, args: readonly Value[], named?: ReadonlyMap<string, Value>): Value;
  test(name: string, value: Value, args: readonly Value[], named?: ReadonlyMap<string, Value>): boolean;
  item(of: Value, key: Value): Value;
}

/** A filter or a test, as templates call it. */
export type Plugin = (
  value: Value,
  args: readonly Value[],
  named: ReadonlyMap<string, Value>,
  context: Context,
) => Value;

/** Arguments of a call by the name of their parameter; those that were not given are not there. */
export interface Given {
  get(name: string): Value | undefined;
  text(name: string): string | undefined;
  flag(name: string): boolean;
  /** The argument; throws where it was not given. */
  need(name: string): Value;
  /** A whole number up to LARGEST; throws for anything else, and where nothing is given and nothing usual. */
  int(name: string, usual?: number): number;
  /** White space to indent by: a text, or a number of spaces. */
  indent(name: string, usual: number): string;
}

/** A table of plugins under all their names: `'d default'` is two of one. */
export function table(entries: Readonly<Record<string, Plugin>>): ReadonlyMap<string, Plugin> {
  return new Map(
    Object.entries(entries).flatMap(([names, one]) => names.split(' ').map((name) => [name, one] as const)),
  );
}

/**
 * A plugin whose parameters have these names, in their order. What is missing goes through it, so that a `default` after
 * it has its turn.
 */
export function plugin(
  parameters: string,
  run: (value: Exclude<Value, Undefined>, given: Given, context: Context) => Value,
): Plugin {
  return (value, args, named, context) => {
    if (value instanceof Undefined && !(value instanceof Blank)) return value;
    return run(value instanceof Blank ? '' : defined(value), bind(parameters, args, named), context);
  };
}

export function bind(parameters: string, args: readonly Value[], named: ReadonlyMap<string, Value>): Given {
  const names = parameters.split(' ').filter(Boolean);
  if (args.length > names.length) throw new TemplateError('there are more arguments than are known here');
  const unknown = [...named.keys()].find((name) => !names.includes(name));
  if (unknown !== undefined) throw new TemplateError(`the argument "${unknown}" is not known here`);
  const get = (name: string) => {
    const value = named.get(name) ?? args[names.indexOf(name)];
    if (value instanceof Undefined) throw value.error();
    return value;
  };
  const need = (name: string) => {
    const value = get(name);
    if (value === undefined) throw new TemplateError(`the argument "${name}" is missing`);
    return value;
  };
  const int = (name: string, usual?: number) => {
    const number = intOf(get(name) ?? usual ?? need(name));
    if (number === undefined || Math.abs(number) > LARGEST)
      throw new TemplateError(`the argument "${name}" is not a whole number up to ${LARGEST}`);
    return number;
  };
  return {
    get,
    need,
    int,
    indent(name, usual) {
      const value = get(name);
      return typeof value === 'string' ? value : ' '.repeat(Math.max(0, int(name, usual)));
    },
    text(name) {
      const value = get(name);
      if (value === undefined || value === null) return undefined;
      if (typeof value !== 'string') throw new TemplateError(`the argument "${name}" is not text`);
      return value;
    },
    flag: (name) => get(name) === true,
  };
}

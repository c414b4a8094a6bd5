import { TemplateError } from './errors.ts';
import { Blank, defined, Undefined, type Value } from './values.ts';

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
}

/** A table of plugins under all their names: `'d default'` is two of one. */
export function table(entries: Readonly<Record<string, Plugin>>): ReadonlyMap<string, Plugin> {
  return new Map(
    Object.entries(entries).flatMap(([names, one]) => names.split(' ').map((name) => [name, one] as const)),
  );
}

/** A plugin whose parameters have these names, in their order; what it works on is there. */
export function plugin(
  parameters: string,
  run: (value: Exclude<Value, Undefined>, given: Given, context: Context) => Value,
): Plugin {
  return (value, args, named, context) =>
    run(value instanceof Blank ? '' : defined(value), bind(parameters, args, named), context);
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
  return {
    get,
    text(name) {
      const value = get(name);
      if (value === undefined || value === null) return undefined;
      if (typeof value !== 'string') throw new TemplateError(`the argument "${name}" is not text`);
      return value;
    },
    flag: (name) => get(name) === true,
  };
}

import { called, TemplateError } from './errors.ts';
import { mapping } from './filters/collections.ts';
import { FILTERS } from './filters/index.ts';
import { Turn } from './loop.ts';
import { FUNCTIONS, methodOf } from './methods.ts';
import type { Names } from './names.ts';
import { binary, compares } from './operators.ts';
import type { Context } from './plugin.ts';
import { bound, slice } from './slice.ts';
import type { Arguments, Expression } from './syntax/ast.ts';
import { TESTS } from './tests.ts';
import {
  Blank,
  Callable,
  Dict,
  defined,
  float,
  intOf,
  isFloat,
  isList,
  iterate,
  keyOf,
  kindOf,
  Long,
  numberOf,
  Omit,
  truthy,
  Undefined,
  type Value,
  whole,
} from './values.ts';

/** What one template may do: more would be an endless loop, or as good as one. */
const STEPS = 1_000_000;

/** What expressions of one template are worth, by the names that it has at that point. */
export class Expressions implements Context {
  protected names: Names;
  #steps = 0;
  /** Lists that the template itself makes: only these may be appended to. */
  readonly #lists = new WeakSet<Value[]>();

  constructor(names: Names) {
    this.names = names;
  }

  protected value(node: Expression): Value {
    this.step();
    switch (node.kind) {
      case 'literal':
        return node.float && typeof node.value === 'number' ? float(node.value) : node.value;
      case 'name':
        return this.#name(node.name);
      case 'list':
        return this.#own(this.#items(node.items));
      case 'tuple':
        return this.#items(node.items);
      case 'dict':
        return Dict.of(
          node.items
            .map(([key, value]) => [keyOf(this.value(key)), this.value(value)] as const)
            .filter(([, value]) => !(value instanceof Omit)),
        );
      case 'item':
        return this.#itemOf(node);
      case 'slice':
        return slice(
          defined(this.value(node.of)),
          node.bounds.map((one) => one && bound(this.value(one))),
        );
      case 'call':
        return this.#call(node.of, node.args);
      case 'filter':
        return this.filtered(node.name, this.value(node.of), node.args);
      case 'test':
        return this.test(node.name, this.value(node.of), ...this.args(node.args));
      case 'unary':
        return this.#unary(node.operator, this.value(node.of));
      case 'binary':
        return this.#binary(node.operator, node.left, node.right);
      case 'compare':
        return this.#compare(node.first, node.others);
      case 'if':
        if (truthy(this.value(node.test))) return this.value(node.value);
        return node.otherwise
          ? this.value(node.otherwise)
          : new Blank('an "if" without "else" has no value here');
    }
  }

  #items(items: readonly Expression[]): Value[] {
    return items.map((item) => this.value(item)).filter((item) => !(item instanceof Omit));
  }

  #own<T extends Value>(value: T): T {
    if (Array.isArray(value)) this.#lists.add(value);
    return value;
  }

  /** A value that a later `append` leaves alone. */
  protected asItIs(value: Value): Value {
    return Array.isArray(value) && this.#lists.has(value) ? [...value] : value;
  }

  #name(name: string): Value {
    const found = this.names.get(name);
    return found !== undefined
      ? found
      : (FUNCTIONS.get(name) ?? new Undefined(`the variable "${name}" is not set`));
  }

  #itemOf({ of, key }: Extract<Expression, { kind: 'item' }>): Value {
    const [whole, name] = [this.value(of), this.value(key)];
    const found = this.item(whole, name);
    const known = !(found instanceof Undefined) || found.error().trail.length > 0;
    if (known || whole instanceof Undefined) return found;
    return new Undefined(`${pathOf(of)} has no ${shownKey(name, key)}`);
  }

  /** An item or attribute; methods are looked up where they are called. */
  item(of: Value, key: Value): Value {
    if (of instanceof Undefined) return of instanceof Blank ? new Undefined(of.error()) : of;
    const used = key instanceof Blank ? key : defined(key);
    if (used instanceof Undefined || used instanceof Dict || isList(used))
      return new Undefined('nothing has such a key');
    if (of instanceof Dict) return of.get(key) ?? new Undefined('a key is not there');
    const at = intOf(key);
    const items = isList(of) ? of : typeof of === 'string' ? [...of] : [];
    if (at === undefined) return new Undefined('an attribute is not there');
    return (
      items.at(at) ??
      (at < items.length && at >= -items.length ? null : new Undefined('an item is not there'))
    );
  }

  #call(of: Expression, args: Arguments): Value {
    const [positional, named] = this.args(args);
    if (of.kind === 'item' && of.dotted && of.key.kind === 'literal') {
      const whole = defined(this.value(of.of));
      const name = String(of.key.value);
      if (name === 'append' && isList(whole)) return this.#append(whole, positional);
      const method = methodOf(whole, name);
      if (method) return called(`the method "${name}"`, () => method(positional, named));
      const own = this.item(whole, of.key.value);
      if (own instanceof Undefined)
        throw new TemplateError(`${kindOf(whole)} has no method "${name}" that is known here`);
    }
    const found = this.value(of);
    if (found instanceof Undefined && of.kind === 'name')
      throw new TemplateError(`the function "${of.name}" is not known here`);
    if (found instanceof Turn) return found.again(positional[0] ?? null);
    if (defined(found) instanceof Callable) {
      const { name, call } = found as Callable;
      return called(`the function "${name}"`, () => call(positional, named));
    }
    throw new TemplateError(`${kindOf(found)} cannot be called`);
  }

  /** `list.append(item)`, which changes the list and gives nothing. */
  #append(list: readonly Value[], args: readonly Value[]): null {
    const [item = null] = args;
    if (args.length !== 1) throw new TemplateError('append() takes one item');
    const own = list as Value[];
    if (!this.#lists.has(own))
      throw new TemplateError('append() is for a list that the template itself makes: {% set x = [] %}');
    if (!(defined(item) instanceof Omit)) own.push(item);
    return null;
  }

  protected args({
    positional,
    named,
    spread = [],
  }: Arguments): [readonly Value[], ReadonlyMap<string, Value>] {
    const values = positional.map((one) => this.value(one));
    const entries = named.map(([name, one]) => [name, this.value(one)] as const);
    for (const [kind, one] of spread) {
      const value = defined(this.value(one));
      if (kind === '*') values.push(...iterate(value));
      else
        entries.push(
          ...mapping(value)
            .entries()
            .map(([key, item]) => [String(key), item] as const),
        );
    }
    const twice = entries.find(([name], at) => entries.findIndex(([other]) => other === name) < at);
    if (twice) throw new TemplateError(`the argument "${twice[0]}" has several values`);
    return [values, new Map(entries)];
  }

  protected filtered(name: string, value: Value, args: Arguments): Value {
    return this.filter(name, value, ...this.args(args));
  }

  filter(
    name: string,
    value: Value,
    args: readonly Value[],
    named: ReadonlyMap<string, Value> = new Map(),
  ): Value {
    this.step();
    const filter = FILTERS.get(name);
    if (filter === undefined) throw new TemplateError(`the filter "${name}" is not known here`);
    return called(`the filter "${name}"`, () => filter(value, args, named, this));
  }

  test(
    name: string,
    value: Value,
    args: readonly Value[],
    named: ReadonlyMap<string, Value> = new Map(),
  ): boolean {
    this.step();
    const test = TESTS.get(name);
    if (test === undefined) throw new TemplateError(`the test "is ${name}" is not known here`);
    return called(`the test "is ${name}"`, () => truthy(test(value, args, named, this)));
  }

  #unary(operator: string, of: Value): Value {
    if (operator === 'not') return !truthy(of);
    if (of instanceof Long) return operator === '-' ? whole(-of.whole) : of;
    const number = numberOf(defined(of));
    if (number === undefined) throw new TemplateError(`"${operator}" does not go with ${kindOf(of)}`);
    const result = operator === '-' ? -number : number;
    return isFloat(of) ? float(result) : result;
  }

  #binary(operator: string, left: Expression, right: Expression): Value {
    const first = this.value(left);
    if (operator === 'and') return truthy(first) ? this.value(right) : first;
    if (operator === 'or') return truthy(first) ? first : this.value(right);
    return this.#own(binary(operator, first, this.value(right)));
  }

  #compare(first: Expression, others: readonly (readonly [string, Expression])[]): boolean {
    let left = this.value(first);
    return others.every(([operator, operand]) => {
      const right = this.value(operand);
      const holds = compares(operator, left, right);
      left = right;
      return holds;
    });
  }

  protected step(): void {
    if (++this.#steps > STEPS) throw new TemplateError('this takes too long');
  }
}

/** What is written in front of a key, for a message: names and plain keys alone. */
function pathOf(node: Expression): string {
  if (node.kind === 'name') return `"${node.name}"`;
  if (node.kind === 'item' && node.key.kind === 'literal')
    return `"${pathOf(node.of).replaceAll('"', '')}.${node.key.value}"`;
  return 'a value here';
}

/** A key that the template itself spells; one that comes out of a variable is not shown. */
function shownKey(value: Value, node: Expression): string {
  const what = typeof value === 'number' ? 'item' : 'key';
  return node.kind === 'literal' ? `${what} "${node.value}"` : `such ${what}`;
}

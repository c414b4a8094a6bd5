import { called, TemplateError } from './errors.ts';
import { mapping } from './filters/collections.ts';
import { FILTERS } from './filters/index.ts';
import { Loop, Turn } from './loop.ts';
import { FUNCTIONS, methodOf } from './methods.ts';
import { binary, compares } from './operators.ts';
import type { Context } from './plugin.ts';
import type { Arguments, Expression, Node, Target } from './syntax/ast.ts';
import { lineEndsOf, type Template } from './syntax/parse.ts';
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
  Namespace,
  numberOf,
  Omit,
  textOf,
  truthy,
  Undefined,
  type Value,
  whole,
} from './values.ts';

/** Where names are looked up; undefined for one that is not there. */
export interface Scope {
  get(name: string): Value | undefined;
}

type For = Extract<Node, { kind: 'for' }>;

/** Loops in themselves. */
const DEEPEST = 100;

/** What one template may do: more would be an endless loop, or as good as one. */
const STEPS = 1_000_000;

/**
 * What Ansible makes of a template: one value alone keeps its type, several are joined as text in which nothing
 * stands for null (ansible-core 2.19, `_jinja_bits.py`). Throws TemplateError.
 */
export function evaluate({ nodes, lineEnds }: Template, scope: Scope): Value {
  const result = called('a template', () => new Evaluation(new Names(scope)).run(nodes));
  if (typeof result !== 'string') return result;
  return `${result}${'\n'.repeat(Math.max(0, lineEnds - lineEndsOf(result)))}`;
}

/** Names that a template sets, on top of others. */
class Names implements Scope {
  readonly #own = new Map<string, Value>();
  readonly #outer: Scope;

  constructor(outer: Scope) {
    this.#outer = outer;
  }

  get(name: string): Value | undefined {
    return this.#own.has(name) ? this.#own.get(name) : this.#outer.get(name);
  }

  set(name: string, value: Value): void {
    this.#own.set(name, value);
  }
}

class Evaluation implements Context {
  #names: Names;
  #steps = 0;
  /** Lists that the template itself makes: only these may be appended to. */
  readonly #lists = new WeakSet<Value[]>();

  constructor(names: Names) {
    this.#names = names;
  }

  run(nodes: readonly Node[]): Value {
    const pieces: Value[] = [];
    this.#nodes(nodes, pieces);
    return joined(pieces);
  }

  #text(nodes: readonly Node[]): string {
    const result = this.run(nodes);
    return result === null ? '' : textOf(result);
  }

  #nodes(nodes: readonly Node[], pieces: Value[]): void {
    for (const node of nodes) this.#node(node, pieces);
  }

  #node(node: Node, pieces: Value[]): void {
    this.#step();
    if (node.kind === 'text') pieces.push(node.text);
    else if (node.kind === 'output') pieces.push(this.#asItIs(this.#value(node.of)));
    else if (node.kind === 'if') {
      const taken = node.branches.find(({ test }) => truthy(this.#value(test)));
      this.#nodes(taken?.body ?? node.otherwise, pieces);
    } else if (node.kind === 'for') this.#for(node, pieces);
    else if (node.kind === 'set') {
      const value = isNodes(node.value) ? this.#text(node.value) : this.#value(node.value);
      this.#assign(node.target, value);
    } else if (node.kind === 'with') {
      const values = node.values.map(([target, of]) => [target, this.#value(of)] as const);
      this.#inside(() => {
        for (const [target, value] of values) this.#assign(target, value);
        this.#nodes(node.body, pieces);
      });
    } else if (node.kind === 'macro') this.#names.set(node.name, this.#macro(node));
    else {
      const text = this.#inside(() => this.#text(node.body));
      pieces.push(this.#filtered(node.name, text, node.args));
    }
  }

  #for(node: For, pieces: Value[], all = iterate(this.#value(node.of)), depth = 0): void {
    const { target, only, body, otherwise } = node;
    const items =
      only === undefined
        ? all
        : all.filter((item) =>
            this.#inside(() => {
              this.#assign(target, item);
              return truthy(this.#value(only));
            }),
          );
    if (items.length === 0) this.#nodes(otherwise, pieces);
    const home = this.#names;
    const loop = new Loop(
      items,
      depth,
      node.recursive && ((others) => this.#again(node, others, home, depth + 1)),
    );
    for (const [index, item] of items.entries())
      this.#inside(() => {
        this.#step();
        this.#assign(target, item);
        this.#names.set('loop', loop.at(index));
        this.#nodes(body, pieces);
      });
  }

  #again(node: For, others: Value, home: Names, depth: number): Value {
    if (depth > DEEPEST) throw new TemplateError('a loop goes too deep');
    return this.#at(home, () => {
      const pieces: Value[] = [];
      this.#for(node, pieces, iterate(others), depth);
      return joined(pieces);
    });
  }

  #macro({ name, parameters, body }: Extract<Node, { kind: 'macro' }>): Callable {
    const home = this.#names;
    return new Callable(name, (args, named) =>
      this.#at(home, () => {
        for (const [at, [parameter, usual]] of parameters.entries()) {
          const given = args[at] ?? named.get(parameter);
          const value = given ?? (usual && this.#value(usual));
          this.#names.set(parameter, value ?? new Undefined(`the macro ${name} is not told "${parameter}"`));
        }
        return this.#text(body);
      }),
    );
  }

  #inside<T>(work: () => T): T {
    return this.#at(this.#names, work);
  }

  /** Works in names of its own, on top of these. */
  #at<T>(home: Names, work: () => T): T {
    const outer = this.#names;
    this.#names = new Names(home);
    try {
      return work();
    } finally {
      this.#names = outer;
    }
  }

  #assign(target: Target, value: Value): void {
    if (target.kind === 'attribute') {
      const namespace = this.#names.get(target.name);
      if (!(namespace instanceof Namespace)) throw new TemplateError(`"${target.name}" is no namespace()`);
      namespace.set(target.attribute, value);
    } else if (target.one) this.#names.set(target.names[0] ?? '', value);
    else {
      const items = iterate(value);
      if (items.length !== target.names.length)
        throw new TemplateError(`${items.length} values do not go into ${target.names.join(', ')}`);
      for (const [at, name] of target.names.entries()) this.#names.set(name, items[at] ?? null);
    }
  }

  #value(node: Expression): Value {
    this.#step();
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
            .map(([key, value]) => [keyOf(this.#value(key)), this.#value(value)] as const)
            .filter(([, value]) => !(value instanceof Omit)),
        );
      case 'item':
        return this.#itemOf(node);
      case 'slice':
        return slice(
          defined(this.#value(node.of)),
          node.bounds.map((one) => one && bound(this.#value(one))),
        );
      case 'call':
        return this.#call(node.of, node.args);
      case 'filter':
        return this.#filtered(node.name, this.#value(node.of), node.args);
      case 'test':
        return this.test(node.name, this.#value(node.of), ...this.#args(node.args));
      case 'unary':
        return this.#unary(node.operator, this.#value(node.of));
      case 'binary':
        return this.#binary(node.operator, node.left, node.right);
      case 'compare':
        return this.#compare(node.first, node.others);
      case 'if':
        if (truthy(this.#value(node.test))) return this.#value(node.value);
        return node.otherwise
          ? this.#value(node.otherwise)
          : new Blank('an "if" without "else" has no value here');
    }
  }

  #items(items: readonly Expression[]): Value[] {
    return items.map((item) => this.#value(item)).filter((item) => !(item instanceof Omit));
  }

  #own<T extends Value>(value: T): T {
    if (Array.isArray(value)) this.#lists.add(value);
    return value;
  }

  /** A value that a later `append` leaves alone. */
  #asItIs(value: Value): Value {
    return Array.isArray(value) && this.#lists.has(value) ? [...value] : value;
  }

  #name(name: string): Value {
    const found = this.#names.get(name);
    return found !== undefined
      ? found
      : (FUNCTIONS.get(name) ?? new Undefined(`the variable "${name}" is not set`));
  }

  #itemOf({ of, key }: Extract<Expression, { kind: 'item' }>): Value {
    const [whole, name] = [this.#value(of), this.#value(key)];
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
    const [positional, named] = this.#args(args);
    if (of.kind === 'item' && of.dotted && of.key.kind === 'literal') {
      const whole = defined(this.#value(of.of));
      const name = String(of.key.value);
      if (name === 'append' && isList(whole)) return this.#append(whole, positional);
      const method = methodOf(whole, name);
      if (method) return called(`the method "${name}"`, () => method(positional, named));
      const own = this.item(whole, of.key.value);
      if (own instanceof Undefined)
        throw new TemplateError(`${kindOf(whole)} has no method "${name}" that is known here`);
    }
    const found = this.#value(of);
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

  #args({ positional, named, spread = [] }: Arguments): [readonly Value[], ReadonlyMap<string, Value>] {
    const values = positional.map((one) => this.#value(one));
    const entries = named.map(([name, one]) => [name, this.#value(one)] as const);
    for (const [kind, one] of spread) {
      const value = defined(this.#value(one));
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

  #filtered(name: string, value: Value, args: Arguments): Value {
    return this.filter(name, value, ...this.#args(args));
  }

  filter(
    name: string,
    value: Value,
    args: readonly Value[],
    named: ReadonlyMap<string, Value> = new Map(),
  ): Value {
    this.#step();
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
    this.#step();
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
    const first = this.#value(left);
    if (operator === 'and') return truthy(first) ? this.#value(right) : first;
    if (operator === 'or') return truthy(first) ? first : this.#value(right);
    return this.#own(binary(operator, first, this.#value(right)));
  }

  #compare(first: Expression, others: readonly (readonly [string, Expression])[]): boolean {
    let left = this.#value(first);
    return others.every(([operator, operand]) => {
      const right = this.#value(operand);
      const holds = compares(operator, left, right);
      left = right;
      return holds;
    });
  }

  #step(): void {
    if (++this.#steps > STEPS) throw new TemplateError('this takes too long');
  }
}

/** One value keeps its type; several are a text, in which nothing stands for null. */
function joined(pieces: readonly Value[]): Value {
  const [first] = pieces;
  if (pieces.length === 1 && first !== undefined) return first;
  const told = pieces.filter((piece) => piece !== null && !(piece instanceof Omit));
  return told.length > 1 ? told.map(textOf).join('') : (told[0] ?? null);
}

function isNodes(value: Expression | readonly Node[]): value is readonly Node[] {
  return Array.isArray(value);
}

function bound(value: Value): number | undefined {
  const at = value === null ? undefined : intOf(defined(value));
  if (at === undefined && value !== null) throw new TemplateError(`${kindOf(value)} cannot bound a slice`);
  return at;
}

/** Python's `[start:stop:step]`. */
function slice(of: Value, [from, to, by = 1]: readonly (number | undefined)[]): Value {
  if (by === 0) throw new TemplateError('a slice has a step of 0');
  if (!isList(of) && typeof of !== 'string') throw new TemplateError(`${kindOf(of)} cannot be sliced`);
  const items: readonly Value[] = typeof of === 'string' ? [...of] : of;
  const size = items.length;
  const bound = (at: number | undefined, usual: number) =>
    at === undefined
      ? usual
      : Math.min(Math.max(at < 0 ? at + size : at, by > 0 ? 0 : -1), by > 0 ? size : size - 1);
  const [start, stop] = [bound(from, by > 0 ? 0 : size - 1), bound(to, by > 0 ? size : -1)];
  const taken: Value[] = [];
  for (let at = start; by > 0 ? at < stop : at > stop; at += by) taken.push(items[at] ?? null);
  return typeof of === 'string' ? taken.join('') : taken;
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

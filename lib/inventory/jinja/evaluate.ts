import { called, TemplateError } from './errors.ts';
import { Expressions } from './expressions.ts';
import { Loop } from './loop.ts';
import { Names, type Scope } from './names.ts';
import type { Expression, Node, Target } from './syntax/ast.ts';
import { lineEndsOf, type Template } from './syntax/parse.ts';
import { Callable, iterate, Namespace, Omit, textOf, truthy, Undefined, type Value } from './values.ts';

type For = Extract<Node, { kind: 'for' }>;

/** Loops in themselves. */
const DEEPEST = 100;

/**
 * What Ansible makes of a template: one value alone keeps its type, several are joined as text in which nothing
 * stands for null (ansible-core 2.19, `_jinja_bits.py`). Throws TemplateError.
 */
export function evaluate({ nodes, lineEnds }: Template, scope: Scope): Value {
  const result = called('a template', () => new Evaluation(new Names(scope)).run(nodes));
  if (typeof result !== 'string') return result;
  return `${result}${'\n'.repeat(Math.max(0, lineEnds - lineEndsOf(result)))}`;
}

class Evaluation extends Expressions {
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
    this.step();
    if (node.kind === 'text') pieces.push(node.text);
    else if (node.kind === 'output') pieces.push(this.asItIs(this.value(node.of)));
    else if (node.kind === 'if') {
      const taken = node.branches.find(({ test }) => truthy(this.value(test)));
      this.#nodes(taken?.body ?? node.otherwise, pieces);
    } else if (node.kind === 'for') this.#for(node, pieces);
    else if (node.kind === 'set') {
      const value = isNodes(node.value) ? this.#text(node.value) : this.value(node.value);
      this.#assign(node.target, value);
    } else if (node.kind === 'with') {
      const values = node.values.map(([target, of]) => [target, this.value(of)] as const);
      this.#inside(() => {
        for (const [target, value] of values) this.#assign(target, value);
        this.#nodes(node.body, pieces);
      });
    } else if (node.kind === 'macro') this.names.set(node.name, this.#macro(node));
    else {
      const text = this.#inside(() => this.#text(node.body));
      pieces.push(this.filtered(node.name, text, node.args));
    }
  }

  #for(node: For, pieces: Value[], all = iterate(this.value(node.of)), depth = 0): void {
    const { target, only, body, otherwise } = node;
    const items =
      only === undefined
        ? all
        : all.filter((item) =>
            this.#inside(() => {
              this.#assign(target, item);
              return truthy(this.value(only));
            }),
          );
    if (items.length === 0) this.#nodes(otherwise, pieces);
    const home = this.names;
    const loop = new Loop(
      items,
      depth,
      node.recursive && ((others) => this.#again(node, others, home, depth + 1)),
    );
    for (const [index, item] of items.entries())
      this.#inside(() => {
        this.step();
        this.#assign(target, item);
        this.names.set('loop', loop.at(index));
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
    const home = this.names;
    return new Callable(name, (args, named) =>
      this.#at(home, () => {
        for (const [at, [parameter, usual]] of parameters.entries()) {
          const given = args[at] ?? named.get(parameter);
          const value = given ?? (usual && this.value(usual));
          this.names.set(parameter, value ?? new Undefined(`the macro ${name} is not told "${parameter}"`));
        }
        return this.#text(body);
      }),
    );
  }

  #inside<T>(work: () => T): T {
    return this.#at(this.names, work);
  }

  /** Works in names of its own, on top of these. */
  #at<T>(home: Names, work: () => T): T {
    const outer = this.names;
    this.names = new Names(home);
    try {
      return work();
    } finally {
      this.names = outer;
    }
  }

  #assign(target: Target, value: Value): void {
    if (target.kind === 'attribute') {
      const namespace = this.names.get(target.name);
      if (!(namespace instanceof Namespace)) throw new TemplateError(`"${target.name}" is not a namespace()`);
      namespace.set(target.attribute, value);
    } else if (target.one) this.names.set(target.names[0] ?? '', value);
    else {
      const items = iterate(value);
      if (items.length !== target.names.length)
        throw new TemplateError(`${items.length} values do not go into ${target.names.join(', ')}`);
      for (const [at, name] of target.names.entries()) this.names.set(name, items[at] ?? null);
    }
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

import { TemplateError } from '../errors.ts';
import type { Arguments, Expression, Node, Target } from './ast.ts';
import { ExpressionReader } from './expression.ts';
import { IN_YAML, type Syntax, tokenize } from './lexer.ts';

/** A template, taken apart. */
export interface Template {
  readonly nodes: readonly Node[];
  /** Line feeds at its end: of them Jinja drops one, and Ansible has as many after text. */
  readonly lineEnds: number;
}

const parsed = new Map<string, Template>();

/** Takes a template apart; each text once. As for Jinja its lines end with a line feed, however they do. Throws TemplateError. */
export function parse(source: string, syntax: Syntax = IN_YAML): Template {
  const key = syntax === IN_YAML ? source : `${JSON.stringify(syntax)}${source}`;
  const known = parsed.get(key);
  if (known) return known;
  const text = withLineFeeds(source);
  const tokens = tokenize(text.replace(/\n$/, ''), syntax);
  const nodes = new TemplateReader(new ExpressionReader(tokens)).nodes();
  const template = { nodes, lineEnds: lineEndsOf(source) };
  parsed.set(key, template);
  return template;
}

/** How many line feeds a text ends in. */
export function lineEndsOf(text: string): number {
  let count = 0;
  while (text.at(-1 - count) === '\n') count += 1;
  return count;
}

function withLineFeeds(text: string): string {
  return text.replace(/\r\n?/g, '\n');
}

/** Tags that read other files, or that hosts of templates alone have. */
const FOREIGN_TAGS = new Set(['call', 'do', 'break', 'continue']);

/** Those that read another template. */
const OTHER_FILES = new Set(['include', 'import', 'from', 'extends']);

class TemplateReader {
  readonly #read: ExpressionReader;

  constructor(read: ExpressionReader) {
    this.#read = read;
  }

  /** Up to one of these tags, which is taken; up to the end without any. */
  nodes(...ends: readonly string[]): readonly Node[] {
    const nodes: Node[] = [];
    while (this.#read.peek() !== undefined) {
      const { kind, value } = this.#read.next();
      if (kind === 'text') nodes.push({ kind: 'text', text: value });
      else if (value === '{{') {
        nodes.push({ kind: 'output', of: this.#read.tuple() });
        this.#read.expect('close', '}}');
      } else if (ends.includes(this.#read.peek()?.value ?? '')) return nodes;
      else nodes.push(this.#tag(this.#read.expect('name')));
    }
    if (ends.length > 0) throw new TemplateError(`{% ${ends.at(-1)} %} is missing`);
    return nodes;
  }

  #tag(name: string): Node {
    if (name === 'if') return this.#if();
    if (name === 'for') return this.#for();
    if (name === 'set') return this.#set();
    if (name === 'with') return this.#with();
    if (name === 'macro') return this.#macro();
    if (name === 'filter') return this.#filter();
    if (name === 'block') return this.#block();
    if (OTHER_FILES.has(name))
      throw new TemplateError(
        `{% ${name} %} is not supported: write what it brings into this template, macros too, or give it as a value`,
      );
    throw new TemplateError(
      FOREIGN_TAGS.has(name) ? `{% ${name} %} is not supported` : `{% ${name} %} is not a known tag`,
    );
  }

  #if(): Node {
    const branches: { test: Expression; body: readonly Node[] }[] = [];
    let word = 'if';
    while (word === 'if' || word === 'elif') {
      const test = this.#read.tuple();
      this.#close();
      branches.push({ test, body: this.nodes('elif', 'else', 'endif') });
      word = this.#read.next().value;
    }
    return { kind: 'if', branches, otherwise: this.#otherwise(word, 'endif') };
  }

  #for(): Node {
    const target = this.#target();
    this.#read.expect('name', 'in');
    const of = this.#read.tuple(false);
    const only = this.#read.take('name', 'if') ? this.#read.expression() : undefined;
    const recursive = this.#read.take('name', 'recursive');
    this.#close();
    const body = this.nodes('else', 'endfor');
    return {
      kind: 'for',
      target,
      of,
      only,
      recursive,
      body,
      otherwise: this.#otherwise(this.#read.next().value, 'endfor'),
    };
  }

  /** What stands after `else`, if it was that; the end tag is taken. */
  #otherwise(word: string, end: string): readonly Node[] {
    this.#close();
    return word === 'else' ? this.#body(end) : [];
  }

  #set(): Node {
    const target = this.#target();
    if (this.#read.take('operator', '=')) {
      const value = this.#read.tuple();
      this.#close();
      return { kind: 'set', target, value };
    }
    this.#close();
    return { kind: 'set', target, value: this.#body('endset') };
  }

  #with(): Node {
    const values: [Target, Expression][] = [];
    while (!this.#read.is('close')) {
      const target = this.#target();
      this.#read.expect('operator', '=');
      values.push([target, this.#read.expression()]);
      this.#read.take('operator', ',');
    }
    this.#close();
    return { kind: 'with', values, body: this.#body('endwith') };
  }

  #macro(): Node {
    const name = this.#read.expect('name');
    const { positional, named }: Arguments = this.#read.args();
    this.#close();
    const plain = positional.map((one) => {
      if (one.kind !== 'name') throw new TemplateError(`a parameter of the macro ${name} is not a name`);
      return [one.name, undefined] as const;
    });
    return { kind: 'macro', name, parameters: [...plain, ...named], body: this.#body('endmacro') };
  }

  #filter(): Node {
    const name = this.#read.plugin();
    const none: Arguments = { positional: [], named: [] };
    const args = this.#read.is('operator', '(') ? this.#read.args() : none;
    this.#close();
    return { kind: 'filter', name, args, body: this.#body('endfilter') };
  }

  /** Its content alone: no other template takes its place here. */
  #block(): Node {
    const name = this.#read.expect('name');
    this.#read.take('name', 'scoped');
    this.#close();
    return { kind: 'with', values: [], body: this.#body('endblock', name) };
  }

  #body(end: string, name?: string): readonly Node[] {
    const body = this.nodes(end);
    this.#read.next();
    if (name !== undefined) this.#read.take('name', name);
    this.#close();
    return body;
  }

  #target(): Target {
    const names = [this.#bracketed()];
    if (this.#read.take('operator', '.'))
      return { kind: 'attribute', name: names[0] ?? '', attribute: this.#read.expect('name') };
    let one = true;
    while (this.#read.take('operator', ',')) {
      one = false;
      names.push(this.#bracketed());
    }
    this.#read.take('operator', ')');
    return { kind: 'names', names, one };
  }

  #bracketed(): string {
    this.#read.take('operator', '(');
    return this.#read.expect('name');
  }

  #close(): void {
    this.#read.expect('close', '%}');
  }
}

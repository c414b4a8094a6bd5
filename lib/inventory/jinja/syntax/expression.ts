import { TemplateError } from '../errors.ts';
import { whole } from '../values.ts';
import type { Arguments, Expression } from './ast.ts';
import type { Token } from './lexer.ts';

const NONE: Arguments = { positional: [], named: [] };

/** Reads expressions from tokens by Jinja's own order of operators (jinja2/parser.py). */
export class ExpressionReader {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  peek(ahead = 0): Token | undefined {
    return this.#tokens[this.#at + ahead];
  }

  is(kind: Token['kind'], ...values: readonly string[]): boolean {
    const token = this.peek();
    return token?.kind === kind && (values.length === 0 || values.includes(token.value));
  }

  next(): Token {
    const token = this.#tokens[this.#at];
    if (token === undefined) throw new TemplateError('the template ends too early');
    this.#at++;
    return token;
  }

  /** Takes the next token where it is this one. */
  take(kind: Token['kind'], ...values: readonly string[]): boolean {
    if (!this.is(kind, ...values)) return false;
    this.#at++;
    return true;
  }

  expect(kind: Token['kind'], value?: string): string {
    if (value === undefined ? this.is(kind) : this.is(kind, value)) return this.next().value;
    const found = this.peek()?.value ?? 'the end';
    throw new TemplateError(
      `${value === undefined ? `a ${kind}` : `"${value}"`} is wanted before "${found}"`,
    );
  }

  /** One expression, or several with commas between. */
  tuple(conditional = true): Expression {
    const read = () => (conditional ? this.expression() : this.#or());
    const first = read();
    if (!this.is('operator', ',')) return first;
    const items = [first];
    while (this.take('operator', ',')) {
      if (this.is('close') || this.is('operator', ')', ']', '=') || this.is('name', 'in')) break;
      items.push(read());
    }
    return { kind: 'tuple', items };
  }

  expression(): Expression {
    let value = this.#or();
    while (this.take('name', 'if')) {
      const test = this.#or();
      const otherwise = this.take('name', 'else') ? this.expression() : undefined;
      value = { kind: 'if', test, value, otherwise };
    }
    return value;
  }

  /** The arguments of a call, where its bracket opens. */
  args(): Arguments {
    this.expect('operator', '(');
    const positional: Expression[] = [];
    const named: [string, Expression][] = [];
    const spread: ['*' | '**', Expression][] = [];
    while (!this.take('operator', ')')) {
      if (this.is('operator', '*', '**')) spread.push([this.next().value as '*' | '**', this.expression()]);
      else if (this.is('name') && this.peek(1)?.value === '=' && this.peek(1)?.kind === 'operator') {
        const name = this.next().value;
        this.next();
        named.push([name, this.expression()]);
      } else positional.push(this.expression());
      if (!this.is('operator', ')')) this.expect('operator', ',');
    }
    return { positional, named, ...(spread.length > 0 && { spread }) };
  }

  /** The name of a filter or test; those of Ansible's own collection go by their short name. */
  plugin(): string {
    let name = this.expect('name');
    while (this.take('operator', '.')) name += `.${this.expect('name')}`;
    return name.replace(/^ansible\.(builtin|legacy)\./, '');
  }

  #or(): Expression {
    return this.#chain(['or'], 'name', () => this.#and());
  }

  #and(): Expression {
    return this.#chain(['and'], 'name', () => this.#not());
  }

  #not(): Expression {
    if (this.take('name', 'not')) return { kind: 'unary', operator: 'not', of: this.#not() };
    return this.#compare();
  }

  #compare(): Expression {
    const first = this.#sum();
    const others: [string, Expression][] = [];
    for (;;) {
      if (this.is('operator', '==', '!=', '<', '>', '<=', '>='))
        others.push([this.next().value, this.#sum()]);
      else if (this.take('name', 'in')) others.push(['in', this.#sum()]);
      else if (this.is('name', 'not') && this.peek(1)?.value === 'in') {
        this.next();
        this.next();
        others.push(['not in', this.#sum()]);
      } else return others.length === 0 ? first : { kind: 'compare', first, others };
    }
  }

  #sum(): Expression {
    return this.#chain(['+', '-'], 'operator', () =>
      this.#chain(['~'], 'operator', () =>
        this.#chain(['*', '/', '//', '%'], 'operator', () =>
          this.#chain(['**'], 'operator', () => this.#unary(true)),
        ),
      ),
    );
  }

  #chain(operators: readonly string[], kind: 'name' | 'operator', operand: () => Expression): Expression {
    let left = operand();
    while (this.is(kind, ...operators))
      left = { kind: 'binary', operator: this.next().value, left, right: operand() };
    return left;
  }

  #unary(filtered: boolean): Expression {
    const sign = this.is('operator', '-', '+') ? (this.next().value as '-' | '+') : undefined;
    const bare: Expression = sign
      ? { kind: 'unary', operator: sign, of: this.#unary(false) }
      : this.#primary();
    const value = this.#postfix(bare);
    return filtered ? this.#filtered(value) : value;
  }

  #filtered(value: Expression): Expression {
    let of = value;
    for (;;) {
      if (this.take('operator', '|')) {
        const name = this.plugin();
        of = { kind: 'filter', of, name, args: this.is('operator', '(') ? this.args() : NONE };
      } else if (this.take('name', 'is')) of = this.#test(of);
      else if (this.is('operator', '(')) of = { kind: 'call', of, args: this.args() };
      else return of;
    }
  }

  #test(of: Expression): Expression {
    const negated = this.take('name', 'not');
    const name = this.plugin();
    const test: Expression = { kind: 'test', of, name, args: this.#testArgs() };
    return negated ? { kind: 'unary', operator: 'not', of: test } : test;
  }

  /** `is version('1.2')`, and also `is divisibleby 3`. */
  #testArgs(): Arguments {
    if (this.is('operator', '(')) return this.args();
    const bare =
      this.is('string') ||
      this.is('integer') ||
      this.is('float') ||
      this.is('operator', '[', '{') ||
      (this.is('name') && !this.is('name', 'else', 'or', 'and', 'is', 'if', 'in', 'not'));
    return bare ? { positional: [this.#postfix(this.#primary())], named: [] } : NONE;
  }

  #postfix(value: Expression): Expression {
    let of = value;
    for (;;) {
      if (this.take('operator', '.')) of = { kind: 'item', of, key: this.#attribute(), dotted: true };
      else if (this.take('operator', '[')) of = this.#subscript(of);
      else if (this.is('operator', '(')) of = { kind: 'call', of, args: this.args() };
      else return of;
    }
  }

  #attribute(): Expression {
    if (this.is('integer')) return { kind: 'literal', value: Number(this.next().value) };
    return { kind: 'literal', value: this.expect('name') };
  }

  #subscript(of: Expression): Expression {
    const bounds: (Expression | undefined)[] = [undefined];
    let sliced = false;
    while (!this.take('operator', ']')) {
      if (this.take('operator', ':')) {
        sliced = true;
        bounds.push(undefined);
      } else bounds[bounds.length - 1] = this.expression();
    }
    if (sliced) return { kind: 'slice', of, bounds };
    const [key] = bounds;
    if (key === undefined) throw new TemplateError('"[]" has no key in it');
    return { kind: 'item', of, key, dotted: false };
  }

  #primary(): Expression {
    const { kind, value } = this.next();
    if (kind === 'name') return WORDS.get(value) ?? { kind: 'name', name: value };
    if (kind === 'string') {
      let text = value;
      while (this.is('string')) text += this.next().value;
      return { kind: 'literal', value: text };
    }
    if (kind === 'integer') return { kind: 'literal', value: whole(BigInt(value.replaceAll('_', ''))) };
    if (kind === 'float') return { kind: 'literal', value: Number(value.replaceAll('_', '')), float: true };
    if (value === '(' && kind === 'operator') {
      if (this.take('operator', ')')) return { kind: 'tuple', items: [] };
      const inner = this.tuple();
      this.expect('operator', ')');
      return inner;
    }
    if (value === '[' && kind === 'operator')
      return { kind: 'list', items: this.#until(']', () => this.expression()) };
    if (value === '{' && kind === 'operator')
      return {
        kind: 'dict',
        items: this.#until('}', () => {
          const key = this.expression();
          this.expect('operator', ':');
          return [key, this.expression()] as const;
        }),
      };
    throw new TemplateError(`an expression is wanted before "${value}"`);
  }

  #until<T>(closing: string, read: () => T): readonly T[] {
    const items: T[] = [];
    while (!this.take('operator', closing)) {
      items.push(read());
      if (!this.is('operator', closing)) this.expect('operator', ',');
    }
    return items;
  }
}

const WORDS: ReadonlyMap<string, Expression> = new Map(
  [
    ['true', true] as const,
    ['True', true] as const,
    ['false', false] as const,
    ['False', false] as const,
    ['none', null] as const,
    ['None', null] as const,
  ].map(([word, value]) => [word, { kind: 'literal', value }]),
);

import { scalarOf } from '../../formats/yaml-scalars.ts';
import { TemplateError } from '../errors.ts';
import { Callable, compare, Dict, defined, isList, textOf, type Value } from '../values.ts';

export interface YamlStyle {
  /** Indentation of what lies in a mapping or a list, in columns. */
  readonly indent: number;
  /** Collections in brackets: all, none, or (undefined) those that hold no other ones. */
  readonly flow: boolean | undefined;
  readonly sort: boolean;
  /** Text is parted at blanks after this column. */
  readonly width: number;
}

/** A value in YAML, to the letter as PyYAML writes it. */
export function yamlText(value: Value, style: YamlStyle): string {
  const writer = new Writer(style);
  const used = defined(value);
  const body = writer.isBlock(used) ? writer.block(used, 0) : writer.inline(used, 0, style.indent);
  return `${body}\n`;
}

type Collection = Dict | readonly Value[];

class Writer {
  readonly #style: YamlStyle;

  constructor(style: YamlStyle) {
    this.#style = { ...style, indent: style.indent > 1 && style.indent < 10 ? style.indent : 2 };
  }

  isBlock(value: Value): value is Collection {
    if (!isCollection(value) || sizeOf(value) === 0 || this.#style.flow === true) return false;
    return this.#style.flow === false || valuesOf(value).some((one) => isCollection(defined(one)));
  }

  /** A collection whose lines, but for the first, start at this column. */
  block(value: Collection, column: number): string {
    const { indent } = this.#style;
    const parts = isList(value)
      ? value.map((item) => {
          const used = defined(item);
          return this.isBlock(used)
            ? `-${' '.repeat(indent - 1)}${this.block(used, column + indent)}`
            : `- ${this.inline(used, column + 2, column + indent)}`;
        })
      : this.#entries(value).map(([key, item]) => {
          const name = `${this.inline(key, column, column)}:`;
          const used = defined(item);
          if (!this.isBlock(used))
            return `${name} ${this.inline(used, column + name.length + 1, column + indent)}`;
          const inner = isList(used) ? column : column + indent;
          return `${name}\n${' '.repeat(inner)}${this.block(used, inner)}`;
        });
    return parts.join(`\n${' '.repeat(column)}`);
  }

  /** A scalar, or a collection in brackets, from this column on; its further lines start at `next`. */
  inline(value: Value, column: number, next: number, inFlow = false): string {
    const used = defined(value);
    if (!isCollection(used)) return this.#scalar(used, column, next, inFlow);
    const items: readonly (readonly [Value | undefined, Value])[] = isList(used)
      ? used.map((item) => [undefined, item] as const)
      : this.#entries(used);
    const [open, close] = isList(used) ? '[]' : '{}';
    let text = open ?? '';
    const here = () =>
      text.includes('\n') ? text.length - text.lastIndexOf('\n') - 1 : column + text.length;
    for (const [at, [key, item]] of items.entries()) {
      if (at > 0) text += here() + 1 > this.#style.width ? `,\n${' '.repeat(next)}` : ', ';
      if (key !== undefined) text += `${this.#scalar(key, 0, 0, true)}: `;
      text += this.inline(item, here(), next + this.#style.indent, true);
    }
    return text + (close ?? '');
  }

  /** As PyYAML: keys that do not compare stay as they are. */
  #entries(value: Dict): readonly (readonly [Value, Value])[] {
    const entries = value.entries();
    if (!this.#style.sort) return entries;
    try {
      return [...entries].sort(([one], [other]) => compare(one, other));
    } catch {
      return entries;
    }
  }

  #scalar(value: Value, column: number, next: number, inFlow: boolean): string {
    if (value instanceof Callable) throw new TemplateError('a function is not YAML');
    if (value === null) return 'null';
    if (typeof value === 'boolean') return String(value);
    if (typeof value !== 'string')
      return textOf(value)
        .replace(/^(-?)(inf|nan)$/, '$1.$2')
        .replace(/^(-?\d+)e/, '$1.0e');
    if (isPlain(value, inFlow)) return this.#parted(value, column, next);
    if (UNPRINTABLE.test(value) || / \n|\n /.test(value)) return JSON.stringify(value);
    const quoted = value
      .replaceAll("'", "''")
      .replaceAll(/\n+/g, (breaks) => `${breaks}\n${' '.repeat(next)}`);
    return this.#parted(`'${quoted}'`, column, next);
  }

  /** At single blanks after the width. */
  #parted(text: string, column: number, next: number): string {
    let at = column;
    return text.replaceAll(/([^ \n]+)|(\n)|( +)/g, (piece, _word, end, blanks, offset: number) => {
      const isEdge = offset <= 1 || offset + piece.length >= text.length - 1;
      if (blanks === ' ' && at > this.#style.width && !isEdge) {
        at = next;
        return `\n${' '.repeat(next)}`;
      }
      at = end ? 0 : at + piece.length;
      return piece;
    });
  }
}

function isCollection(value: Value): value is Collection {
  return isList(value) || value instanceof Dict;
}

function sizeOf(value: Collection): number {
  return isList(value) ? value.length : value.size;
}

function valuesOf(value: Collection): readonly Value[] {
  return isList(value) ? value : value.entries().map(([, item]) => item);
}

/** What stands in double quotes alone. */
const UNPRINTABLE = /[^\n\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\u{10000}-\u{10ffff}]/u;

/** A date, which PyYAML makes of a text without quotes. */
const DATE = /^\d{4}-\d\d?-\d\d?([Tt]|[ \t]+|$)/;

function isPlain(text: string, inFlow: boolean): boolean {
  if (text === '' || scalarOf(text) !== text || DATE.test(text) || /^(=|<<|---.*|\.\.\..*)$/s.test(text))
    return false;
  if (/^[#,[\]{}&*!|>'"%@`]|^[-?:](\s|$)|^\s|\s$|: |:$| #|\n/.test(text) || UNPRINTABLE.test(text))
    return false;
  return !inFlow || !/[,?[\]{}:]/.test(text);
}

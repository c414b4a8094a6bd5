import { TemplateError } from '../errors.ts';
import { unescaped } from './unescaped.ts';

export interface Token {
  readonly kind: 'text' | 'open' | 'close' | 'name' | 'string' | 'integer' | 'float' | 'operator';
  /** `{{`, `{%`, `}}`, `%}` for what opens and closes, without signs for white space. */
  readonly value: string;
}

const OPENING = /\{[{%#]/;
const INSIDE =
  /\s+|(?<string>'(?:[^'\\]|\\[\s\S])*'|"(?:[^"\\]|\\[\s\S])*")|(?<float>\d+(?:_\d+)*(?:\.\d+(?:_\d+)*(?:[eE][+-]?\d+)?|[eE][+-]?\d+))|(?<integer>0[xX][\da-fA-F_]+|0[bB][01_]+|0[oO][0-7_]+|\d+(?:_\d+)*)|(?<name>[\p{L}_][\p{L}\p{N}_]*)|(?<operator>\*\*|\/\/|==|!=|<=|>=|[-+*/%~<>=.,:|()[\]{}])/uy;
const PAIRS: Readonly<Record<string, string>> = { ')': '(', ']': '[', '}': '{' };

/** How a template is read. */
export interface Syntax {
  /** The line end behind the tag of a block or comment goes (`trim_blocks`). */
  readonly trim: boolean;
  /** White space before one goes, back to the beginning of the line (`lstrip_blocks`). */
  readonly lstrip: boolean;
  /** A backslash in a string between `{{` and `}}` escapes what follows; else it stands for itself there. */
  readonly escapes: boolean;
}

/** As Ansible has it in inventories and playbooks. */
export const IN_YAML: Syntax = { trim: true, lstrip: false, escapes: false };

/** Takes a template apart as Ansible has Jinja do it. */
export function tokenize(source: string, { trim, lstrip, escapes }: Syntax = IN_YAML): readonly Token[] {
  const tokens: Token[] = [];
  const behind = (text: string) => (trim ? text.replace(/^\n/, '') : text);
  let rest = source;
  let trimNext = false;
  while (rest !== '') {
    const at = rest.search(OPENING);
    const opening = at < 0 ? '' : rest.slice(at, at + 2);
    const isBlock = opening !== '' && opening !== '{{';
    const isFirst = rest === source || source.at(-rest.length - 1) === '\n';
    const all = at < 0 ? rest : rest.slice(0, at);
    const text = lstrip && isBlock && rest[at + 2] !== '+' ? withoutIndent(all, isFirst) : all;
    const trimLast = opening !== '' && rest[at + 2] === '-';
    pushText(tokens, trimNext ? text.trimStart() : text, trimLast);
    if (opening === '') break;
    rest = rest.slice(at + 2);
    if (opening === '{#') [rest, trimNext] = skipComment(rest, behind);
    else if (/^[-+]?\s*raw\s*-?%\}/.test(rest) && opening === '{%')
      [rest, trimNext] = pushRaw(tokens, rest, behind);
    else {
      const read = escapes || isBlock ? unescaped : (text: string) => text;
      [rest, trimNext] = pushInside(tokens, opening, rest.replace(/^[-+]/, ''), behind, read);
    }
  }
  return tokens;
}

function pushText(tokens: Token[], text: string, trimEnd: boolean): void {
  const value = trimEnd ? text.trimEnd() : text;
  if (value !== '') tokens.push({ kind: 'text', value });
}

/** A text without the white space behind its last line end; `isFirst`: it begins a line itself. */
function withoutIndent(text: string, isFirst: boolean): string {
  const at = text.lastIndexOf('\n') + 1;
  return (at > 0 || isFirst) && /^[^\S\n]*$/.test(text.slice(at)) ? text.slice(0, at) : text;
}

type Behind = (text: string) => string;
type Rest = [rest: string, trimNext: boolean];

function skipComment(rest: string, behind: Behind): Rest {
  const end = rest.indexOf('#}');
  if (end < 0) throw new TemplateError('a comment ({#) is not closed');
  return [behind(rest.slice(end + 2)), rest[end - 1] === '-'];
}

function pushRaw(tokens: Token[], rest: string, behind: Behind): Rest {
  const parts = /^[-+]?\s*raw\s*(-?)%\}([\s\S]*?)\{%([-+]?)\s*endraw\s*([-+]?)%\}/.exec(rest);
  if (!parts) throw new TemplateError('{% raw %} has no {% endraw %}');
  const [whole, first, text = '', last, after] = parts;
  pushText(tokens, first === '-' ? text.trimStart() : text, last === '-');
  return [behind(rest.slice(whole.length)), after === '-'];
}

function pushInside(
  tokens: Token[],
  opening: string,
  rest: string,
  behind: Behind,
  read: (text: string) => string,
): Rest {
  const closing = opening === '{{' ? '}}' : '%}';
  const open: string[] = [];
  tokens.push({ kind: 'open', value: opening });
  for (let at = 0; at < rest.length; ) {
    const end = open.length === 0 && new RegExp(`[-+]?${closing}`, 'y');
    if (end) {
      end.lastIndex = at;
      const [sign] = end.exec(rest) ?? [];
      if (sign !== undefined) {
        tokens.push({ kind: 'close', value: closing });
        const after = rest.slice(at + sign.length);
        return [closing === '%}' && sign[0] !== '+' ? behind(after) : after, sign[0] === '-'];
      }
    }
    INSIDE.lastIndex = at;
    const found = INSIDE.exec(rest);
    if (!found) throw new TemplateError(`${JSON.stringify([...rest.slice(at)][0])} is not understood`);
    at += found[0].length;
    const [kind, value] = Object.entries(found.groups ?? {}).find(([, text]) => text !== undefined) ?? [];
    if (kind === undefined || value === undefined) continue;
    if (/^[([{]$/.test(value)) open.push(value);
    else if (kind === 'operator' && value in PAIRS && open.pop() !== PAIRS[value])
      throw new TemplateError(`"${value}" closes what is not open`);
    tokens.push({ kind: kind as Token['kind'], value: kind === 'string' ? read(value.slice(1, -1)) : value });
  }
  throw new TemplateError(`"${opening}" is not closed`);
}

import { isPlainObject } from '../../dsl/common/plain-object.ts';
import { Secret } from '../../dsl/secret.ts';
import { contentOf, sourcePath } from '../../dsl/source/source.ts';
import { Lazy } from '../../dsl/trace/lazy.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { nearName } from '../../near.ts';
import { fromHere } from '../../paths.ts';

const jinja = new Lazy(async () => {
  const [{ parse }, { evaluate }, { fromPlain }, { Undefined, textOf }, { TemplateError }] =
    await Promise.all([
      import('../../inventory/jinja/syntax/parse.ts'),
      import('../../inventory/jinja/evaluate.ts'),
      import('../../inventory/jinja/filters/data.ts'),
      import('../../inventory/jinja/values.ts'),
      import('../../inventory/jinja/errors.ts'),
    ]);
  return { parse, evaluate, fromPlain, textOf, Undefined, TemplateError };
});

/** The text of a template of control with these values; a `Secret` where one went into it. Throws exit code 1. */
export function rendered(template: string, values: Readonly<Record<string, unknown>>): string | Secret {
  const whole = contentOf(template);
  if (typeof whole !== 'string') throw wrong(template, 'it is not text, or is longer than 64 KiB');
  const { parse, evaluate, fromPlain, textOf, Undefined, TemplateError } = jinja.now;
  const { syntax, body } = settingsIn(whole, (found) => wrong(template, found, KNOWN, 1));
  const open = opened({ ...values });
  try {
    const given = Object.entries(open.value as object).filter(([, one]) => one !== undefined);
    const known = new Map(given.map(([name, one]) => [name, fromPlain(one, name)]));
    const result = evaluate(parse(body, syntax), { get: (name) => known.get(name) });
    if (result instanceof Undefined) throw result.error();
    const text = result === null ? '' : textOf(result);
    // A value alone, as `{{ port }}`, gets its line end here: Ansible leaves it out.
    const isValue = result !== null && typeof result !== 'string';
    const filled = isValue && body.endsWith('\n') ? `${text}\n` : text;
    return open.secret ? new Secret(filled) : filled;
  } catch (error) {
    if (error instanceof TemplateError) throw unfilled(template, whole, error, values);
    throw error;
  }
}

const KNOWN = 'of the settings of Jinja trim_blocks and lstrip_blocks are known, each as True or False';

/** What Ansible takes from a first line like `#jinja2: trim_blocks: False, lstrip_blocks: True`, and the lines after it. */
function settingsIn(text: string, wrong: (found: string) => QuorateError) {
  const [first = '', words] = /^#jinja2:([^\r\n]*)(?:\r\n?|\n)?/.exec(text) ?? [];
  const syntax = { trim: true, lstrip: false, escapes: true };
  for (const word of words?.split(',') ?? []) {
    const [, name, value] = /^\s*(trim|lstrip)_blocks\s*:\s*(True|False)\s*$/.exec(word) ?? [];
    if (name === undefined) throw wrong(`its first line sets "${word.trim()}"`);
    syntax[name as 'trim' | 'lstrip'] = value === 'True';
  }
  return { syntax, body: text.slice(first.length) };
}

interface Opened {
  readonly value: unknown;
  readonly secret: boolean;
}

/** Values with what secrets hold in their place. */
function opened(value: unknown): Opened {
  if (value instanceof Secret) return { value: value.reveal(), secret: true };
  if (!Array.isArray(value) && !isPlainObject(value)) return { value, secret: false };
  const parts = Object.entries(value).map(([key, one]) => [key, opened(one)] as const);
  const secret = parts.some(([, part]) => part.secret);
  if (Array.isArray(value)) return { value: parts.map(([, part]) => part.value), secret };
  return { value: Object.fromEntries(parts.map(([key, part]) => [key, part.value])), secret };
}

interface Unfilled {
  readonly message: string;
  readonly missing: boolean;
}

/** What keeps a template from being filled in, at the line of it that has the word in question. */
function unfilled(
  template: string,
  source: string,
  { message, missing }: Unfilled,
  values: Readonly<Record<string, unknown>>,
): QuorateError {
  const word = /["']([^"']+)["']|\{% (\w+) %\}/
    .exec(message)
    ?.slice(1)
    .find((one) => one !== undefined);
  const line = word === undefined ? -1 : lineWith(word, source.split('\n'));
  const hint = missing
    ? missingHint(word, values)
    : message.includes('is not known here')
      ? "the filters and tests of Jinja, and Ansible's common ones, are known; make the value in the role, and hand it over in values"
      : message.startsWith('the value ')
        ? 'make it one of these in the role'
        : 'mend the template';
  return wrong(template, message, hint, line + 1);
}

function missingHint(word: string | undefined, values: Readonly<Record<string, unknown>>): string {
  const names = Object.keys(values);
  if (word !== undefined && names.includes(word))
    return "give it a value in values, or one for want of it in the template: {{ … | default('…') }}";
  const near = word === undefined ? undefined : nearName(word, names);
  return `${near === undefined ? '' : `did you mean ${near}? `}its names come from values: ${names.join(', ') || 'none'}`;
}

/** The line with the name of a path like `a.b[0]` that has none of its own. */
function lineWith(word: string, lines: readonly string[]): number {
  const line = lines.findIndex((one) => hasWord(one, word));
  const name = /^\w+/.exec(word)?.[0];
  return line >= 0 || name === undefined ? line : lines.findIndex((one) => hasWord(one, name));
}

function hasWord(line: string, word: string): boolean {
  return new RegExp(`(^|[^\\w.])${word.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?!\\w)`).test(line);
}

function wrong(template: string, found: string, hint = 'give a text file', line = 0): QuorateError {
  const file = fromHere(sourcePath(template));
  return new QuorateError(`cannot fill in the template ${template}: ${found}`, {
    exitCode: EXIT.usage,
    hint,
    ...(line > 0 && { position: { file, line, column: 1 } }),
  });
}

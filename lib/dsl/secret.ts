import { inspect } from 'node:util';
import { hasLogin } from '../credentials.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { MASK } from '../secret-names.ts';
import { isKeyText, maskBehindNames, maskText } from '../secret-texts.ts';
import { PerRun } from './common/per-run.ts';

/**
 * Spellings of secrets: those that are masked wherever they turn up, and those too short for that (`a` would take most
 * of what is said with it). `guarded` are whole secrets of roles: a new file with one is its owner's alone.
 */
const known = new PerRun(() => ({
  long: new Set<string>(),
  short: new Set<string>(),
  guarded: new Set<string>(),
}));

/** How many characters one has that is masked wherever it turns up. */
const SHORTEST = 6;

/** How many characters one has whose encodings are masked: a few of their letters turn up by chance. */
const SHORTEST_ENCODED = 8;

/** Of the process and not of a module: a package with roles may bring a copy of Quorate of its own. */
const KEY = Symbol.for('quorate.secrets');

interface Copies {
  /** Each copy remembers what any of them is told. */
  readonly remember: Set<typeof remember>;
  /** No secret may become text just now. */
  isRefused: boolean;
}

const processWide: { [KEY]?: Copies; readonly process: NodeJS.Process } = globalThis;
processWide[KEY] ??= { remember: new Set(), isRefused: false };
const copies: Copies = processWide[KEY];
copies.remember.add(remember);

function remember(value: string, isGuarded = true): void {
  const { long, short, guarded } = known.own;
  const whole = value.trim();
  if (isGuarded && !/^(?:-----.*)?$/.test(whole)) guarded.add(whole);
  if (whole.length >= SHORTEST_ENCODED) for (const form of encodedForms(whole)) long.add(form);
  for (const part of value.split('\n')) {
    if (isTelling(part)) for (const form of formsOf(part)) long.add(form);
    else if (part.trim() !== '' && !part.startsWith('-----')) short.add(part);
  }
}

/**
 * A value that must not be shown. Its string form is redacted, so a slip into a message, a diff or JSON
 * prints the mask; `reveal` is the one way to the value.
 */
export class Secret {
  readonly [KEY] = true;
  readonly #value: string;

  /** One `ofLogin` is what a connection needs: where a file has the same word, that is not its secret. */
  constructor(value: string, { ofLogin = false }: { readonly ofLogin?: boolean } = {}) {
    this.#value = value;
    for (const one of copies.remember) one(value, !ofLogin);
  }

  /** Those of another copy of Quorate are secrets, too. */
  static [Symbol.hasInstance](value: unknown): boolean {
    return typeof value === 'object' && value !== null && KEY in value;
  }

  reveal(): string {
    return this.#value;
  }

  toString(): string {
    if (copies.isRefused) throw asText();
    return MASK;
  }

  toJSON(): string {
    return this.toString();
  }

  [inspect.custom](): string {
    return MASK;
  }
}

/** Masks a text wherever it turns up; files that have it are made as if it were none. */
export function keepMasked(text: string): void {
  for (const one of copies.remember) one(text, false);
}

/** Does `work`, in which no secret may become text: what is made there goes to hosts, and would have the mask in it. */
export function refusingSecretsAsText<Result>(work: () => Result): Result {
  copies.isRefused = true;
  try {
    return work();
  } finally {
    copies.isRefused = false;
  }
}

function asText(): QuorateError {
  return new QuorateError(`a Secret is put into text: ${MASK} is all that would get to the host`, {
    exitCode: EXIT.usage,
    hint: 'make the whole text a secret: new Secret(`…${secret.reveal()}…`)',
  });
}

/** Shorter parts would mask half of what is said; the frame of a PEM is no secret. */
function isTelling(part: string): boolean {
  return part.trim().length >= SHORTEST && !part.startsWith('-----');
}

/** As it is, and as JSON, a shell's quotes and a unit of systemd spell it in what others say. */
function formsOf(part: string): readonly string[] {
  const shell = part.replaceAll("'", "'\\''");
  const inUnit = (text: string) => text.replace(/[\\"]/g, '\\$&').replace(/[%$]/g, '$&$&');
  return [...new Set([part, JSON.stringify(part).slice(1, -1), shell, inUnit(part), inUnit(shell)])];
}

/** As a URL spells it, and base64, of it alone or of what it is a part of (`user:password`). */
function encodedForms(whole: string): readonly string[] {
  const bytes = Buffer.from(whole);
  const inBase64 = [0, 1, 2].flatMap((before) => {
    // Letters that hang on nothing but the secret: each stands for six bits.
    const [from, to] = [Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6)];
    const padded = Buffer.concat([Buffer.alloc(before), bytes]);
    return (['base64', 'base64url'] as const).map((encoding) => padded.toString(encoding).slice(from, to));
  });
  return [...inUrls(whole), ...inBase64];
}

/** None of what is no text: half of a surrogate pair, which JSON may have. */
function inUrls(whole: string): readonly string[] {
  try {
    return [encodeURIComponent(whole)];
  } catch {
    return [];
  }
}

/** Masks every secret that is known: all events pass here before a screen, a log or a report has them. */
export function redact(text: string): string {
  const all = known.visible;
  const found = all.flatMap(({ long }) => [...long].filter((value) => text.includes(value)));
  // The longest first: one may be part of another.
  found.sort((a, b) => b.length - a.length);
  const masked = found.reduce((clean, value) => clean.replaceAll(value, MASK), text);
  return all.flatMap(({ short }) => [...short]).reduce(maskAsValue, masked);
}

/** The same for a script, in which a short secret is a word of its own. */
export function redactScript(text: string): string {
  const short = known.visible.flatMap(({ short }) => [...short]);
  return short.reduce((clean, value) => {
    return clean.replaceAll(new RegExp(`(?<![\\w@%+:,./-])${escaped(value)}(?![\\w@%+:,./-])`, 'g'), MASK);
  }, redact(text));
}

/**
 * The usual mode of a file that is made with this content. What is only masked does not count: a vault has everyday
 * words, too, and a password may be `vagrant`.
 */
export function usualMode(content: unknown): '0600' | '0644' {
  const isSecret = isOwnersAlone(content) || (typeof content === 'string' && hasLogin(content));
  return isSecret ? '0600' : '0644';
}

/** What is secret for certain: a secret of a role, or a private key. */
export function isOwnersAlone(content: unknown): boolean {
  return (
    content instanceof Secret || (typeof content === 'string' && (isKeyText(content) || hasGuarded(content)))
  );
}

/** How many secrets of roles are known: what was judged before another one came is to be judged anew. */
export function countGuarded(): number {
  return known.visible.reduce((sum, { guarded }) => sum + guarded.size, 0);
}

function hasGuarded(text: string): boolean {
  return known.visible.some(({ guarded }) => [...guarded].some((value) => hasSecret(text, value)));
}

/** As a word of its own; a short one, as a value behind a name like `password`. */
function hasSecret(text: string, value: string): boolean {
  if (value.length < SHORTEST) return maskAsValue(text, value) !== text;
  return formsOf(value).some((form) => {
    if (!text.includes(form)) return false;
    const start = /^\w/.test(form) ? '(?<!\\w)' : '';
    const end = /\w$/.test(form) ? '(?!\\w)' : '';
    return new RegExp(start + escaped(form) + end).test(text);
  });
}

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
}

/** There is a secret in it: known as one, or named like one. */
export function holdsSecret(text: string): boolean {
  return redact(text) !== text || maskText(text) !== text;
}

/** A short secret is masked where it stands as the value of what is named like one: `password: ab`. */
function maskAsValue(text: string, value: string): string {
  return text.includes(value) ? maskBehindNames(text, value) : text;
}

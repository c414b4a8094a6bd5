import { parseArgs } from 'node:util';
import { FLAGS } from '../cli/flags/flags.ts';
import { isPrivate } from '../secret-names.ts';
import { maskMessage } from '../secret-texts.ts';
import { maskWords } from '../secret-words.ts';
import { usage } from './flags.ts';

const OF_FLEET = 'give it to the fleet, in front of --';
const NOBODY = 'nobody can be asked: workers have their own logins and secrets';
const ONE = 'it is about one inventory: run the playbook itself';

/** Flags that a job has no use for, or that the fleet gives it, and what to do about it. */
const REFUSED: Readonly<Record<string, string>> = {
  inventory: '--clusters names the inventories',
  local: '--clusters names the inventories',
  check: OF_FLEET,
  report: OF_FLEET,
  output: OF_FLEET,
  'detailed-exitcode': '--check of the fleet has it',
  log: 'the record of a job lies on its worker, in .quorate/runs',
  'ask-pass': NOBODY,
  'ask-become-pass': NOBODY,
  'ask-vault-pass': NOBODY,
  trust: 'nobody can be asked: record the keys of hosts before',
  'list-hosts': ONE,
  'list-tasks': ONE,
  'list-tags': ONE,
  'plan-out': ONE,
  'plan-format': ONE,
  apply: ONE,
  why: ONE,
  'show-script': ONE,
  help: ONE,
  version: ONE,
};

/** What an HTTP header gives to log in. */
const LOGIN =
  /\b(?:authorization|cookie|x-[\w-]*(?:key|token|auth))\s*:\s*\S|\b(?:bearer|basic)\s+[\w.~+/=-]{6,}/i;

/** Refuses words that a job cannot be given (1): what asks, what the fleet itself says, and secrets. */
export function checkWords(words: readonly string[], isSharded: boolean, message = ''): void {
  const values = parse(words);
  const refused = isSharded ? { ...REFUSED, shard: '--shards divides each inventory' } : REFUSED;
  for (const [flag, hint] of Object.entries(refused))
    if (values[flag] !== undefined) throw usage(`a job takes no --${flag}`, hint);
  const ids = [values['vault-id'] ?? []].flat().map((id) => `@${id}`);
  const passwords = [...ids, values['vault-password-file']].flat();
  if (passwords.some((one) => /@prompt(?:_ask_vault_pass)?$/.test(String(one))))
    throw usage('a job takes no vault password from a prompt', NOBODY);
  if (isSecretSeen(message))
    throw usage('a job takes no secrets, and --message looks as if it held one', 'say it in other words');
  const secret = secretIn(words);
  if (secret === undefined) return;
  throw usage(
    `a job takes no secrets, and ${secret}`,
    'put it where every worker has it: into the inventory, encrypted by ansible-vault, or in a file for -e @FILE',
  );
}

/** What of the words looks like a secret, in words that do not give it away. */
function secretIn(words: readonly string[]): string | undefined {
  const variable = extraVarsOf(words).map(secretGiven).find(Boolean);
  if (variable !== undefined) return `${JSON.stringify(variable)} is named like one`;
  const place = placeOfSecret(words);
  if (place !== undefined) return `what stands after ${place} is one`;
  const seen = words.find(isSecretSeen);
  if (seen === undefined) return undefined;
  const [name = ''] = seen.split(/[=:\s]/);
  return LOGIN.test(seen) ? 'a login is one' : `${JSON.stringify(maskMessage(name))} is named like one`;
}

/** The flag that carries a password, else the program; undefined where none is seen. */
function placeOfSecret(words: readonly string[]): string | undefined {
  const masked = maskWords(words);
  if (!masked.secrets.some(isValue)) return undefined;
  const at = masked.words.findIndex((word, i) => word !== words[i]);
  const [shown = '', before = ''] = [masked.words[at], masked.words[at - 1]];
  const [flag] = /^--?[\w-]+/.exec(shown) ?? (/^-+\w/.test(before) ? [before] : []);
  return flag ?? (/^[\w./-]+/.exec(shown)?.[0] || 'a program');
}

/** What a flag is given, but for a path, a file or a variable that a shell puts in. */
function isValue(word: string | undefined): boolean {
  return word !== undefined && !/^(?:-|@|\.{0,2}\/|\$)/.test(word);
}

/** Values of `-e`. */
export function extraVarsOf(words: readonly string[]): readonly string[] {
  return (parse(words)['extra-vars'] as string[] | undefined) ?? [];
}

/** Flags of the playbook's own are unknown here, and pass; what follows a second `--` is another program's. */
function parse(words: readonly string[]): Readonly<Record<string, unknown>> {
  const options = Object.fromEntries(
    FLAGS.map(({ name, type, short, multiple }) => [
      name,
      { type, ...(short && { short }), ...(multiple && { multiple }) },
    ]),
  );
  return parseArgs({ args: [...words], options, strict: false, allowPositionals: true }).values;
}

/** The name of the first variable whose value is nobody's business. */
function secretGiven(vars: string): string | undefined {
  if (vars.startsWith('@')) return undefined;
  try {
    return privateKey(JSON.parse(vars));
  } catch {
    const named = [...vars.matchAll(/(?:^|[\s{,])["']?([A-Za-z_]\w*)["']?\s*[=:]/g)];
    return named.map(([, name = '']) => name).find(isPrivate);
  }
}

function privateKey(value: unknown): string | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const entries = Object.entries(value);
  const [own] = entries.find(([name]) => isPrivate(name)) ?? [];
  return own ?? entries.map(([, inner]) => privateKey(inner)).find((name) => name !== undefined);
}

function isSecretSeen(word: string): boolean {
  if (/^--vault-(?:password-file|id)=/.test(word)) return false;
  return maskMessage(word) !== word || LOGIN.test(word);
}

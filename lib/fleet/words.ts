import { parseArgs } from 'node:util';
import { FLAGS } from '../cli/flags.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { isPrivate, maskMessage } from '../secret-names.ts';

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

/** Refuses words that a job cannot be given (1): what asks, what the fleet itself says, and secrets. */
export function checkWords(words: readonly string[], isSharded: boolean): void {
  const values = parse(words);
  const refused = isSharded ? { ...REFUSED, shard: '--shards divides each inventory' } : REFUSED;
  for (const [flag, hint] of Object.entries(refused))
    if (values[flag] !== undefined) throw usage(`a job takes no --${flag}`, hint);
  const secret = extraVarsOf(words).find(isSecretGiven) ?? words.find(isSecretSeen);
  if (secret === undefined) return;
  const [name = ''] = secret.split(/[=:]/);
  throw usage(
    `a job takes no secrets, and ${JSON.stringify(maskMessage(name))} is named like one`,
    'put it where every worker has it: into the inventory, encrypted by ansible-vault, or in a file for -e @FILE',
  );
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

function isSecretGiven(vars: string): boolean {
  if (vars.startsWith('@')) return false;
  try {
    return hasPrivateKey(JSON.parse(vars));
  } catch {
    return [...vars.matchAll(/(?:^|[\s{,])["']?([A-Za-z_]\w*)["']?\s*[=:]/g)].some(([, name = '']) =>
      isPrivate(name),
    );
  }
}

function hasPrivateKey(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return Object.entries(value).some(([name, inner]) => isPrivate(name) || hasPrivateKey(inner));
}

function isSecretSeen(word: string): boolean {
  return !/^--vault-password-file=/.test(word) && maskMessage(word) !== word;
}

function usage(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}

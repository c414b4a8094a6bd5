import { quote } from '../../../dsl/shell/sh.ts';
import { MASK } from '../../../secret-names.ts';
import { maskWords } from '../../../secret-words.ts';

/** A command line of etcdctl taken apart as etcdctl does it, wherever its flags stand. */
export interface EtcdctlCommand {
  /** The command and what it is about: `['user', 'add', 'ann']`. */
  readonly words: readonly string[];
  /** By name, without dashes; `true` where a flag stands alone. */
  readonly flags: ReadonlyMap<string, string>;
}

/**
 * Takes the words of etcdctl apart.
 *
 * @example
 * commandOf(['--user', 'root:pw', 'put', '/k']).words // ['put', '/k']
 */
export function commandOf(args: readonly string[]): EtcdctlCommand {
  const words: string[] = [];
  const flags = new Map<string, string>();
  for (const { name, value } of partsOf(args)) {
    if (name === undefined) words.push(value);
    else flags.set(name, value);
  }
  return { words, flags };
}

/** A word, or a flag with its value, and where it stands among the words. */
interface Part {
  readonly name?: string;
  readonly value: string;
  readonly from: number;
  readonly to: number;
}

function partsOf(args: readonly string[]): readonly Part[] {
  const parts: Part[] = [];
  let isBefore = true;
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    const word = (value: string, i: number): Part => ({ value, from: i, to: i });
    if (arg === '--') return [...parts, ...args.slice(at + 1).map((one, i) => word(one, at + 1 + i))];
    const [, dashes, name, , value] = /^(--?)([\w-]+)(=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) {
      isBefore = false;
      parts.push(word(arg, at));
    } else if (value === undefined && takesNext(name, dashes === '-', isBefore)) {
      parts.push({ name, value: args[at + 1] ?? '', from: at, to: at + 1 });
      at++;
    } else parts.push({ name, value: value ?? 'true', from: at, to: at });
  }
  return parts;
}

/**
 * Whether it changes the cluster, its data or the host. What is not known here does. What goes on until somebody ends it
 * does not: it would keep all runs away for as long, and what `elect` and `lock` write goes with them.
 *
 * @example
 * changes(commandOf(['member', 'remove', '8e9e05c52164694d'])) // true
 */
export function changes({ words: [command = 'help', sub = ''], flags }: EtcdctlCommand): boolean {
  const isHelp = isOn(flags, 'help') || isOn(flags, 'h');
  return !isHelp && !READING.has(command) && !READING.has(`${command} ${sub}`);
}

/** Of 3.3 to 3.8. */
const READING = new Set([
  ...[
    'get',
    'endpoint health',
    'endpoint status',
    'endpoint hashkv',
    'member list',
    'alarm list',
    'auth status',
  ],
  ...[
    'lease list',
    'lease timetolive',
    'role get',
    'role list',
    'user get',
    'user list',
    'downgrade validate',
  ],
  ...['snapshot save', 'snapshot status', 'help', 'version', 'options', 'completion'],
  ...['watch', 'lease keep-alive', 'elect', 'lock', 'make-mirror'],
]);

/** It reads a value, a transaction or a password from standard input. */
export function readsInput(command: EtcdctlCommand): boolean {
  const { words, flags } = command;
  if (words[0] === 'put') return words.length === 2 && !isOn(flags, 'ignore-value');
  return words[0] === 'txn' || readsPassword(command);
}

/** What it reads becomes the password of a user. */
export function readsPassword({ words: [command, sub, name], flags }: EtcdctlCommand): boolean {
  if (command !== 'user' || !/^(0|f|false)$/i.test(flags.get('interactive') ?? '')) return false;
  if (sub === 'passwd') return true;
  const isSaid = name?.includes(':') || flags.has('new-user-password') || isOn(flags, 'no-password');
  return sub === 'add' && !isSaid;
}

/**
 * The words in a line that may be told: without passwords, and without the value of a key. Where quotes were forgotten, or
 * a flag or a command is none, any other word may be part of one.
 *
 * @example
 * toldWords(['put', '/k', 'geheim']) // put /k ********
 */
export function toldWords(args: readonly string[]): string {
  return withoutSecrets(args)
    .map((word) => (word.includes(MASK) ? word : quote(word)))
    .join(' ');
}

function withoutSecrets(args: readonly string[]): readonly string[] {
  const { words } = commandOf(args);
  const told = [...maskWords(args).words];
  const open = openWords(words);
  if (open === undefined) return told;
  let count = 0;
  for (const { name, from, to } of partsOf(args)) {
    const mayBeTold = name === undefined ? count++ < open : isKnown(name);
    if (!mayBeTold) told.fill(MASK, from, to + 1);
    else if (words[0] === 'user' && count === 3 && name === undefined)
      told[from] = told[from]!.replace(/:.*/s, `:${MASK}`);
  }
  return told;
}

/** How many words hold no secret in any case; undefined where all do. */
function openWords(words: readonly string[]): number | undefined {
  const [command = '', sub = ''] = words;
  const isTooMany = words.length > 3;
  if (command === 'put') return isTooMany ? 1 : 2;
  if (OPEN.has(command) || OPEN.has(`${command} ${sub}`)) return undefined;
  if (command === 'user') return isTooMany ? 2 : 3;
  return 0;
}

/** Commands that take no secret but by flags. */
const OPEN = new Set([
  ...[
    'alarm',
    'auth',
    'check',
    'compaction',
    'completion',
    'defrag',
    'del',
    'downgrade',
    'elect',
    'endpoint',
  ],
  ...['get', 'help', 'lease', 'lock', 'make-mirror', 'member', 'migrate', 'move-leader', 'options', 'role'],
  ...['snapshot', 'txn', 'version', 'watch'],
  ...['user delete', 'user get', 'user grant-role', 'user list', 'user revoke-role'],
]);

function isKnown(flag: string): boolean {
  return WITH_VALUE.has(flag) || ON_OR_OFF.has(flag) || OF_SECRET.has(flag);
}

/** On or off, of the commands that take a secret. */
const OF_SECRET = new Set(['prev-kv', 'ignore-value', 'ignore-lease', 'interactive', 'no-password']);

/** Flags that take the word after them; the rest are on or off. */
const WITH_VALUE = new Set([
  ...['cacert', 'cert', 'key', 'endpoints', 'user', 'password', 'write-out', 'w', 'discovery-srv', 'd'],
  ...['discovery-srv-name', 'command-timeout', 'dial-timeout', 'keepalive-time', 'keepalive-timeout'],
  ...['max-request-bytes', 'max-recv-bytes', 'lease', 'new-user-password', 'auth-jwt-token'],
]);

/** Of all commands. */
const ON_OR_OFF = new Set([
  ...['debug', 'hex', 'help', 'h', 'version', 'insecure-transport', 'insecure-skip-tls-verify'],
  'insecure-discovery',
]);

/** In front of the command etcdctl takes any flag that it does not know there for one with a value. */
function takesNext(name: string, isShort: boolean, isBefore: boolean): boolean {
  if (isShort && name.length > 1) return false;
  return isBefore ? !ON_OR_OFF.has(name) : WITH_VALUE.has(name);
}

function isOn(flags: ReadonlyMap<string, string>, name: string): boolean {
  return /^(1|t|true)$/i.test(flags.get(name) ?? '');
}

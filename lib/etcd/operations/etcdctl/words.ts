import { quote } from '../../../dsl/sh.ts';
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
  for (let at = 0; at < args.length; at++) {
    const arg = args[at] ?? '';
    if (arg === '--') return { words: [...words, ...args.slice(at + 1)], flags };
    const [, dashes, name, , value] = /^(--?)([\w-]+)(=(.*))?$/s.exec(arg) ?? [];
    if (name === undefined) words.push(arg);
    else if (value !== undefined) flags.set(name, value);
    else if (takesNext(name, dashes === '-', words.length === 0)) flags.set(name, args[++at] ?? '');
    else flags.set(name, 'true');
  }
  return { words, flags };
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

/** The words in a line that may be told: without passwords, and without the value of a key. */
export function toldWords(args: readonly string[]): string {
  return withoutSecrets(args)
    .map((word) => (word.includes(MASK) ? word : quote(word)))
    .join(' ');
}

function withoutSecrets(args: readonly string[]): readonly string[] {
  const { words } = commandOf(args);
  const [command, sub, third = ''] = words;
  const masked = maskWords(args).words;
  const hide = (told: string) => masked.map((word, i) => (args[i] === third ? told : word));
  if (words.length < 3) return masked;
  if (command === 'put') return hide(MASK);
  const [name] = third.split(':');
  return command === 'user' && sub === 'add' && name !== third ? hide(`${name}:${MASK}`) : masked;
}

/** Flags that take the word behind them; the rest are on or off. */
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

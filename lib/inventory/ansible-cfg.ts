import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { untilde } from '../home.ts';
import { fromHere } from '../paths.ts';
import { sshArguments } from '../transport/ssh/config/arguments.ts';
import type { Problems } from './checks/problems.ts';

type Row = readonly [instead: string, usual?: (value: string) => boolean];

const isOn = (value: string) => /^(yes|true|on|1|y|t)$/i.test(value);
const isOff = (value: string) => /^(no|false|off|0|n|f)$/i.test(value);
const isOneOf =
  (...words: readonly string[]) =>
  (value: string) =>
    words.includes(value.toLowerCase());

/** Settings that decide what hosts are told and how they are reached: where to say them, and values that change nothing. */
const SETTINGS: Readonly<Record<string, Row>> = {
  'defaults remote_user': ['-u or ansible_user'],
  'defaults remote_port': ['ansible_port'],
  'defaults private_key_file': ['ansible_ssh_private_key_file'],
  'defaults host_key_checking': ['ansible_host_key_checking', (value) => !isOff(value)],
  'defaults timeout': ['ansible_timeout', isOneOf('10')],
  'defaults transport': ['ansible_connection', isOneOf('smart', 'ssh')],
  'defaults ask_pass': ['-k', (value) => !isOn(value)],
  'defaults ask_vault_pass': ['-J', (value) => !isOn(value)],
  'defaults vault_password_file': ['--vault-password-file'],
  'defaults vault_identity_list': ['--vault-id'],
  'privilege_escalation become': ['-b or ansible_become', (value) => !isOn(value)],
  'privilege_escalation become_user': ['ansible_become_user', isOneOf('root')],
  'privilege_escalation become_ask_pass': ['-K', (value) => !isOn(value)],
  'ssh_connection ssh_args': ['ansible_ssh_args', meansNothing],
  'ssh_connection ssh_common_args': ['ansible_ssh_common_args', meansNothing],
  'ssh_connection ssh_extra_args': ['ansible_ssh_extra_args', meansNothing],
};

/** Those that change what an inventory means and have no counterpart: what holds here. */
const NOWHERE: Readonly<Record<string, Row>> = {
  'defaults hash_behaviour': ['of two mappings the later one counts, whole', isOneOf('replace')],
  'defaults jinja2_extensions': ['templates have none'],
  'defaults error_on_undefined_vars': ['what is undefined is an error', (value) => !isOff(value)],
  'privilege_escalation become_method': ['sudo is the one way', isOneOf('sudo')],
};

const ALL = { ...SETTINGS, ...NOWHERE };

/**
 * Tells in one line what `ansible.cfg` and variables (`ANSIBLE_TIMEOUT`) would have said, and how it is said here. As in
 * Ansible the variables win.
 */
export function noteAnsibleCfg(folder: string, problems: Problems, env: Environment = process.env): void {
  const file = fileIn(folder, env);
  const given = new Map(file?.settings);
  const variables = Object.keys(ALL).flatMap((name) => {
    const variable = `ANSIBLE_${shortName(name).toUpperCase()}`;
    const value = env[variable];
    if (value === undefined || READ.includes(variable)) return [];
    given.delete(name);
    return said(variable, name, value);
  });
  const written = [...given].flatMap(([name, value]) => said(shortName(name), name, value));
  const all = [...written, ...variables];
  if (all.length === 0) return;
  const sources = [
    ...(written.length > 0 ? [file?.shown] : []),
    ...(variables.length > 0 ? ['variables of Ansible'] : []),
  ];
  const list = (table: typeof ALL) =>
    all.flatMap(({ name, text }) => (Object.hasOwn(table, name) ? [text] : [])).join(', ');
  const [elsewhere, nowhere] = [list(SETTINGS), list(NOWHERE)];
  const parts = [...(elsewhere ? [`say ${elsewhere}`] : []), ...(nowhere ? [`here is no ${nowhere}`] : [])];
  problems.note(
    `${sources.join(' and ')} ${variables.length > 0 ? 'are' : 'is'} not read: ${parts.join('; ')}`,
  );
}

/** The inventory that `ansible.cfg` or `ANSIBLE_INVENTORY` names, and which of them does. */
export function inventoryOfAnsible(
  folder: string,
  env: Environment = process.env,
): { readonly source: string; readonly path: string } | undefined {
  const { ANSIBLE_INVENTORY: path = '' } = env;
  if (path !== '') return { source: 'ANSIBLE_INVENTORY', path };
  const file = fileIn(folder, env);
  const named = file?.settings.get('defaults inventory') ?? '';
  return file && named !== '' ? { source: file.shown, path: named } : undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** The environment variables that are read. */
const READ = ['ANSIBLE_VAULT_PASSWORD_FILE'];

function shortName(name: string): string {
  return name.slice(name.indexOf(' ') + 1);
}

function said(shown: string, name: string, value: string): readonly { name: string; text: string }[] {
  const [instead, usual] = ALL[name] ?? [];
  const isUsual = instead === undefined || value === '' || usual?.(value);
  return isUsual ? [] : [{ name, text: `${shown} (${instead})` }];
}

interface ConfigFile {
  readonly shown: string;
  /** `section name` → value. */
  readonly settings: ReadonlyMap<string, string>;
}

/** The first that is there, where Ansible looks for it; not the system's. */
function fileIn(folder: string, { ANSIBLE_CONFIG: named = '' }: Environment): ConfigFile | undefined {
  const own = named === '' ? [] : [untilde(named), join(untilde(named), 'ansible.cfg')];
  for (const file of [...own, join(folder, 'ansible.cfg'), untilde('~/.ansible.cfg')]) {
    const lines = linesOf(file);
    if (lines !== undefined)
      return {
        shown: file === join(folder, 'ansible.cfg') ? 'ansible.cfg' : fromHere(file),
        settings: settingsIn(lines),
      };
  }
  return undefined;
}

/** Section and name, as Python's ConfigParser reads them. */
function settingsIn(lines: readonly string[]): ReadonlyMap<string, string> {
  const settings = new Map<string, string>();
  let section = '';
  for (const line of lines) {
    const heading = /^\[([^\]]+)\]/.exec(line)?.[1];
    if (heading !== undefined) section = heading;
    const [, name, value = ''] = /^(\w+)\s*[=:]\s*(.*)$/.exec(line) ?? [];
    if (name !== undefined)
      settings.set(`${section} ${name.toLowerCase()}`, value.replace(/\s;.*/, '').trim());
  }
  return settings;
}

function linesOf(file: string): readonly string[] | undefined {
  try {
    return readFileSync(file, 'utf8').split(/\r?\n/);
  } catch {
    return undefined;
  }
}

/** Arguments about keeping, compressing or forwarding connections alone. */
function meansNothing(args: string): boolean {
  const { options, configFile } = sshArguments(args);
  return (
    configFile === undefined &&
    options.every(([keyword]) =>
      /^(control|forward|compression|serveralive|tcpkeepalive|loglevel|batchmode)/i.test(keyword),
    )
  );
}

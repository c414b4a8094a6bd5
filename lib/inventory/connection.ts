import { Secret } from '../dsl/secret.ts';
import type { Connection } from '../transport/host.ts';
import type { Problems } from './checks/problems.ts';
import { coerce, unsafeText } from './checks/validate.ts';
import {
  addressHint,
  asciiHint,
  type Destination,
  destinationOf,
  isAddress,
  isHostName,
  isUser,
} from './destination.ts';
import { NamedKeys } from './keys.ts';
import { sshArgs } from './ssh-args.ts';
import type { Host } from './tree.ts';
import { type Setting, type Settings, shownSetting, type Tell } from './variables/settings.ts';

/** What the command line says for hosts that no variable says it of. */
export interface ConnectionDefaults {
  readonly user?: string;
  readonly become?: boolean;
}

/** Ansible's connection plugins that mean SSH, or this machine. */
const CONNECTIONS = /^(ansible\.(builtin|posix)\.)?(ssh|local|paramiko|paramiko_ssh|smart)$/;

/** This machine, or over SSH; a connection that is neither is a problem of a host that is contacted. */
export function kindOf(settings: Settings): Connection['kind'] {
  const { value } = settings.get('ansible_connection') ?? {};
  return typeof value === 'string' && /(^|\.)local$/.test(value) ? 'local' : 'ssh';
}

/** `ansible_host`, or the host's name, without a user before it. */
export function addressOf(name: string, settings: Settings, problems: Problems): string {
  return (new Reader(name, settings, problems).destination() ?? destinationOf(name)).host;
}

/** How to reach a host, from Ansible's connection variables. */
export function connectionOf(
  { name, position }: Host,
  settings: Settings,
  defaults: ConnectionDefaults,
  problems: Problems,
): Connection {
  const read = new Reader(name, settings, problems);
  const tell: Tell = (...args) => read.tell(...args);
  const keys = new NamedKeys(tell, problems);
  const key = read.setting('ansible_private_key_file');
  const keyFile = key && keys.file(key);
  const args = sshArgs((name) => read.setting(name), read.hostKeyPolicy(), keys, tell);
  read.text('ansible_connection', CONNECTIONS, 'ssh or local');
  const kind = kindOf(settings);
  const { user, host: address } = read.destination() ?? destinationOf(name);
  if (kind === 'ssh' && !settings.has('ansible_host') && !isHostName(address))
    problems.add(
      `${JSON.stringify(name)} is not an address to connect to`,
      position,
      asciiHint(name) ??
        'letters, digits, _, -, ., + and the like are allowed; the address goes into ansible_host',
    );
  const become = read.flag('ansible_become') ?? defaults.become ?? false;
  if (become) read.sudo();
  const timeout = read.timeout();
  return {
    name,
    kind,
    address,
    port: read.port(),
    user: read.user() ?? defaults.user ?? user,
    password: read.secret('ansible_password'),
    keyFile,
    become,
    becomeUser: read.text('ansible_become_user', /^[A-Za-z_][A-Za-z0-9_.-]*$/, 'a user name') ?? 'root',
    becomePassword: read.secret('ansible_become_password'),
    ...(timeout !== undefined && { connectTimeout: timeout }),
    ...(keys.absent.length > 0 && { absentKeys: keys.absent }),
    ...args,
  };
}

class Reader {
  readonly #host: string;
  readonly #settings: Settings;
  readonly #problems: Problems;

  constructor(host: string, settings: Settings, problems: Problems) {
    this.#host = host;
    this.#settings = settings;
    this.#problems = problems;
  }

  /** As in Ansible, a variable that is null or empty says nothing. */
  setting(name: string): Setting | undefined {
    const setting = this.#settings.get(name);
    return setting?.value === null || setting?.value === '' ? undefined : setting;
  }

  text(name: string, pattern: RegExp, wanted: string): string | undefined {
    const setting = this.setting(name);
    if (setting === undefined) return undefined;
    const { value } = setting;
    if (typeof value === 'string' && pattern.test(value)) return value;
    const isPlain = typeof value === 'number' && setting.template === undefined;
    const hint = isPlain ? `quote it: ${name}: "${value}"` : undefined;
    this.tell(name, setting, `must be ${wanted}, found ${shownSetting(name, setting)}`, hint);
    return undefined;
  }

  destination(): Destination | undefined {
    // Who leaves out an address need not mean the host of that name.
    const setting = this.#settings.get('ansible_host');
    if (setting === undefined) return undefined;
    const { value } = setting;
    const { user, host } = destinationOf(typeof value === 'string' ? value : '');
    const bare = host.replace(/^\[(.*)\]$/, '$1');
    if (isAddress(bare)) return { user, host: bare };
    this.tell(
      'ansible_host',
      setting,
      `must be an IP address or a host name, found ${shownSetting('ansible_host', setting)}`,
      setting.template === undefined ? addressHint(value) : undefined,
    );
    return undefined;
  }

  /** A login may be of digits, or have a domain. */
  user(): string | undefined {
    const setting = this.setting('ansible_user');
    if (setting === undefined) return undefined;
    const text = textOf(setting);
    if (text !== undefined && isUser(text)) return text;
    this.tell(
      'ansible_user',
      setting,
      `must be a user name, found ${shownSetting('ansible_user', setting)}`,
      text?.endsWith('\n') ? LINE_END : undefined,
    );
    return undefined;
  }

  /** Only sudo is spoken here, found by its name, with flags of our own. */
  sudo(): void {
    for (const [name, usual, hint] of SUDO) {
      const setting = this.setting(name);
      if (setting === undefined) continue;
      if (typeof setting.value === 'string' && usual.test(setting.value)) continue;
      this.tell(name, setting, `is not honoured here: ${shownSetting(name, setting)}`, hint);
    }
  }

  /** `ansible_host_key_checking: false` is StrictHostKeyChecking=no. */
  hostKeyPolicy(): 'no' | undefined {
    return this.flag('ansible_host_key_checking') === false ? 'no' : undefined;
  }

  port(): number | undefined {
    return this.#whole('ansible_port', [1, 65535], 'a port, 1 to 65535');
  }

  /** As ssh's ConnectTimeout takes it; 0 leaves it to the default. */
  timeout(): number | undefined {
    return this.#whole('ansible_timeout', [0, 2 ** 31 - 1], 'whole seconds');
  }

  #whole(name: string, [least, most]: readonly [number, number], wanted: string): number | undefined {
    const setting = this.setting(name);
    if (setting === undefined) return undefined;
    const value = coerce(setting.value, 'integer');
    if (typeof value === 'number' && Number.isInteger(value) && value >= least && value <= most) return value;
    this.tell(name, setting, `must be ${wanted}, found ${shownSetting(name, setting)}`);
    return undefined;
  }

  flag(name: string): boolean | undefined {
    const setting = this.setting(name);
    if (setting === undefined) return undefined;
    const value = coerce(setting.value, 'boolean');
    if (typeof value === 'boolean') return value;
    this.tell(name, setting, `must be true or false, found ${shownSetting(name, setting)}`);
    return undefined;
  }

  /**
   * The value never gets into a message. Whoever asks for a password reads one line: an end of it, as vaults and files
   * have, is not part of the password.
   */
  secret(name: string): Secret | undefined {
    const setting = this.setting(name);
    if (setting === undefined) return undefined;
    const text = textOf(setting)?.replace(/\r?\n$/, '');
    if (text === '') return undefined;
    if (text !== undefined && unsafeText(text) === undefined) return new Secret(text, { ofLogin: true });
    const hint =
      text === undefined ? 'quote a password of digits' : 'a password is one line, of what can be typed';
    this.tell(name, setting, 'must be text without control characters', hint);
    return undefined;
  }

  tell(name: string, setting: Setting, problem: string, wanted?: string): void {
    const hint =
      setting.value === null ? 'a value is missing after the colon, or take the line away' : wanted;
    const from = setting.position === undefined ? ' (from --extra-vars)' : '';
    const message = `${name} of ${this.#host}: ${problem}${from}`;
    this.#problems.add(message, setting.position, hint, `${name}: ${problem}`);
  }
}

const LINE_END = 'a block (| or >) ends with a line end: write it after the colon';

const SUDO: readonly (readonly [name: string, usual: RegExp, hint: string])[] = [
  ['ansible_become_method', /^(ansible\.builtin\.)?sudo$/, 'only sudo is spoken here; or log in as root'],
  ['ansible_become_exe', /^(\/usr\/bin\/)?sudo$/, 'sudo is found by its name'],
  ['ansible_become_flags', /^(-[HSnEi]+(\s+|$))*$/, 'sudo runs with flags of our own'],
];

/** Text, or a number that is spelt as it is read. */
function textOf({ value, written }: Setting): string | undefined {
  if (typeof value === 'string') return value;
  const text = String(value);
  return typeof value === 'number' && (written ?? text) === text ? text : undefined;
}

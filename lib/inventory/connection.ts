import { accessSync, constants, readFileSync, statSync } from 'node:fs';
import { isIP } from 'node:net';
import { Secret } from '../dsl/secret.ts';
import type { Connection, HostKeyPolicy } from '../transport/host.ts';
import { SYNONYMS } from './names.ts';
import type { Problems } from './problems.ts';
import { coerce, resolvePath, unsafeText } from './validate.ts';
import type { Setting, Settings } from './variables.ts';

/** Command-line options that win over the inventory. */
export interface ConnectionOverrides {
  readonly user?: string;
  readonly become?: boolean;
}

/** How to reach a host, from Ansible's connection variables. */
export function connectionOf(
  name: string,
  settings: Settings,
  overrides: ConnectionOverrides,
  problems: Problems,
): Connection {
  const read = new Reader(name, settings, problems);
  const args = sshArgs(read);
  const kind =
    read.text('ansible_connection', /^(ssh|local|paramiko|smart)$/, 'ssh or local') === 'local'
      ? 'local'
      : 'ssh';
  return {
    name,
    kind,
    address: read.address() ?? name,
    port: read.port(),
    user: overrides.user ?? read.text('ansible_user', /^[A-Za-z_][A-Za-z0-9_.@-]*$/, 'a user name'),
    password: read.secret('ansible_password'),
    keyFile: read.keyFile(),
    become: overrides.become ?? read.flag('ansible_become') ?? false,
    becomeUser: read.text('ansible_become_user', /^[a-z_][a-z0-9_-]*$/, 'a user name') ?? 'root',
    becomePassword: read.secret('ansible_become_password'),
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

  setting(name: string): Setting | undefined {
    const synonyms = Object.keys(SYNONYMS).filter((other) => SYNONYMS[other] === name);
    return [name, ...synonyms].map((each) => this.#settings.get(each)).find((found) => found !== undefined);
  }

  text(name: string, pattern: RegExp, wanted: string): string | undefined {
    const setting = this.setting(name);
    if (setting === undefined) return undefined;
    const { value } = setting;
    if (typeof value === 'string' && pattern.test(value)) return value;
    this.tell(name, setting, `must be ${wanted}, found ${JSON.stringify(value)}`);
    return undefined;
  }

  address(): string | undefined {
    const setting = this.setting('ansible_host');
    if (setting === undefined) return undefined;
    const { value } = setting;
    const bare = typeof value === 'string' ? value.replace(/^\[(.*)\]$/, '$1') : '';
    if (isIP(bare) || /^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_])?$/.test(bare)) return bare;
    this.tell(
      'ansible_host',
      setting,
      `must be an IP address or a host name, found ${JSON.stringify(value)}`,
    );
    return undefined;
  }

  port(): number | undefined {
    const setting = this.setting('ansible_port');
    if (setting === undefined) return undefined;
    const value = coerce(setting.value, 'integer');
    if (typeof value === 'number' && Number.isInteger(value) && value > 0 && value < 65536) return value;
    this.tell('ansible_port', setting, `must be a port, 1 to 65535, found ${JSON.stringify(setting.value)}`);
    return undefined;
  }

  flag(name: string): boolean | undefined {
    const setting = this.setting(name);
    if (setting === undefined) return undefined;
    const value = coerce(setting.value, 'boolean');
    if (typeof value === 'boolean') return value;
    this.tell(name, setting, `must be true or false, found ${JSON.stringify(setting.value)}`);
    return undefined;
  }

  /** The value never gets into a message. */
  secret(name: string): Secret | undefined {
    const setting = this.setting(name);
    if (setting === undefined) return undefined;
    if (typeof setting.value === 'string' && unsafeText(setting.value) === undefined)
      return new Secret(setting.value);
    this.tell(name, setting, 'must be text without control characters', 'quote a password of digits');
    return undefined;
  }

  keyFile(): string | undefined {
    const setting = this.setting('ansible_ssh_private_key_file');
    if (setting === undefined) return undefined;
    const name = 'ansible_ssh_private_key_file';
    if (typeof setting.value !== 'string' || unsafeText(setting.value) !== undefined) {
      this.tell(name, setting, `must be a path, found ${JSON.stringify(setting.value)}`);
      return undefined;
    }
    const path = resolvePath(setting.value, setting.file);
    const problem = keyProblem(path);
    if (problem !== undefined) this.tell(name, setting, `${path} ${problem[0]}`, problem[1]);
    return path;
  }

  tell(name: string, setting: Setting, problem: string, hint?: string): void {
    this.#problems.add(`${name} of ${this.#host}: ${problem}`, setting.position, hint);
  }
}

function keyProblem(path: string): readonly [problem: string, hint?: string] | undefined {
  try {
    accessSync(path, constants.R_OK);
    if (statSync(path).isDirectory()) return ['is a directory', 'name the private key in it'];
    if (/^(ssh-|ecdsa-)/.test(readFileSync(path, 'latin1')))
      return ['is a public key', 'name the file without .pub'];
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    return [missing ? 'does not exist' : 'cannot be read'];
  }
  return undefined;
}

/** Of `ansible_ssh_common_args` and `_extra_args`, what we honour; the rest must not be passed over. */
function sshArgs(read: Reader): Pick<Connection, 'proxyJump' | 'knownHostsFile' | 'strictHostKeyChecking'> {
  const options = new Map<string, readonly [value: string, setting: Setting]>();
  for (const name of ['ansible_ssh_common_args', 'ansible_ssh_extra_args']) {
    const setting = read.setting(name);
    if (setting === undefined) continue;
    const words = String(setting.value).replaceAll(/["']/g, '').split(/\s+/).filter(Boolean);
    for (let i = 0; i < words.length; i += 1) {
      const word = words[i] as string;
      const [, flag, attached] = /^-([oJ])(.*)$/.exec(word) ?? [];
      const value = attached || words[i + 1];
      if (flag === undefined || value === undefined) {
        read.tell(
          name,
          setting,
          `${word} is not honoured here`,
          'ProxyJump, UserKnownHostsFile and StrictHostKeyChecking are',
        );
        break;
      }
      if (!attached) i += 1;
      const [key = '', ...rest] = flag === 'J' ? ['ProxyJump', value] : value.split('=');
      options.set(key.toLowerCase(), [rest.join('='), setting]);
      if (!['proxyjump', 'userknownhostsfile', 'stricthostkeychecking'].includes(key.toLowerCase())) {
        const hint =
          key.toLowerCase() === 'proxycommand'
            ? 'use ProxyJump'
            : 'ProxyJump, UserKnownHostsFile and StrictHostKeyChecking are';
        read.tell(name, setting, `-o ${key} is not honoured here`, hint);
      }
    }
  }
  const known = options.get('userknownhostsfile');
  return {
    proxyJump: options.get('proxyjump')?.[0],
    knownHostsFile: known && resolvePath(known[0], known[1].file),
    strictHostKeyChecking: hostKeyPolicy(options.get('stricthostkeychecking')?.[0]),
  };
}

function hostKeyPolicy(value: string | undefined): HostKeyPolicy | undefined {
  if (value === undefined) return undefined;
  if (/^(no|off)$/i.test(value)) return 'no';
  return /^accept-new$/i.test(value) ? 'accept-new' : 'yes';
}

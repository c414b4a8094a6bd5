import { existsSync } from 'node:fs';
import { networkInterfaces } from 'node:os';
import { numericAddress } from '../../addresses.ts';
import { untilde } from '../../home.ts';
import { badSetting } from '../failures.ts';
import type { Connection, HostKeyPolicy } from '../host.ts';
import { readOptions, type SshOptions } from './config/options.ts';
import { ConfigProblem } from './config/problem.ts';
import { knownName } from './known-hosts.ts';
import { type AlgorithmChoices, algorithmChoices } from './ssh-algorithms.ts';

/** A connection with everything filled in: the inventory first, then ssh_config, then OpenSSH's defaults. */
export interface SshSettings {
  /** Inventory name; a jump host's is what the user wrote. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly keys: {
    readonly files: readonly string[];
    /** Named by the inventory, and not there. */
    readonly absent: readonly string[];
    /** Somebody named them, so one that is missing or locked is worth a word. */
    readonly named: boolean;
    /** The agent's other keys stay out of it. */
    readonly only: boolean;
    /** Certificates of users (CertificateFile): not supported. */
    readonly certificates: readonly string[];
    /** RSA keys of fewer bits are neither used nor taken. */
    readonly rsaBits: number;
  };
  /** Ways to log in, as sshd names them, in the order to try; undefined where nobody has said it. */
  readonly methods: readonly string[];
  /** Socket of the agent. */
  readonly agent: string | undefined;
  /** Jump hosts, the nearest to control first. */
  readonly jumps: readonly string[];
  /** A command whose standard input and output are the connection. */
  readonly proxyCommand: string | undefined;
  readonly line: {
    /** Until no answer counts as unreachable, in ms. */
    readonly connectMs: number;
    /** A line that went silent for all of them is lost, in ms and how many. */
    readonly aliveMs: number;
    readonly aliveCount: number;
    /** Address of this machine to connect from. */
    readonly from: string | undefined;
    readonly family: 4 | 6 | undefined;
  };
  readonly hostKey: {
    readonly policy: HostKeyPolicy;
    /** The host as known_hosts names it. */
    readonly knownAs: string;
    /** The bare name, which may vouch for another port too. */
    readonly portless: string | undefined;
    /** Looked into, in this order; the first is written to. */
    readonly user: readonly string[];
    /** Looked into after them. */
    readonly global: readonly string[];
    /** A list of keys that are never taken. */
    readonly revoked?: string;
  };
  /** What the user wants of algorithms. */
  readonly algorithms: AlgorithmChoices;
}

/** Until a host that does not answer counts as unreachable, where nobody says otherwise. */
const CONNECT_MS = 10_000;

/** A connection that went silent is noticed within four of these. */
const ALIVE_MS = 4_000;

/** Completes a connection. Throws what ssh_config has that is wrong, or that cannot be kept, exit code 1. */
export function sshSettings(connection: Connection): Promise<SshSettings> {
  return withOptions(connection, (options) => settingsOf(connection, options));
}

/** Reads what ssh_config says of a connection for `work`. Throws what is wrong with it, exit code 1. */
export async function withOptions<T>(connection: Connection, work: (options: SshOptions) => T): Promise<T> {
  try {
    return work(await readOptions(connection));
  } catch (error) {
    if (!(error instanceof ConfigProblem)) throw error;
    const { message, origin, hint, position } = error;
    throw badSetting(connection.name, position ? message : `${origin.file}: ${message}`, hint, position);
  }
}

function settingsOf(connection: Connection, options: SshOptions): SshSettings {
  const { name } = connection;
  // known_hosts names IPv6 addresses in one spelling.
  const address = numericAddress(options.host);
  const { port, user } = options;
  const command = options.proxyCommand();
  const keys = keysOf(connection, options);
  const agent = agentOf(options);
  refuseNoWay(connection, keys, agent);
  return {
    name,
    address,
    port,
    user,
    keys,
    methods: methodsOf(options),
    agent,
    jumps: options.jumps(),
    proxyCommand: command,
    line: {
      connectMs: options.seconds('connecttimeout', CONNECT_MS),
      aliveMs: options.seconds('serveraliveinterval', ALIVE_MS),
      aliveCount: Number(options.text('serveralivecountmax') ?? 3),
      from: options.text('bindaddress') ?? addressOn(options),
      family: { inet: 4 as const, inet6: 6 as const }[options.text('addressfamily') ?? ''],
    },
    hostKey: hostKeyOf(options, address),
    algorithms: algorithmChoices(options),
  };
}

function keysOf({ absentKeys = [] }: Connection, options: SshOptions): SshSettings['keys'] {
  const absent = absentKeys.map(({ path }) => path);
  const only = options.text('identitiesonly') === 'yes';
  const rsaBits = Number(options.text('requiredrsasize') ?? 1024);
  const certificates = (options.paths('certificatefile') ?? []).filter((file) => !/^none$/i.test(file));
  const named = options.paths('identityfile');
  if (named !== undefined)
    return {
      files: named.filter((file) => !/^none$/i.test(file)),
      ...{ absent, named: true, only, certificates, rsaBits },
    };
  const files = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((file) => untilde(`~/.ssh/${file}`));
  return { files, absent, named: false, only, certificates, rsaBits };
}

/** Where the key that was named is not there, and nothing else could let anybody in. */
function refuseNoWay(
  { name, absentKeys: [key] = [], password }: Connection,
  { files, only }: SshSettings['keys'],
  agent: string | undefined,
): void {
  if (key === undefined || password !== undefined || (agent !== undefined && !only)) return;
  if (files.some((file) => existsSync(file) || (agent !== undefined && existsSync(`${file}.pub`)))) return;
  throw badSetting(
    name,
    `${key.variable}: ${key.path} is not there, and there is no other key, agent or password`,
    'name the key of this machine, or start the agent that has it (SSH_AUTH_SOCK)',
    key.position,
  );
}

/** Those that are possible here; hosts' certificates and Kerberos are not. */
const METHODS = ['publickey', 'keyboard-interactive', 'password'];

function methodsOf(options: SshOptions): readonly string[] {
  const switches: Readonly<Record<string, string>> = {
    publickey: 'pubkeyauthentication',
    'keyboard-interactive': 'kbdinteractiveauthentication',
    password: 'passwordauthentication',
  };
  const preferred = options.text('preferredauthentications')?.split(',') ?? [
    'publickey',
    'password',
    'keyboard-interactive',
  ];
  return preferred.filter(
    (method) =>
      METHODS.includes(method) && !/^(no|false)$/.test(options.text(switches[method] as string) ?? 'yes'),
  );
}

function agentOf(options: SshOptions): string | undefined {
  const configured = options.path('identityagent');
  if (configured === 'none') return undefined;
  if (configured === undefined || configured === 'SSH_AUTH_SOCK')
    return process.env.SSH_AUTH_SOCK || undefined;
  return configured.startsWith('$') ? process.env[configured.slice(1)] : configured;
}

/** BindInterface: its first address. */
function addressOn(options: SshOptions): string | undefined {
  const name = options.text('bindinterface');
  if (name === undefined) return undefined;
  const family = options.text('addressfamily') === 'inet6' ? 'IPv6' : 'IPv4';
  const all = networkInterfaces()[name] ?? [];
  const address = all.find((one) => one.family === family)?.address;
  if (address !== undefined) return address;
  throw options.problem(
    'bindinterface',
    `${name} has no ${family} address here`,
    'name an interface of this machine',
  );
}

function hostKeyOf(options: SshOptions, address: string): SshSettings['hostKey'] {
  const files = (keyword: string, usual: readonly string[]) =>
    (options.paths(keyword) ?? usual).filter((file) => !/^none$/i.test(file));
  const alias = options.text('hostkeyalias')?.toLowerCase();
  const revoked = options.path('revokedhostkeys');
  const { port } = options;
  return {
    policy: policyOf(options.text('stricthostkeychecking')),
    knownAs: alias ?? knownName(address, port),
    portless: alias === undefined && port !== 22 ? address : undefined,
    user: files('userknownhostsfile', userFiles()),
    global: files('globalknownhostsfile', GLOBAL_FILES),
    ...(revoked !== undefined && !/^none$/i.test(revoked) && { revoked }),
  };
}

/** known_hosts files of the system, and of the user, where nobody names others. */
export const GLOBAL_FILES = ['/etc/ssh/ssh_known_hosts', '/etc/ssh/ssh_known_hosts2'];

export function userFiles(): readonly string[] {
  return ['known_hosts', 'known_hosts2'].map((file) => untilde(`~/.ssh/${file}`));
}

/** OpenSSH's `ask` is `yes` here: there is nobody to ask, but with `--trust`. */
function policyOf(configured: string | undefined): HostKeyPolicy {
  if (configured === 'false') return 'no';
  return configured === 'accept-new' ? configured : 'yes';
}

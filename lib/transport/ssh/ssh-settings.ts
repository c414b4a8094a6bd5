import { join } from 'node:path';
import { canonicalAddress } from '../../addresses.ts';
import { home, whoami } from '../../whoami.ts';
import { badSetting } from '../failures.ts';
import type { Connection, HostKeyPolicy } from '../host.ts';
import { knownName } from './known-hosts.ts';
import { type AlgorithmChoices, algorithmChoices, unkeptDirective } from './ssh-algorithms.ts';
import { readSshConfig, type SshConfig } from './ssh-config.ts';

/** A connection with everything filled in: the inventory first, then ~/.ssh/config, then OpenSSH's defaults. */
export interface SshSettings {
  /** Inventory name; a jump host's is what the user wrote. */
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly keys: {
    readonly files: readonly string[];
    /** Somebody named them, so one that is missing or locked is worth a word. */
    readonly named: boolean;
    /** The agent's other keys stay out of it. */
    readonly only: boolean;
  };
  /** Socket of the agent. */
  readonly agent: string | undefined;
  /** Jump hosts, the nearest to control first. */
  readonly jumps: readonly string[];
  readonly hostKey: {
    readonly policy: HostKeyPolicy;
    /** The host as known_hosts names it. */
    readonly knownAs: string;
    /** The bare name, which may vouch for another port too. */
    readonly portless: string | undefined;
    /** Looked into, in this order; the first is written to. */
    readonly files: readonly string[];
    /** A list of keys that are never taken. */
    readonly revoked?: string;
  };
  /** What the user wants of algorithms. */
  readonly algorithms: AlgorithmChoices;
}

/** Completes a connection. */
export async function sshSettings(connection: Connection): Promise<SshSettings> {
  const config = await readSshConfig(connection.address, connection.user);
  const first = (name: string) => config.get(name)?.[0];
  const jump = connection.proxyJump ?? first('proxyjump') ?? 'none';
  const proxy = config.get('proxycommand')?.join(' ') ?? 'none';
  if (jump === 'none' && proxy !== 'none' && connection.proxyJump === undefined) {
    throw badSetting(
      connection.name,
      '~/.ssh/config says ProxyCommand, which is not honoured',
      'use ProxyJump',
    );
  }
  const unkept = unkeptDirective(config);
  if (unkept !== undefined) {
    const problem = `~/.ssh/config narrows ${unkept}, which cannot be kept here`;
    throw badSetting(connection.name, problem, 'choose the key with IdentityFile and IdentitiesOnly');
  }
  // known_hosts names IPv6 addresses in one spelling.
  const address = canonicalAddress((first('hostname') ?? '%h').replaceAll('%h', connection.address));
  const port = connection.port ?? Number(first('port') ?? 22);
  const user = connection.user ?? first('user') ?? whoami();
  const expand = (path: string) => expandTokens(path, { h: address, p: String(port), r: user });
  return {
    name: connection.name,
    address,
    port,
    user,
    keys: keysOf(connection, config, expand),
    agent: agentOf(first('identityagent'), expand),
    jumps: jump === 'none' ? [] : jump.split(',').map((hop) => hop.trim()),
    hostKey: hostKeyOf(connection, config, address, port, expand),
    algorithms: algorithmChoices(config),
  };
}

function keysOf(
  connection: Connection,
  config: SshConfig,
  expand: (path: string) => string,
): SshSettings['keys'] {
  const listed = config.get('identityfile')?.filter((file) => file !== 'none') ?? [];
  const named = connection.keyFile !== undefined ? [connection.keyFile] : listed.map(expand);
  const only = /^yes$/i.test(config.get('identitiesonly')?.[0] ?? '');
  if (named.length > 0) return { files: named, named: true, only };
  const files = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(home(), '.ssh', name));
  return { files, named: false, only };
}

function agentOf(configured: string | undefined, expand: (path: string) => string): string | undefined {
  if (configured === 'none') return undefined;
  if (configured === undefined || configured === 'SSH_AUTH_SOCK')
    return process.env.SSH_AUTH_SOCK || undefined;
  return configured.startsWith('$') ? process.env[configured.slice(1)] : expand(configured);
}

function hostKeyOf(
  connection: Connection,
  config: SshConfig,
  address: string,
  port: number,
  expand: (path: string) => string,
): SshSettings['hostKey'] {
  const configured = config.get('userknownhostsfile')?.flatMap((files) => files.split(/\s+/));
  const own =
    connection.knownHostsFile !== undefined
      ? [connection.knownHostsFile]
      : (configured?.filter((file) => file !== 'none').map(expand) ?? [join(home(), '.ssh/known_hosts')]);
  const alias = config.get('hostkeyalias')?.[0];
  const revoked = config.get('revokedhostkeys')?.[0];
  return {
    policy: connection.strictHostKeyChecking ?? policyOf(config.get('stricthostkeychecking')?.[0]),
    knownAs: alias ?? knownName(address, port),
    portless: alias === undefined && port !== 22 ? address : undefined,
    files: [...own, '/etc/ssh/ssh_known_hosts'],
    ...(revoked !== undefined && revoked !== 'none' && { revoked: expand(revoked) }),
  };
}

function policyOf(configured: string | undefined): HostKeyPolicy {
  const value = configured?.toLowerCase();
  if (value === 'no' || value === 'off') return 'no';
  return value === 'accept-new' ? value : 'yes';
}

/** `~` and the tokens of ssh_config(5) that paths are written with. */
function expandTokens(path: string, tokens: Readonly<Record<string, string>>): string {
  const all: Record<string, string> = { ...tokens, d: home(), u: whoami(), '%': '%' };
  return path.replace(/^~(?=\/)/, home()).replace(/%([a-zA-Z%])/g, (token, letter) => all[letter] ?? token);
}

import { readFile } from 'node:fs/promises';
import { homedir, userInfo } from 'node:os';
import { join } from 'node:path';
import type { Connection } from './host.ts';

/** A connection with everything filled in: the inventory first, then ~/.ssh/config, then OpenSSH's defaults. */
export interface SshSettings {
  readonly name: string;
  readonly address: string;
  readonly port: number;
  readonly user: string;
  readonly keyFiles: readonly string[];
  /** Key files were named by somebody: a missing one is an error. */
  readonly keysNamed: boolean;
  readonly agent: string | undefined;
  readonly proxyJump: string | undefined;
  readonly knownHostsFile: string | undefined;
  readonly hostKeys: 'strict' | 'record' | 'accept';
}

/** Completes a connection. */
export async function sshSettings(connection: Connection): Promise<SshSettings> {
  const config = await configFor(connection.address);
  const identities = list(config.IdentityFile).map(expand);
  const named = connection.keyFile !== undefined ? [connection.keyFile] : identities;
  const defaults = ['id_ed25519', 'id_ecdsa', 'id_rsa'].map((name) => join(homedir(), '.ssh', name));
  const jump = connection.proxyJump ?? text(config.ProxyJump);
  const files = text(config.UserKnownHostsFile)?.split(' ')[0];
  return {
    name: connection.name,
    address: text(config.HostName) ?? connection.address,
    port: connection.port ?? Number(text(config.Port) ?? 22),
    user: connection.user ?? text(config.User) ?? userInfo().username,
    keyFiles: named.length > 0 ? named : defaults,
    keysNamed: named.length > 0,
    agent:
      connection.keyFile === undefined && !/^yes$/i.test(text(config.IdentitiesOnly) ?? '')
        ? agentSocket(text(config.IdentityAgent))
        : undefined,
    proxyJump: jump === undefined || jump === 'none' ? undefined : jump,
    knownHostsFile: connection.knownHostsFile ?? (files && expand(files)),
    hostKeys: hostKeyPolicy(connection, text(config.StrictHostKeyChecking)),
  };
}

function hostKeyPolicy(connection: Connection, configured: string | undefined): SshSettings['hostKeys'] {
  if (!connection.strictHostKeyChecking) return 'accept';
  if (configured === 'accept-new') return 'record';
  return 'strict';
}

function agentSocket(configured: string | undefined): string | undefined {
  if (configured === 'none') return undefined;
  return configured === undefined || configured === 'SSH_AUTH_SOCK'
    ? process.env.SSH_AUTH_SOCK
    : expand(configured);
}

/** Parsed only where there is such a file. */
async function configFor(address: string): Promise<Record<string, string | string[]>> {
  const source = await readFile(join(homedir(), '.ssh/config'), 'utf8').catch(() => undefined);
  if (source === undefined) return {};
  const { default: SSHConfig } = await import('ssh-config');
  return SSHConfig.parse(source).compute(address, { ignoreCase: true });
}

function expand(path: string): string {
  return path.replace(/^~(?=\/)/, homedir()).replaceAll('%d', homedir());
}

function text(value: string | string[] | undefined): string | undefined {
  return typeof value === 'string' ? value : value?.[0];
}

function list(value: string | string[] | undefined): readonly string[] {
  return value === undefined ? [] : [value].flat();
}

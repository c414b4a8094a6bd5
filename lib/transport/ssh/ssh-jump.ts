import type { Duplex } from 'node:stream';
import { PerRun } from '../../dsl/common/per-run.ts';
import { QuorateError } from '../../errors.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { badSetting, unreachable } from '../failures.ts';
import type { Connection } from '../host.ts';
import { parseHop } from './config/jump.ts';
import { type Dial, type Link, openLink } from './ssh-link.ts';
import { type SshSettings, sshSettings } from './ssh-settings.ts';

/** A way through jump hosts. */
export interface Jump {
  readonly dial: Dial;
  /** Says that this host is done with it; the last one to do so closes the connection. */
  release(): void;
}

interface Shared {
  readonly link: Promise<Link>;
  users: number;
}

/** Jump hosts may have jump hosts of their own, by ssh_config. */
const MAX_DEPTH = 16;

/** Connections to jump hosts: one for all hosts of a run behind it. */
const shared = new PerRun(() => new Map<string, Shared>());

/**
 * The way to a host through its jump hosts; undefined when it has none. A jump host (`[user@]host[:port]`)
 * has its own lines in ssh_config; of the inventory's it gets the key file and the known hosts.
 */
export async function jumpTo(
  settings: SshSettings,
  connection: Connection,
  options: ConnectOptions,
  depth = 0,
): Promise<Jump | undefined> {
  const [...hops] = settings.jumps;
  const last = hops.pop();
  if (last === undefined) return undefined;
  if (depth > MAX_DEPTH)
    throw badSetting(
      settings.name,
      `jump hosts lead to each other, ${last} among them`,
      'see ProxyJump in ssh_config',
    );
  const hop = hopOf(connection, last, hops);
  const key = JSON.stringify(hop);
  const links = shared.own;
  const use = links.get(key) ?? { link: openHop(hop, options, depth + 1), users: 0 };
  links.set(key, use);
  use.users += 1;
  const release = () => {
    use.users -= 1;
    if (use.users > 0) return;
    if (links.get(key) === use) links.delete(key);
    use.link.then((link) => link.close()).catch(() => {});
  };
  try {
    const link = await use.link;
    return { dial: () => dialThrough(link, last, settings), release };
  } catch (error) {
    release();
    throw behind(settings.name, error);
  }
}

/** All that decides which machine it is and how it is reached, and nothing of the host behind it. */
function hopOf(
  { name, keyFile, knownHostsFile, strictHostKeyChecking, sshConfigFile }: Connection,
  hop: string,
  before: readonly string[],
): Connection {
  const parts = parseHop(hop);
  if (parts === undefined)
    throw badSetting(name, `${hop} is not a jump host`, '[user@]host[:port] is wanted');
  const { host: address, port, user } = parts;
  return {
    name: hop,
    kind: 'ssh',
    address,
    port,
    user,
    password: undefined,
    become: false,
    becomeUser: 'root',
    becomePassword: undefined,
    // The hops before it are the user's word; without any it may have a jump host of its own.
    proxyJump: before.length > 0 ? before.join(',') : undefined,
    keyFile,
    knownHostsFile,
    strictHostKeyChecking,
    sshConfigFile,
  };
}

async function openHop(hop: Connection, options: ConnectOptions, depth: number): Promise<Link> {
  const settings = await sshSettings(hop);
  const jump = await jumpTo(settings, hop, options, depth);
  const link = await openLink(settings, hop.password, options, jump?.dial);
  return {
    ...link,
    close() {
      link.close();
      jump?.release();
    },
  };
}

async function dialThrough(
  link: Link,
  hop: string,
  { name, address, port, line }: SshSettings,
): Promise<Duplex> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(new Error(`no answer within ${line.connectMs / 1000} s`)),
      line.connectMs,
    );
  });
  try {
    const opening = link.ssh.forwardOut('127.0.0.1', 0, address, port);
    return (await Promise.race([opening, late])) as Duplex;
  } catch (error) {
    const why = link.lost() ?? (error as Error).message;
    throw unreachable(name, `jump host ${hop} cannot connect to ${address} port ${port}: ${why}`);
  } finally {
    clearTimeout(timer);
  }
}

/** The same failure, told of the host that is behind the jump host. */
function behind(host: string, error: unknown): unknown {
  if (!(error instanceof QuorateError)) return error;
  const { exitCode, hint } = error;
  return new QuorateError(`${host}: jump host ${error.message}`, {
    exitCode,
    host,
    ...(hint !== undefined && { hint }),
  });
}

import type { Duplex } from 'node:stream';
import type { NodeSSH } from 'node-ssh';
import type { Connection } from './host.ts';
import type { ConnectOptions } from './index.ts';
import { openConnection } from './ssh.ts';
import { type SshSettings, sshSettings } from './ssh-settings.ts';

/** Connections to jump hosts, shared by all hosts behind them. */
const jumps = new Map<string, Promise<NodeSSH>>();

/** A stream to a host through its jump hosts (`[user@]host[:port]`, comma-separated, the nearest first). */
export async function jumpSocket(
  settings: SshSettings,
  connection: Connection,
  options: ConnectOptions,
): Promise<Duplex> {
  const hops = (settings.proxyJump ?? '').split(',');
  const last = hops.pop() as string;
  const key = [...hops, last].join(',');
  let jump = jumps.get(key);
  if (!jump) {
    jump = openJump(last, hops, connection, options);
    jumps.set(key, jump);
  }
  const stream = await (await jump).forwardOut('127.0.0.1', 0, settings.address, settings.port);
  return stream as Duplex;
}

async function openJump(
  hop: string,
  before: readonly string[],
  connection: Connection,
  options: ConnectOptions,
): Promise<NodeSSH> {
  const [, user, address = hop, port] = /^(?:([^@]*)@)?\[?([^\]]*?)\]?(?::(\d+))?$/.exec(hop) ?? [];
  const jump: Connection = {
    ...connection,
    name: `${connection.name} via ${hop}`,
    address,
    port: port === undefined ? undefined : Number(port),
    user: user ?? undefined,
    proxyJump: before.length > 0 ? before.join(',') : undefined,
  };
  const ssh = await openConnection(jump, await sshSettings(jump), options);
  ssh.connection?.on('error', () => {});
  // Nothing waits for the jump host itself: it goes when the last host behind it is closed.
  (ssh.connection as unknown as { _sock?: { unref?: () => void } })._sock?.unref?.();
  return ssh;
}

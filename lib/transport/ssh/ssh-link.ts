import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import type { Algorithms, Client } from 'ssh2';
import type { Secret } from '../../dsl/secret.ts';
import { QuorateError } from '../../errors.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { unreachable } from '../failures.ts';
import { Slots } from '../slots.ts';
import { dialByCommand } from './proxy-command.ts';
import { limitHint, reasonOf } from './reasons.ts';
import { Authentication } from './ssh-auth.ts';
import { HostKeyCheck } from './ssh-host-key.ts';
import type { SshSettings } from './ssh-settings.ts';

/** Handshakes under way at a time: they cost CPU here, and jump hosts drop connects that come at once. */
const slots = new Slots(16);

/** An authenticated connection to a host whose key is known. */
export interface Link {
  readonly ssh: NodeSSH;
  /** By which key or password the login was let in. */
  readonly method: string;
  /** Keys that were of no use, and why. */
  readonly passedOver: readonly string[];
  /** Why the connection is gone, in words; undefined while it stands. */
  lost(): string | undefined;
  close(): void;
}

/** Gives the stream that a connection is made over. */
export type Dial = () => Promise<Duplex>;

/** Connects, asking the user about an unknown host key where they wished to be asked. */
export async function openLink(
  settings: SshSettings,
  password: Secret | undefined,
  options: ConnectOptions,
  dial: Dial = () => dialDirect(settings),
): Promise<Link> {
  const check = await HostKeyCheck.of(settings);
  const attempt = () => slots.run(() => handshake(settings, password, check, dial));
  // Nobody waits on the other end while the user thinks: the answer comes with a second connection.
  const link = await attempt().catch(async (error) => {
    if (!check.refusal()) throw error;
    if (await check.mayTrust(options.trust)) return attempt();
    throw check.refusal() ?? error;
  });
  if (check.warning !== undefined) options.warn?.(settings.name, check.warning);
  const { name, address, port, user } = settings;
  for (const word of link.passedOver) options.tell?.(name, word);
  options.tell?.(name, `${user}@${address} port ${port}: ${check.shown}; let in by ${link.method}`);
  return link;
}

async function handshake(
  settings: SshSettings,
  password: Secret | undefined,
  check: HostKeyCheck,
  dial: Dial,
): Promise<Link> {
  const authentication = await Authentication.of(settings, password);
  const sock = await dial();
  const ssh = new NodeSSH();
  const connecting = ssh.connect({
    sock: sock as Socket,
    username: settings.user,
    authHandler: authentication.handler,
    hostVerifier: (key: Buffer) => check.accepts(key),
    algorithms: algorithmsFor(settings, check),
    readyTimeout: settings.line.connectMs,
    keepaliveInterval: settings.line.aliveMs,
    keepaliveCountMax: settings.line.aliveCount,
  });
  const client = ssh.connection as Client;
  const watch = new Watch(client);
  try {
    await connecting;
  } catch (error) {
    sock.destroy();
    if (watch.proven) await check.record();
    throw check.refusal() ?? connectFailed(settings, authentication, watch, watch.first ?? (error as Error));
  }
  await check.record().catch((error) => {
    // Nobody else would close it, and an open one keeps this process waiting.
    sock.destroy();
    throw error;
  });
  return {
    ssh,
    method: authentication.method,
    passedOver: authentication.passedOver,
    lost: () => watch.first && reasonOf(watch.first),
    close() {
      client.end();
      // The other end may be gone, and would keep this process waiting.
      setTimeout(() => sock.destroy(), 1000).unref();
    },
  };
}

/** node-ssh takes its own listener away once connected; without one, a reset would end the process. */
class Watch {
  first: (Error & { readonly level?: string }) | undefined;
  /** The host has shown that it owns its key. */
  proven = false;
  /** What it said last before it let anybody in. */
  said = '';

  constructor(client: Client) {
    client.on('banner', (message) => {
      this.said = message
        .trim()
        .replaceAll(/(?<!\s)\s*\n\s*/g, ' ')
        .slice(-300);
    });
    client.on('error', (error) => {
      this.first ??= error;
    });
    client.on('close', () => {
      this.first ??= new Error('the other end closed it');
    });
    client.once('handshake', () => {
      this.proven = true;
    });
  }
}

/** Lists that the user wants; all others are left to ssh2. */
function algorithmsFor({ algorithms: { cipher, kex, hmac } }: SshSettings, check: HostKeyCheck): Algorithms {
  const lists = { ...(cipher && { cipher }), ...(kex && { kex }), ...(hmac && { hmac }) };
  return { ...lists, serverHostKey: check.algorithms } as Algorithms;
}

async function dialDirect(settings: SshSettings): Promise<Duplex> {
  return settings.proxyCommand === undefined ? openSocket(settings) : dialByCommand(settings.proxyCommand);
}

/** Nagle off: with it each exchange costs 40 ms more. */
function openSocket({ name, address, port, line }: SshSettings): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({
      host: address,
      port,
      noDelay: true,
      // A name may have addresses of both families; Node's 250 ms for each are too few for slow links.
      autoSelectFamilyAttemptTimeout: 3000,
      ...(line.from !== undefined && { localAddress: line.from }),
      ...(line.family !== undefined && { family: line.family }),
    });
    const fail = (error: Error) => {
      clearTimeout(timer);
      socket.destroy();
      const hint = limitHint(error) ?? 'is the host up, with sshd on that port?';
      reject(unreachable(name, `cannot connect to ${address} port ${port}: ${reasonOf(error)}`, hint));
    };
    const late = () => fail(new Error(`no answer within ${line.connectMs / 1000} s`));
    const timer = setTimeout(late, line.connectMs);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
  });
}

function connectFailed(
  settings: SshSettings,
  authentication: Authentication,
  { proven, said }: Watch,
  error: Error & { readonly level?: string },
): QuorateError {
  if (error instanceof QuorateError) return error;
  if (error.level === 'client-authentication') return authentication.failure();
  // Who closes the door on a login tells why, if at all, just before.
  const late = error.level === 'client-timeout';
  if (proven && !late && authentication.method !== 'nothing')
    return authentication.failure([said, reasonOf(error)].filter(Boolean).join('; '));
  const { name, address, port, line } = settings;
  const why = late ? `no answer within ${line.connectMs / 1000} s` : reasonOf(error);
  return unreachable(name, `cannot connect to ${address} port ${port}: ${why}`, limitHint(error));
}

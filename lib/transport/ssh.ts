import { connect as connectTcp, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { NodeSSH } from 'node-ssh';
import { EXIT, QuorateError } from '../errors.ts';
import { becomeOf } from './become.ts';
import type { Connection, Host } from './host.ts';
import type { ConnectOptions } from './index.ts';
import { entriesFor, knownHostsFiles, orderAlgorithms, readKnownHosts } from './known-hosts.ts';
import { runScript } from './script.ts';
import { sendFile } from './send.ts';
import { authentication } from './ssh-auth.ts';
import { channelSpawn } from './ssh-channel.ts';
import { HostKeyCheck } from './ssh-host-key.ts';
import { jumpSocket } from './ssh-jump.ts';
import { type SshSettings, sshSettings } from './ssh-settings.ts';

/** Seconds until a host that does not answer counts as unreachable; also for a connection gone silent. */
const TIMEOUT = 10;

/** sshd drops connects that come all at once (MaxStartups): this many are under way at a time. */
const CONNECTS = 16;

let waiting: (() => void)[] = [];
let connecting = 0;

/** Connects a host over SSH: one connection, whose host key is known, for all of a run. */
export async function connectSsh(connection: Connection, options: ConnectOptions): Promise<Host> {
  const settings = await sshSettings(connection);
  const ssh = await bounded(() => openConnection(connection, settings, options));
  const become = becomeOf(connection, settings.user);
  const { name } = connection;
  let lost: Error | undefined;
  let closing = false;
  // node-ssh takes its own listener away once connected; without one, a reset would end the process.
  ssh.connection?.on('error', (error) => {
    lost = error;
  });
  ssh.connection?.on('close', () => {
    lost ??= new Error('the connection was closed');
  });
  const spawn = channelSpawn(ssh, () => (closing ? undefined : lost && connectionLost(name, lost)));
  let roundTrips = 0;
  return {
    name,
    get roundTrips() {
      return roundTrips;
    },
    run(script, streams) {
      roundTrips += 1;
      return runScript(name, spawn, become, script, streams);
    },
    send(source, target, progress) {
      roundTrips += 1;
      return sendFile(name, spawn, become, source, target, progress);
    },
    async close() {
      closing = true;
      ssh.dispose();
    },
  };
}

/** An authenticated connection; also what a jump host gets. */
export async function openConnection(
  connection: Connection,
  settings: SshSettings,
  options: ConnectOptions,
): Promise<NodeSSH> {
  const { name, address, port, user } = settings;
  const known = await readKnownHosts(knownHostsFiles(settings.knownHostsFile));
  const entries = entriesFor(known, address, port);
  const check = new HostKeyCheck(settings, entries, options);
  const sock = settings.proxyJump
    ? await jumpSocket(settings, connection, options)
    : await openSocket(name, address, port);
  const ssh = new NodeSSH();
  try {
    await ssh.connect({
      sock: sock as Socket,
      username: user,
      authHandler: await authentication(settings, connection.password),
      hostVerifier: check.verifier,
      algorithms: { serverHostKey: [...orderAlgorithms(entries)] as [] },
      readyTimeout: TIMEOUT * 1000 + (options.trust ? 300_000 : 0),
      keepaliveInterval: (TIMEOUT * 1000) / 3,
      keepaliveCountMax: 3,
    });
  } catch (error) {
    sock.destroy();
    throw check.refusal ?? connectFailed(settings, error as Error & { level?: string });
  }
  return ssh;
}

/** Nagle off: with it each exchange costs 40 ms more. */
function openSocket(name: string, address: string, port: number): Promise<Duplex> {
  return new Promise((resolve, reject) => {
    const socket = connectTcp({ host: address, port, noDelay: true });
    const fail = (error: Error) => {
      socket.destroy();
      reject(
        unreachable(name, `${address}:${port}: ${error.message}`, 'is the host up, and sshd on that port?'),
      );
    };
    const timer = setTimeout(() => fail(new Error(`no answer within ${TIMEOUT} s`)), TIMEOUT * 1000);
    socket.once('error', fail);
    socket.once('connect', () => {
      clearTimeout(timer);
      socket.off('error', fail);
      resolve(socket);
    });
    socket.once('close', () => clearTimeout(timer));
  });
}

function connectFailed(settings: SshSettings, error: Error & { level?: string }): QuorateError {
  const { name, user, address } = settings;
  if (error.level === 'client-authentication') {
    return unreachable(name, `${user}@${address} was not let in`, 'check ansible_user, the key or the agent');
  }
  return unreachable(name, `${address}: ${error.message}`);
}

function connectionLost(name: string, error: Error): QuorateError {
  return new QuorateError(
    `${name}: the connection was lost, so the outcome there is unknown: ${error.message}`,
    {
      exitCode: EXIT.unreachable,
      host: name,
      hint: 'run again: the host is read afresh first',
    },
  );
}

function unreachable(host: string, message: string, hint?: string): QuorateError {
  return new QuorateError(`${host}: cannot connect to ${message}`, {
    exitCode: EXIT.unreachable,
    host,
    ...(hint !== undefined && { hint }),
  });
}

async function bounded<T>(work: () => Promise<T>): Promise<T> {
  if (connecting >= CONNECTS) await new Promise<void>((resolve) => waiting.push(resolve));
  connecting += 1;
  try {
    return await work();
  } finally {
    connecting -= 1;
    const [next, ...rest] = waiting;
    waiting = rest;
    next?.();
  }
}

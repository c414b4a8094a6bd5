import { posix } from 'node:path';
import { deferred } from '../../deferred.ts';
import type { Store } from '../../dsl/source/store.ts';
import type { ConnectOptions } from '../connect-options.ts';
import { unreachable } from '../failures.ts';
import type { Connection } from '../host.ts';
import { SftpFolder } from './sftp-folder.ts';
import { jumpTo } from './ssh-jump.ts';
import { openLink } from './ssh-link.ts';
import { sshSettings } from './ssh-settings.ts';

/** How long the other end may leave a request unanswered, in ms. */
const STALL_MS = 60_000;

/**
 * Connects to `sftp://[user@]host[:port]/folder`, whose ssh_config and host key count as any host's.
 *
 * @param stallMs How long the other end may leave a request unanswered.
 */
export async function openSftpFolder(
  address: string,
  options: ConnectOptions,
  stallMs = STALL_MS,
): Promise<Store> {
  const connection = connectionOf(address);
  const settings = await sshSettings(connection);
  const jump = await jumpTo(settings, connection, options);
  const link = await openLink(settings, undefined, options, jump?.dial).catch((error) => {
    jump?.release();
    throw error;
  });
  const close = async () => {
    link.close();
    jump?.release();
  };
  try {
    const sftp = await within(stallMs, link.ssh.requestSFTP());
    return {
      ...new SftpFolder({ name: address, path: folderOf(address), sftp, link, stallMs }).store(),
      close,
    };
  } catch (error) {
    await close();
    throw unreachable(
      connection.name,
      `sshd gives no SFTP: ${(error as Error).message}`,
      'is the subsystem sftp switched on there? sftp -v to that host tells more',
    );
  }
}

function within<T>(ms: number, asked: Promise<T>): Promise<T> {
  const { promise, reject, resolve } = deferred<T>();
  const late = setTimeout(() => reject(new Error(`no answer within ${ms / 1000} s`)), ms);
  asked.then(resolve, reject).finally(() => clearTimeout(late));
  return promise;
}

/** As a host of the inventory would be reached that has nothing but a name, a port and a user. */
function connectionOf(address: string): Connection {
  const { hostname, port, username } = new URL(address);
  const name = hostname.replace(/^\[(.*)\]$/, '$1');
  return {
    name,
    kind: 'ssh',
    address: name,
    port: port === '' ? undefined : Number(port),
    user: username === '' ? undefined : decodeURIComponent(username),
    password: undefined,
    keyFile: undefined,
    become: false,
    becomeUser: 'root',
    becomePassword: undefined,
    proxyJump: undefined,
    knownHostsFile: undefined,
    strictHostKeyChecking: undefined,
  };
}

/** `/~/x` is below the home of the login, where SFTP begins. */
function folderOf(address: string): string {
  const path = posix.normalize(decodeURIComponent(new URL(address).pathname)).replace(/(.)\/$/, '$1');
  return path.replace(/^\/~(?=\/|$)/, '.');
}

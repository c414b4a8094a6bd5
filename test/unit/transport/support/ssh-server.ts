import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { join } from 'node:path';
import ssh2, {
  type AuthContext,
  type ParsedKey,
  type ServerChannel,
  type Connection as ServerConnection,
  type SFTPWrapper,
} from 'ssh2';

/** What a server of a test does otherwise than sshd. */
export interface ServerOptions {
  /** Its own key; one of the given type is made when there is none. */
  readonly hostKey?: string;
  /** Who is let in; everybody with a key when not given. undefined: it answers the attempt itself. */
  readonly admits?: (attempt: AuthContext) => boolean | undefined;
  /** What it says it takes when it does not let in. */
  readonly takes?: ('publickey' | 'password' | 'keyboard-interactive')[];
  /** Instead of running the command. */
  readonly exec?: (channel: ServerChannel, command: string) => void;
  /** Printed by the login shell before the command. */
  readonly noise?: string;
  /** Serves files; without it the subsystem is refused. */
  readonly sftp?: (sftp: SFTPWrapper) => void;
  /** It never answers to whoever asks for SFTP. */
  readonly ignoresSftp?: boolean;
  readonly refusesSessions?: boolean;
  /** How many it opens at a time on one connection. */
  readonly maxSessions?: number;
}

/** An SSH server in this process: commands are run by a real shell, in a session of their own. */
export class SshServer {
  readonly hostKey: string;
  readonly commands: string[] = [];
  /** `method user` of each attempt to log in, with the password where there is one. */
  readonly attempts: string[] = [];
  readonly sockets: Socket[] = [];
  port = 0;
  readonly #options: ServerOptions;
  readonly #net: Server;

  private constructor(options: ServerOptions) {
    this.#options = options;
    this.hostKey = options.hostKey ?? newKey();
    const server = new ssh2.Server({ hostKeys: [this.hostKey] }, (connection) => this.#serve(connection));
    this.#net = createServer((socket) => {
      this.sockets.push(socket);
      socket.setNoDelay();
      socket.on('error', () => {});
      (server as unknown as { injectSocket(socket: Socket): void }).injectSocket(socket);
    });
  }

  static async start(options: ServerOptions = {}): Promise<SshServer> {
    const server = new SshServer(options);
    server.#net.listen(0, '127.0.0.1');
    await once(server.#net, 'listening');
    server.port = (server.#net.address() as AddressInfo).port;
    return server;
  }

  get publicKey(): ParsedKey {
    return keyOf(this.hostKey);
  }

  /** As known_hosts has it, whoever's key it is. */
  knownLine(key: ParsedKey = this.publicKey): string {
    return `[127.0.0.1]:${this.port} ${key.type} ${key.getPublicSSH().toString('base64')}\n`;
  }

  /** A known_hosts file that knows this server alone. */
  knownFile(dir: string): string {
    const file = join(dir, 'known_hosts');
    writeFileSync(file, this.knownLine(), { mode: 0o600 });
    return file;
  }

  async stop(): Promise<void> {
    for (const socket of this.sockets) socket.destroy();
    this.#net.close();
  }

  #serve(connection: ServerConnection): void {
    const { admits = ({ method }) => method === 'publickey', takes = ['publickey'] } = this.#options;
    connection.on('error', () => {});
    connection.on('authentication', (attempt) => {
      const secret = attempt.method === 'password' ? ` ${attempt.password}` : '';
      // A key is offered first, then used: one attempt.
      if (attempt.method !== 'publickey' || attempt.signature === undefined) {
        this.attempts.push(`${attempt.method} ${attempt.username}${secret}`);
      }
      const admitted = admits(attempt);
      if (admitted) attempt.accept();
      else if (admitted === false) attempt.reject(takes);
    });
    let sessions = 0;
    connection.on('session', (accept, reject) => {
      const { refusesSessions, maxSessions = Number.POSITIVE_INFINITY } = this.#options;
      if (refusesSessions || sessions >= maxSessions) return reject();
      sessions += 1;
      const session = accept();
      const { sftp, ignoresSftp } = this.#options;
      if (ignoresSftp) session.on('sftp', () => {});
      else if (sftp) session.on('sftp', (go) => sftp(go()));
      session.on('exec', (go, _no, { command }) => {
        this.commands.push(command);
        const channel = go();
        channel.once('close', () => {
          sessions -= 1;
        });
        if (this.#options.exec) this.#options.exec(channel, command);
        else this.#run(channel, command);
      });
      return undefined;
    });
    connection.on('tcpip', (accept, reject, { destIP, destPort }) => {
      const socket = connect({ host: destIP, port: destPort, noDelay: true });
      socket.once('error', () => reject());
      socket.once('connect', () => {
        const channel = accept();
        socket.on('error', () => channel.close());
        channel.on('error', () => {});
        channel.pipe(socket).pipe(channel);
      });
    });
  }

  #run(channel: ServerChannel, command: string): void {
    const child = spawn('/bin/sh', ['-c', command], { stdio: 'pipe', detached: true });
    child.stdin.on('error', () => {});
    channel.on('error', () => {});
    if (this.#options.noise !== undefined) channel.write(this.#options.noise);
    channel.pipe(child.stdin);
    channel.once('close', () => child.stdin.destroy());
    child.stdout.on('data', (chunk) => channel.write(chunk));
    child.stderr.on('data', (chunk) => channel.stderr.write(chunk));
    // As sshd has it: the status at once, the end when nobody holds the output any more.
    child.once('exit', (code, signal) => {
      child.stdin.destroy();
      if (code === null) channel.exit((signal ?? 'KILL').replace('SIG', ''), false, '');
      else channel.exit(code);
    });
    child.once('close', () => {
      // Closed at once, a channel drops what its window has not let through yet; sshd waits.
      channel.once('finish', () => channel.close());
      channel.end();
    });
  }
}

/** A private key in OpenSSH's form. */
export function newKey(passphrase?: string): string {
  for (;;) {
    const key =
      passphrase === undefined
        ? ssh2.utils.generateKeyPairSync('ed25519').private
        : ssh2.utils.generateKeyPairSync('ed25519', { passphrase, cipher: 'aes256-cbc', rounds: 16 }).private;
    // One in some hundred that ssh2 makes is malformed.
    if (!(ssh2.utils.parseKey(key, passphrase) instanceof Error)) return key;
  }
}

/** The public half of a private key without a passphrase. */
export function keyOf(pem: string): ParsedKey {
  const key = [ssh2.utils.parseKey(pem)].flat()[0];
  if (!key || key instanceof Error) throw key ?? new Error('no key');
  return key;
}

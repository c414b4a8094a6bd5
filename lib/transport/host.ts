import type { Secret } from '../dsl/secret.ts';
import type { Position } from '../errors.ts';

/** How to reach a host, as the inventory says it. */
export interface Connection {
  /** Inventory name; what people see. */
  readonly name: string;
  readonly kind: 'ssh' | 'local';
  /** `ansible_host`: a name, an IPv4 or an IPv6 address (without brackets). */
  readonly address: string;
  readonly port: number | undefined;
  readonly user: string | undefined;
  readonly password: Secret | undefined;
  readonly keyFile: string | undefined;
  /** Key files that were named, and are not there. */
  readonly absentKeys?: readonly AbsentKey[] | undefined;
  readonly become: boolean;
  readonly becomeUser: string;
  readonly becomePassword: Secret | undefined;
  /** Of `ansible_ssh_common_args`: the ones we honour. */
  readonly proxyJump: string | undefined;
  readonly knownHostsFile: string | undefined;
  /** undefined: as ssh_config says, else `yes`. OpenSSH's `ask` is `yes` here. */
  readonly strictHostKeyChecking: HostKeyPolicy | undefined;
  readonly proxyCommand?: string | undefined;
  /** Until no answer counts as unreachable, in s. */
  readonly connectTimeout?: number | undefined;
  /** `-o` that go before the port, the user and the others: of `ansible_ssh_args`. */
  readonly sshFirst?: readonly (readonly [keyword: string, value: string])[];
  /** Further `-o`, keyword and value, in their order. */
  readonly sshOptions?: readonly (readonly [keyword: string, value: string])[];
  /** `-F`: read in place of the user's and the system's ssh_config. */
  readonly sshConfigFile?: string | undefined;
}

/** A key file that is not there. */
export interface AbsentKey {
  readonly path: string;
  /** Who names it, and where. */
  readonly variable: string;
  readonly position: Position | undefined;
}

/**
 * What becomes of a host key that no known_hosts file has: `yes` refuses it (or asks, with `--trust`),
 * `accept-new` records it, `no` takes it, with a warning. One that changed is refused by all of them.
 */
export type HostKeyPolicy = 'yes' | 'accept-new' | 'no';

/** Bytes of one stream of a running script, as they arrive. */
export interface ScriptStreams {
  /** Called with each chunk of standard output. */
  readonly stdout: (chunk: Buffer) => void;
  /** Called with each chunk of standard error. */
  readonly stderr: (chunk: Buffer) => void;
  /** It changes or holds something: its host watches from its first moment on whether we are still there. */
  readonly watched?: boolean;
}

/** A script under way on a host. */
export interface RunningScript {
  /**
   * Settles when the script ended. Rejects with a QuorateError of exit code 4 when the connection was
   * lost: the outcome on the host is then unknown. `code` is null when a signal ended it.
   */
  readonly done: Promise<{ readonly code: number | null }>;
  /** Asks the script to stop after the fragment in hand (first Ctrl-C). */
  stop(): void;
  /** Ends the process group of the script on the host (second Ctrl-C, deadline). */
  kill(): void;
}

/** A connected host. The only two implementations are local and SSH; tests may fake it. */
export interface Host {
  readonly name: string;
  /** Requests sent so far, each with its response, after authentication. */
  readonly roundTrips: number;
  /**
   * Runs `script` by a POSIX shell, as root (or `become_user`) when the connection says become. The text
   * travels on standard input, never in argv.
   */
  run(script: string, streams: ScriptStreams): RunningScript;
  /**
   * Writes the bytes of `source`, a file on control, to `target` on the host: 0600, whole or not at all.
   * Missing directories are made. `target` is a name to adopt from, not yet the final one. `progress`
   * gets the bytes sent so far.
   */
  send(source: string, target: string, progress?: (bytes: number) => void): Promise<void>;
  close(): Promise<void>;
}

import type { ClientChannel } from 'ssh2';
import { noChannel } from '../failures.ts';
import type { Link } from './ssh-link.ts';

/** Gets a channel that runs a command, and the connection it belongs to; at once, or what it says first is lost. */
export type Attach = (channel: ClientChannel, link: Link) => void;

/**
 * The connections to one host: one, as long as its sshd opens as many sessions on it as are wanted at a time. Where it
 * does not (`MaxSessions`), the sessions that are left over get connections of their own.
 */
export class Pool {
  readonly #host: string;
  readonly #links: Link[];
  readonly #open: () => Promise<Link>;

  constructor(host: string, first: Link, open: () => Promise<Link>) {
    this.#host = host;
    this.#links = [first];
    this.#open = open;
  }

  /** Why the first connection is gone; undefined while it stands. */
  lost(): string | undefined {
    return this.#links[0]?.lost();
  }

  /** Starts a command on the first connection that takes it; rejects where none does. */
  async exec(command: string, attach: Attach): Promise<void> {
    for (const link of [...this.#links]) {
      const refusal = await execOn(link, command, attach);
      if (!refusal) return;
      // What befell the connection says more than what was tried on it.
      if (link === this.#links[0] && link.lost() !== undefined) throw refusal;
    }
    const link = await this.#open();
    const refusal = await execOn(link, command, attach);
    if (refusal) {
      link.close();
      throw noChannel(this.#host, refusal.message);
    }
    this.#links.push(link);
  }

  close(): void {
    for (const link of this.#links) link.close();
  }
}

function execOn(link: Link, command: string, attach: Attach): Promise<Error | undefined> {
  return new Promise((resolve) => {
    const { connection } = link.ssh;
    if (link.lost() !== undefined || !connection) {
      resolve(new Error(link.lost() ?? 'it was closed'));
      return;
    }
    try {
      connection.exec(command, (error, channel) => {
        if (!error) attach(channel, link);
        resolve(error);
      });
    } catch (error) {
      resolve(error as Error);
    }
  });
}

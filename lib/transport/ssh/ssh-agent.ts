import type { Duplex } from 'node:stream';
import type { GetStreamCallback, IdentityCallback, ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';

/** How long an agent may take to list its keys, in ms: it may be at the other end of a line that is gone. */
const LIST_MS = 5_000;

/** What an agent holds. */
export interface Held {
  /** By their public half, in wire form and base64. */
  readonly keys: ReadonlyMap<string, ParsedKey>;
  /** It holds certificates of users, too, which the library leaves out. */
  readonly certificates: boolean;
}

/** Asks an agent for its keys; undefined where it does not answer. */
export async function agentKeys(socket: string): Promise<Held | undefined> {
  const agent = new Overheard(socket);
  const found = await new Promise<readonly ParsedKey[] | undefined>((resolve) => {
    const timer = setTimeout(() => resolve(undefined), LIST_MS);
    agent.getIdentities((error, keys) => {
      clearTimeout(timer);
      resolve(error || !keys ? undefined : (keys as readonly ParsedKey[]));
    });
  });
  return (
    found && {
      keys: new Map(found.map((key) => [key.getPublicSSH().toString('base64'), key])),
      certificates: agent.said.includes('-cert-v01@openssh.com'),
    }
  );
}

/** Keeps what the agent says: the library gives the keys that it understands alone. */
class Overheard extends ssh2.OpenSSHAgent {
  said = Buffer.alloc(0);

  override getStream(give: GetStreamCallback): void {
    super.getStream((error, stream) => {
      stream?.on('data', (chunk: Buffer) => {
        this.said = Buffer.concat([this.said, chunk]);
      });
      give(error, stream as Duplex);
    });
  }
}

/** One key of an agent, as if it had no other: sshd counts each that is offered. */
export class OneKey extends ssh2.OpenSSHAgent {
  readonly #key: ParsedKey;

  constructor(socket: string, key: ParsedKey) {
    super(socket);
    this.#key = key;
  }

  override getIdentities(give: IdentityCallback<ParsedKey>): void {
    give(undefined, [this.#key]);
  }
}

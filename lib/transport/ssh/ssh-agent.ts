import type { IdentityCallback, ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';

/** How long an agent may take to list its keys, in ms: it may be at the other end of a line that is gone. */
const LIST_MS = 5_000;

/** Keys of an agent by their public half, in wire form and base64; none where it does not answer. */
export async function agentKeys(socket: string): Promise<ReadonlyMap<string, ParsedKey>> {
  const agent = new ssh2.OpenSSHAgent(socket);
  const keys = await new Promise<readonly ParsedKey[]>((resolve) => {
    const timer = setTimeout(() => resolve([]), LIST_MS);
    agent.getIdentities((error, found) => {
      clearTimeout(timer);
      resolve(error || !found ? [] : (found as readonly ParsedKey[]));
    });
  });
  return new Map(keys.map((key) => [key.getPublicSSH().toString('base64'), key]));
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

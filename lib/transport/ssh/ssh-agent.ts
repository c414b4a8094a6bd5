import { readFile } from 'node:fs/promises';
import type { IdentityCallback, ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import type { SshSettings } from './ssh-settings.ts';

type Give = IdentityCallback<ParsedKey>;

/**
 * The user's agent, its keys in OpenSSH's order: those of the key files that somebody named come first,
 * and alone with IdentitiesOnly. sshd gives up after six keys, so the order counts. An agent that does
 * not answer has no keys: ssh2 would end the whole connection.
 */
export class Agent extends ssh2.OpenSSHAgent {
  readonly #keys: SshSettings['keys'];

  constructor(socket: string, keys: SshSettings['keys']) {
    super(socket);
    this.#keys = keys;
  }

  override getIdentities(give: Give): void {
    super.getIdentities((error, keys) => {
      if (error || !keys) give(undefined, []);
      else this.#order(keys).then((ordered) => give(undefined, ordered));
    });
  }

  async #order<Key>(keys: readonly Key[]): Promise<Key[]> {
    const { files, only } = this.#keys;
    const blobs = await Promise.all(files.map((file) => publicBlob(`${file}.pub`)));
    const isNamed = (key: Key) => {
      const parsed = ssh2.utils.parseKey(key as never);
      return !(parsed instanceof Error) && blobs.includes(parsed.getPublicSSH().toString('base64'));
    };
    const named = keys.filter(isNamed);
    return only ? named : [...named, ...keys.filter((key) => !named.includes(key))];
  }
}

async function publicBlob(file: string): Promise<string | undefined> {
  const text = await readFile(file, 'utf8').catch(() => '');
  return text.trim().split(/\s+/)[1];
}

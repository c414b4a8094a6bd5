import { EXIT, QuorateError } from '../errors.ts';
import type { ConnectOptions } from './index.ts';
import {
  judgeKey,
  type KnownHost,
  keyFingerprint,
  keyTypeOf,
  knownHostsFiles,
  recordKey,
} from './known-hosts.ts';
import type { SshSettings } from './ssh-settings.ts';

/** Questions are asked one after the other, so that prompts do not mix. */
let lastQuestion: Promise<unknown> = Promise.resolve();

/** Decides on the key that a host shows, before anything secret is sent. */
export class HostKeyCheck {
  /** Why the key was refused. */
  refusal: QuorateError | undefined;
  readonly #settings: SshSettings;
  readonly #entries: readonly KnownHost[];
  readonly #options: ConnectOptions;

  constructor(settings: SshSettings, entries: readonly KnownHost[], options: ConnectOptions) {
    this.#settings = settings;
    this.#entries = entries;
    this.#options = options;
  }

  /** In the form that ssh2 calls. */
  readonly verifier = (key: Buffer, verified: (valid: boolean) => void): void => {
    this.#accepts(key).then(verified, () => verified(false));
  };

  async #accepts(key: Buffer): Promise<boolean> {
    const { hostKeys, address, port, name } = this.#settings;
    const type = keyTypeOf(key);
    const verdict = judgeKey(this.#entries, type, key.toString('base64'));
    if (verdict === 'known') return true;
    if (verdict === 'revoked') return this.#refuse('its host key is revoked', keyFingerprint(key));
    if (hostKeys === 'accept') return true;
    if (verdict === 'changed') return this.#refuse('its host key has changed', this.#bothFingerprints(key));
    const trusted = hostKeys === 'record' || (await this.#ask(name, keyFingerprint(key), type));
    if (!trusted) return this.#refuse('its host key is unknown', keyFingerprint(key));
    await recordKey(knownHostsFiles(this.#settings.knownHostsFile)[0] as string, address, port, key);
    return true;
  }

  async #ask(host: string, fingerprint: string, type: string): Promise<boolean> {
    const { trust } = this.#options;
    if (!trust) return false;
    const answer = lastQuestion.then(() => trust(host, fingerprint, type));
    lastQuestion = answer.catch(() => {});
    return answer;
  }

  #bothFingerprints(key: Buffer): string {
    const known = this.#entries
      .filter(({ marker }) => marker === undefined)
      .map((entry) => `${keyFingerprint(Buffer.from(entry.key, 'base64'))} (${entry.keyType})`);
    return `known ${known.join(', ')}, shown ${keyFingerprint(key)} (${keyTypeOf(key)})`;
  }

  #refuse(what: string, fingerprints: string): false {
    const { name, address, knownHostsFile } = this.#settings;
    const file = knownHostsFiles(knownHostsFile)[0];
    const unknown = what.endsWith('unknown');
    this.refusal = new QuorateError(`${name} (${address}): ${what}: ${fingerprints}`, {
      exitCode: EXIT.untrusted,
      host: name,
      hint: unknown
        ? 'compare the fingerprint on the host itself, then run with --trust to record it'
        : `somebody may be in between; if the host was set up anew, remove its line from ${file}`,
    });
    return false;
  }
}

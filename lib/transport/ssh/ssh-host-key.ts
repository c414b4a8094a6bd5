import { readFile } from 'node:fs/promises';
import { PerRun } from '../../dsl/common/per-run.ts';
import type { QuorateError } from '../../errors.ts';
import type { ConnectOptions, UnknownKey } from '../connect-options.ts';
import { badSetting, unreachable, untrusted } from '../failures.ts';
import {
  HostLines,
  keyFingerprint,
  keyTypeOf,
  readKnownHosts,
  rsaBits,
  type Verdict,
} from './known-hosts.ts';
import { limitHint, reasonOf } from './reasons.ts';
import { recordKey } from './record-key.ts';
import { chooseHostKeys } from './ssh-algorithms.ts';
import type { SshSettings } from './ssh-settings.ts';

/** What the user said in this run, by file, name and key; undefined where nobody could be asked. */
const answers = new PerRun(() => new Map<string, boolean | undefined>());

/** Keys that are asked about, or are to be, each by its question. */
const asked = new PerRun(() => new Map<string, UnknownKey>());

/** Questions are asked one after the other, so that prompts do not mix. */
let lastQuestion: Promise<unknown> = Promise.resolve();

/** Decides on the key that a host shows, before anything secret is sent. */
export class HostKeyCheck {
  readonly #settings: SshSettings;
  readonly #revoked: ReadonlySet<string>;
  #lines: HostLines;
  #shown: Buffer | undefined;
  #verdict: Verdict = 'unknown';
  #trusted: Buffer | undefined;
  /** The question found nobody to answer it. */
  #unanswered = false;

  /** Why files of known hosts were not read. */
  readonly #unread: readonly string[];

  private constructor(
    settings: SshSettings,
    lines: HostLines,
    revoked: ReadonlySet<string>,
    unread: readonly string[],
  ) {
    this.#settings = settings;
    this.#revoked = revoked;
    this.#lines = lines;
    this.#unread = unread;
  }

  static async of(settings: SshSettings): Promise<HostKeyCheck> {
    const revoked = await revokedKeys(settings);
    const unread: string[] = [];
    return new HostKeyCheck(settings, await linesFor(settings, unread), revoked, unread);
  }

  /** Host key algorithms in the order to ask for. */
  get algorithms(): readonly string[] {
    return chooseHostKeys(this.#lines.orderAlgorithms(), this.#settings.algorithms.hostKey);
  }

  /** Whether to go on with a host that shows `key`. */
  accepts(key: Buffer): boolean {
    this.#shown = key;
    if (this.#short(key)) return false;
    const revoked = this.#revoked.has(key.toString('base64'));
    this.#verdict = revoked ? 'revoked' : this.#trusted?.equals(key) ? 'known' : this.#lines.judge(key);
    if (this.#verdict !== 'unknown') return this.#verdict === 'known';
    // Whatever the policy, a key that changed gets nothing: neither a password, sudo's included, nor files of a run.
    return this.#settings.hostKey.policy !== 'yes';
  }

  /** The key that the host showed, in words. */
  get shown(): string {
    return this.#shown ? `${this.#verdict} ${this.#describe(this.#shown)}` : 'no key';
  }

  /** What the user should hear of a key that was taken without being known. */
  get warning(): string | undefined {
    if (this.#settings.hostKey.policy !== 'no' || !this.#shown || this.#verdict === 'known') return undefined;
    const taken = `${this.#settings.name}: StrictHostKeyChecking is off, ${this.#describe(this.#shown)} was taken unseen`;
    return [taken, ...this.#unread].join('; ');
  }

  /** Asks the user about an unknown key: true when it may now be accepted. */
  async mayTrust(trust: ConnectOptions['trust']): Promise<boolean> {
    const key = this.#shown;
    if (!trust || !key || this.#verdict !== 'unknown') return false;
    const [said, open] = [answers.own, asked.own];
    const { knownAs, user } = this.#settings.hostKey;
    const question = `${user[0]} ${knownAs} ${key.toString('base64')}`;
    const shown = {
      host: this.#settings.name,
      fingerprint: keyFingerprint(key),
      keyType: keyTypeOf(key),
    };
    if (!said.has(question)) open.set(question, shown);
    const answer = lastQuestion.then(async () => {
      open.delete(question);
      // Somebody may have said yes to it for another host meanwhile.
      this.#lines = await linesFor(this.#settings);
      const verdict = this.#lines.judge(key);
      if (verdict !== 'unknown') return verdict === 'known';
      // A yes is recorded only once the host has proven to own the key: until then it counts from here.
      if (!said.has(question)) {
        const listed = new Map<string, UnknownKey>();
        const given = await trust(shown, () => {
          for (const [one, waits] of open) listed.set(one, waits);
          return [...listed.values()];
        });
        said.set(question, given === 'all' ? true : given);
        // What came after the list was not shown.
        if (given === 'all') for (const one of listed.keys()) said.set(one, true);
      }
      const answer = said.get(question);
      this.#unanswered = answer === undefined;
      if (answer) this.#trusted = key;
      return answer === true;
    });
    lastQuestion = answer.catch(() => {});
    return answer;
  }

  /** Notes a new key that was taken; call it once the host has proven to own the key. */
  async record(): Promise<void> {
    const { knownAs, policy, user } = this.#settings.hostKey;
    const isNew = this.#trusted !== undefined || (policy === 'accept-new' && this.#verdict === 'unknown');
    if (!isNew || !this.#shown || user[0] === undefined) return;
    try {
      await recordKey(user[0], knownAs, this.#shown);
    } catch (error) {
      throw unreachable(this.#settings.name, `cannot record its host key: ${(error as Error).message}`);
    }
  }

  /** Why the key was not accepted; undefined when it was, or none was shown. */
  refusal(): QuorateError | undefined {
    const { name, address, hostKey } = this.#settings;
    const key = this.#shown;
    if (!key || this.accepts(key)) return undefined;
    const shown = this.#describe(key);
    if (this.#short(key)) {
      const wanted = `RequiredRSASize wants ${this.#settings.keys.rsaBits}`;
      return untrusted(
        name,
        `the host key of ${address} has ${rsaBits(key)} bits, ${wanted}`,
        'give the host a longer one',
      );
    }
    if (this.#verdict === 'revoked') {
      return untrusted(name, `the host key of ${address} is revoked: ${shown}`, 'do not use this host');
    }
    if (this.#verdict === 'unknown') {
      return untrusted(name, `the host key of ${address} is unknown: ${shown}`, this.#wayToTrust);
    }
    const policy = hostKey.policy === 'no' ? ', and StrictHostKeyChecking=no takes unknown keys only' : '';
    const known = this.#lines.keys.map(
      (line) =>
        `${line.keyType} key ${keyFingerprint(Buffer.from(line.key, 'base64'))} (${line.file}:${line.line})`,
    );
    return untrusted(
      name,
      `the host key of ${address} has changed: known is ${known.join(', ')}, shown was ${shown}`,
      `somebody may be in between${policy}; if the host was set up anew: ssh-keygen -R '${hostKey.knownAs}' -f ${this.#lines.keys[0]?.file}`,
    );
  }

  #short(key: Buffer): boolean {
    return keyTypeOf(key) === 'ssh-rsa' && rsaBits(key) < this.#settings.keys.rsaBits;
  }

  get #wayToTrust(): string {
    if (this.#unanswered)
      return 'nobody could be asked, as standard input has ended: compare the fingerprint on the host itself, then run with --trust on a terminal';
    return this.#lines.hasAuthority
      ? 'known_hosts names an authority for it, but host certificates are not understood here: record its key with --trust'
      : 'compare the fingerprint on the host itself, then run with --trust to record it';
  }

  #describe(key: Buffer): string {
    return `${keyTypeOf(key)} key ${keyFingerprint(key)}`;
  }
}

/** Keys of RevokedHostKeys, in base64. As with ssh, a list that cannot be read lets no host in. */
async function revokedKeys({ name, hostKey: { revoked } }: SshSettings): Promise<ReadonlySet<string>> {
  if (revoked === undefined) return new Set();
  const text = await readFile(revoked, 'latin1').catch((error: Error) => {
    throw badSetting(
      name,
      `RevokedHostKeys cannot be read: ${reasonOf(error)}`,
      limitHint(error) ?? 'mend RevokedHostKeys in ssh_config',
    );
  });
  if (text.startsWith('SSHKRL')) {
    const problem = `RevokedHostKeys ${revoked} is a KRL, which is not understood here`;
    throw badSetting(name, problem, 'list the public keys, one a line');
  }
  return new Set([...text.matchAll(/^(?!\s*#).*?(AAAA[\w+/]+=*)/gm)].map(([, key = '']) => key));
}

/** As with ssh, StrictHostKeyChecking=no does without a file that cannot be read: `unread` gets why. */
async function linesFor({ name, hostKey }: SshSettings, unread: string[] = []): Promise<HostLines> {
  const passOver = (error: NodeJS.ErrnoException, file: string) => {
    if (hostKey.policy !== 'no' || limitHint(error) !== undefined) return false;
    unread.push(`${file} cannot be read (${error.code})`);
    return true;
  };
  try {
    const known = await readKnownHosts([...hostKey.user, ...hostKey.global], passOver);
    return new HostLines(known, hostKey.knownAs, hostKey.portless);
  } catch (error) {
    throw unreachable(
      name,
      `cannot read the known host keys: ${reasonOf(error as Error)}`,
      limitHint(error as Error),
    );
  }
}

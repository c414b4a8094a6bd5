import type { AuthHandlerMiddleware, ParsedKey } from 'ssh2';
import type { Secret } from '../../dsl/secret.ts';
import type { QuorateError } from '../../errors.ts';
import { unreachable } from '../failures.ts';
import { type KeyFile, keyFile } from './key-file.ts';
import { rsaBits } from './known-hosts.ts';
import { agentKeys, OneKey } from './ssh-agent.ts';
import type { SshSettings } from './ssh-settings.ts';

interface Method {
  readonly says: string;
  /** As the server names it. */
  readonly method: 'publickey' | 'password' | 'keyboard-interactive';
  readonly request: Record<string, unknown>;
}

/**
 * The ways to authenticate, each tried once: keys that somebody named, from their files or the agent; the agent's
 * others; the usual key files; the password. sshd gives up after six tries (MaxAuthTries), so the order counts. No
 * `none` first: with a key that fits, that is the first request. Where the host wants several methods
 * (AuthenticationMethods), one that it took leaves the others to be tried again.
 */
export class Authentication {
  readonly #settings: SshSettings;
  readonly #tried: string[] = [];
  /** Taken, though the host wanted more. */
  readonly #took: string[] = [];
  /** Key files that were of no use, and why. */
  readonly #useless: KeyFile[] = [];
  readonly #passedOver: string[] = [];
  /** Those of users that are passed over, in words. */
  #certificates: readonly string[] = [];
  #agentAnswers = false;
  /** Methods of this stage that are still to be tried. */
  #methods: readonly Method[] = [];
  /** All that have not been taken yet. */
  #open: readonly Method[] = [];
  #last: Method | undefined;
  #left: readonly string[] = [];

  private constructor(settings: SshSettings) {
    this.#settings = settings;
  }

  static async of(settings: SshSettings, password: Secret | undefined): Promise<Authentication> {
    const authentication = new Authentication(settings);
    const all = [...(await authentication.#keys()), ...authentication.#passwords(password)];
    authentication.#methods = settings.methods.flatMap((name) => all.filter(({ method }) => method === name));
    authentication.#open = authentication.#methods;
    return authentication;
  }

  /** In the form that ssh2 calls. */
  readonly handler: AuthHandlerMiddleware = (left, partial, next) => {
    if (left !== null) this.#left = left;
    if (partial) {
      if (this.#last) this.#took.push(this.#last.says);
      this.#open = this.#open.filter((method) => method !== this.#last);
      this.#methods = this.#open;
    }
    const method = this.#methods.find(
      ({ method }) => left === null || (left as readonly string[]).includes(method),
    );
    this.#methods = this.#methods.filter((other) => other !== method);
    this.#last = method;
    if (method) this.#tried.push(method.says);
    (next as (request: unknown) => void)(method?.request ?? false);
  };

  /** The one that was tried last: once let in, the one that was good. */
  get method(): string {
    return this.#tried.at(-1) ?? 'nothing';
  }

  /** Keys that are not tried, and why, in words for who asks (-v). */
  get passedOver(): readonly string[] {
    return [
      ...this.#useless.flatMap((file) => wordsOn(file, this.#settings.keys.named)),
      ...this.#passedOver,
    ];
  }

  /** What to say when none of them was good; `said` are sshd's own words. */
  failure(said = ''): QuorateError {
    const { name, user, address } = this.#settings;
    const tried =
      this.#tried.length > 0
        ? `tried ${folded(this.#tried).join(', ')}`
        : this.#agentAnswers
          ? 'the agent has no key that can be used here, and there is no other'
          : 'no agent answers, and there is no key to try';
    const took = this.#took.length > 0 ? `, after it took ${this.#took.join(', ')}` : '';
    const taken = this.#left.length > 0 ? `; the host takes ${this.#left.join(', ')}${took}` : '';
    const words = said ? `; it said: ${said}` : '';
    return unreachable(name, `${user}@${address} was not let in: ${tried}${taken}${words}`, this.#hint(said));
  }

  #hint(said: string): string {
    if (/too many authentication failures/i.test(said))
      return 'sshd counts each key that is offered: name one with ansible_ssh_private_key_file, and IdentitiesOnly yes';
    if (said) return 'that is what the host itself says: the log of its sshd may tell more';
    if (this.#took.length > 0)
      return `the host wants ${this.#left.join(' or ')}, too: see ansible_password and the keys`;
    const lacking = (what: KeyFile['lacks']) => this.#useless.find(({ lacks }) => lacks === what)?.path;
    const locked = lacking('passphrase');
    if (locked !== undefined) return `${locked} has a passphrase: load it into the agent with ssh-add`;
    const { named, absent } = this.#settings.keys;
    const missing = absent[0] ?? (named ? lacking('file') : undefined);
    if (missing !== undefined)
      return `${missing} is not there: check ansible_ssh_private_key_file or IdentityFile`;
    const [unusable] = named ? this.passedOver : this.#certificates;
    if (unusable !== undefined) return unusable;
    return 'check ansible_user, ansible_ssh_private_key_file or the agent';
  }

  async #keys(): Promise<readonly Method[]> {
    const { agent: socket, keys } = this.#settings;
    const files = await Promise.all(keys.files.map(keyFile));
    const agent = socket === undefined ? undefined : await agentKeys(socket);
    this.#agentAnswers = agent !== undefined;
    const certificates = [
      ...keys.certificates,
      ...files.flatMap(({ path, certificate }) => (certificate ? [`${path}-cert.pub`] : [])),
      ...(agent?.certificates ? ['a certificate of the agent'] : []),
    ];
    this.#certificates = [...new Set(certificates)].map((one) => `${one} is passed over: ${NO_CERTIFICATES}`);
    this.#passedOver.push(...this.#certificates);
    const held = agent?.keys ?? new Map<string, ParsedKey>();
    const used = new Set<string>();
    const named = files.flatMap((file) => {
      const fromAgent = file.half === undefined ? undefined : held.get(file.half);
      const key = file.key ?? fromAgent;
      if (key === undefined) this.#useless.push(file);
      if (key === undefined || !this.#usable(key, file.path)) return [];
      const half = key.getPublicSSH().toString('base64');
      if (used.has(half)) return [];
      used.add(half);
      return [
        file.key
          ? this.#fileMethod(file.path, file.key)
          : this.#agentMethod(key, `${file.path} in the agent`),
      ];
    });
    const others = [...held].flatMap(([half, key]) =>
      keys.only || used.has(half) || !this.#usable(key, 'a key of the agent')
        ? []
        : [this.#agentMethod(key, AGENT)],
    );
    return keys.named ? [...named, ...others] : [...others, ...named];
  }

  /** PubkeyAcceptedAlgorithms and RequiredRSASize. */
  #usable(key: ParsedKey, says: string): boolean {
    const { algorithms, keys } = this.#settings;
    const rsa = key.type === 'ssh-rsa';
    const accepted =
      algorithms.userKey?.some((one) => one === key.type || (rsa && one.startsWith('rsa-sha2-'))) ?? true;
    if (!accepted) this.#passedOver.push(`${says}: PubkeyAcceptedAlgorithms has nothing for ${key.type}`);
    const bits = rsa ? rsaBits(key.getPublicSSH()) : keys.rsaBits;
    if (bits < keys.rsaBits)
      this.#passedOver.push(`${says} has ${bits} bits, RequiredRSASize wants ${keys.rsaBits}`);
    return accepted && bits >= keys.rsaBits;
  }

  #fileMethod(says: string, key: ParsedKey): Method {
    return { says, method: 'publickey', request: { type: 'publickey', username: this.#settings.user, key } };
  }

  #agentMethod(key: ParsedKey, says: string): Method {
    const { agent: socket, user: username } = this.#settings;
    const agent = new OneKey(socket as string, key);
    return { says, method: 'publickey', request: { type: 'agent', username, agent } };
  }

  #passwords(password: Secret | undefined): readonly Method[] {
    if (password === undefined) return [];
    const { user: username } = this.#settings;
    // A question that shows what is typed asks for something else.
    const prompt = (_name: string, _text: string, _lang: string, questions: Question[], finish: Answer) =>
      finish(questions.map(({ echo }) => (echo ? '' : password.reveal())));
    return [
      {
        says: 'the password',
        method: 'password',
        request: { type: 'password', username, password: password.reveal() },
      },
      {
        says: 'the password (keyboard-interactive)',
        method: 'keyboard-interactive',
        request: { type: 'keyboard-interactive', username, prompt },
      },
    ];
  }
}

const AGENT = 'the agent';

const NO_CERTIFICATES = 'certificates of users are not understood here, the host must let the plain key in';

/** Many keys of the agent in one word. */
function folded(tried: readonly string[]): readonly string[] {
  const count = tried.filter((one) => one === AGENT).length;
  const word = count > 1 ? `${count} keys of the agent` : AGENT;
  return [...new Set(tried)].map((one) => (one === AGENT ? word : one));
}

function wordsOn({ path, lacks }: KeyFile, named: boolean): readonly string[] {
  if (lacks === 'file') return named ? [`${path} is not there`] : [];
  if (lacks === 'passphrase') return [`${path} has a passphrase, and no agent has it`];
  if (lacks === 'private') return [`${path} is a public key, and no agent has its other half`];
  return lacks ? [`cannot use the key ${path}: ${lacks.why}`] : [];
}

interface Question {
  readonly echo?: boolean;
}

type Answer = (answers: string[]) => void;

import { readFile } from 'node:fs/promises';
import type { AuthHandlerMiddleware, ParsedKey } from 'ssh2';
import ssh2 from 'ssh2';
import { PerRun } from '../../dsl/per-run.ts';
import type { Secret } from '../../dsl/secret.ts';
import type { QuorateError } from '../../errors.ts';
import { unreachable } from '../failures.ts';
import { Agent } from './ssh-agent.ts';
import type { SshSettings } from './ssh-settings.ts';

interface Method {
  readonly says: string;
  /** As the server names it. */
  readonly method: 'publickey' | 'password' | 'keyboard-interactive';
  readonly request: Record<string, unknown>;
}

/**
 * The ways to authenticate, each tried once: key files that somebody named, the agent, the usual key
 * files, the password. No `none` first: with a key that fits, that is the first request.
 */
export class Authentication {
  readonly #settings: SshSettings;
  #methods: readonly Method[] = [];
  readonly #tried: string[] = [];
  readonly #locked: string[] = [];
  readonly #missing: string[] = [];
  #left: readonly string[] = [];

  private constructor(settings: SshSettings) {
    this.#settings = settings;
  }

  static async of(settings: SshSettings, password: Secret | undefined): Promise<Authentication> {
    const authentication = new Authentication(settings);
    const files = await authentication.#keyMethods();
    const agent = authentication.#agentMethods();
    const keys = settings.keys.named ? [...files, ...agent] : [...agent, ...files];
    authentication.#methods = [...keys, ...authentication.#passwordMethods(password)];
    return authentication;
  }

  /** In the form that ssh2 calls. */
  readonly handler: AuthHandlerMiddleware = (left, _partial, next) => {
    if (left !== null) this.#left = left;
    const usable = ({ method }: Method) => left === null || (left as readonly string[]).includes(method);
    const method = this.#methods.find(usable);
    this.#methods = method ? this.#methods.slice(this.#methods.indexOf(method) + 1) : [];
    if (method) this.#tried.push(method.says);
    (next as (request: unknown) => void)(method?.request ?? false);
  };

  /** The one that was tried last: once let in, the one that was good. */
  get method(): string {
    return this.#tried.at(-1) ?? 'nothing';
  }

  /** What to say when none of them was good. */
  failure(): QuorateError {
    const { name, user, address } = this.#settings;
    const tried =
      this.#tried.length > 0
        ? `tried ${this.#tried.join(', ')}`
        : 'no agent answers, and there is no key to try';
    const taken = this.#left.length > 0 ? `; the host takes ${this.#left.join(', ')}` : '';
    return unreachable(name, `${user}@${address} was not let in: ${tried}${taken}`, this.#hint());
  }

  #hint(): string {
    const [locked] = this.#locked;
    if (locked !== undefined) return `${locked} has a passphrase: load it into the agent with ssh-add`;
    const [missing] = this.#missing;
    if (missing !== undefined)
      return `${missing} is not there: check ansible_ssh_private_key_file or IdentityFile`;
    return 'check ansible_user, ansible_ssh_private_key_file or the agent';
  }

  async #keyMethods(): Promise<readonly Method[]> {
    const { keys, user: username } = this.#settings;
    const found = await Promise.all(keys.files.map((file) => this.#readKey(file)));
    return found.flatMap((key, i) =>
      key
        ? [{ says: keys.files[i] ?? '', method: 'publickey', request: { type: 'publickey', username, key } }]
        : [],
    );
  }

  async #readKey(file: string): Promise<ParsedKey | undefined> {
    const { keys, name } = this.#settings;
    const key = await keyIn(file);
    if (key === undefined) {
      if (keys.named) this.#missing.push(file);
      return undefined;
    }
    if (!(key instanceof Error)) return key;
    if (/passphrase|encrypted/i.test(key.message)) this.#locked.push(file);
    else if (keys.named) {
      const hint = 'a private key in OpenSSH or PEM form is wanted';
      throw unreachable(name, `cannot use the key ${file}: ${key.message}`, hint);
    }
    return undefined;
  }

  #agentMethods(): readonly Method[] {
    const { agent: socket, keys, user: username } = this.#settings;
    if (socket === undefined) return [];
    const agent = new Agent(socket, keys);
    return [{ says: 'the agent', method: 'publickey', request: { type: 'agent', username, agent } }];
  }

  #passwordMethods(password: Secret | undefined): readonly Method[] {
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

const read = new PerRun(() => new Map<string, Promise<ParsedKey | Error | undefined>>());

/** Each file is read and parsed once, however many hosts it is for; undefined when it is not there. */
function keyIn(file: string): Promise<ParsedKey | Error | undefined> {
  const known = read.own.get(file);
  if (known) return known;
  const key = readFile(file).then(
    (bytes) => [ssh2.utils.parseKey(bytes)].flat()[0],
    () => undefined,
  );
  read.own.set(file, key);
  return key;
}

interface Question {
  readonly echo?: boolean;
}

type Answer = (answers: string[]) => void;

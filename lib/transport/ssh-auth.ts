import { readFile } from 'node:fs/promises';
import type { AuthenticationType, AuthHandlerMiddleware } from 'ssh2';
import ssh2 from 'ssh2';
import type { Secret } from '../dsl/secret.ts';
import { EXIT, QuorateError } from '../errors.ts';
import type { SshSettings } from './ssh-settings.ts';

type Method = Record<string, unknown> & { readonly type: AuthenticationType | 'agent' };

/**
 * The ways to authenticate, in order: keys from files, the agent, the password. No `none` first: with a
 * key that fits, authentication is one request.
 */
export async function authentication(
  settings: SshSettings,
  password: Secret | undefined,
): Promise<AuthHandlerMiddleware> {
  const { user: username, agent } = settings;
  const keys = await Promise.all(settings.keyFiles.map((file) => readKey(settings, file)));
  const methods: Method[] = keys.flatMap((key) => (key ? [{ type: 'publickey', username, key }] : []));
  if (agent !== undefined) methods.push({ type: 'agent', username, agent });
  if (password !== undefined) {
    methods.push({ type: 'password', username, password: password.reveal() });
    methods.push({
      type: 'keyboard-interactive',
      username,
      prompt: (
        _name: string,
        _text: string,
        _lang: string,
        prompts: unknown[],
        finish: (answers: string[]) => void,
      ) => finish(prompts.map(() => password.reveal())),
    });
  }
  return (_left, _partial, next) => {
    const method = methods.shift();
    (next as (method: unknown) => void)(method ?? false);
  };
}

async function readKey(settings: SshSettings, file: string): Promise<Buffer | undefined> {
  const refuse = (why: string, hint: string) =>
    new QuorateError(`${settings.name}: cannot use the key ${file}: ${why}`, {
      exitCode: EXIT.unreachable,
      host: settings.name,
      hint,
    });
  let bytes: Buffer;
  try {
    bytes = await readFile(file);
  } catch (error) {
    if (!settings.keysNamed) return undefined;
    throw refuse((error as Error).message, 'check ansible_ssh_private_key_file');
  }
  const key = ssh2.utils.parseKey(bytes);
  if (!(key instanceof Error)) return bytes;
  if (!settings.keysNamed) return undefined;
  throw /passphrase|encrypted/i.test(key.message)
    ? refuse('it is protected by a passphrase', 'load it into the agent: ssh-add')
    : refuse(key.message, 'a private key in OpenSSH or PEM form is wanted');
}

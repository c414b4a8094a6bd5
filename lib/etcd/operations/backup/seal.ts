import { readFile, stat } from 'node:fs/promises';
import type { Vars } from '../../../dsl/role.ts';
import { EXIT, QuorateError } from '../../../errors.ts';

/** A stage of a stream of bytes. */
export type Stage = (bytes: AsyncIterable<Uint8Array>) => AsyncIterable<Uint8Array>;

/** What an age file has behind its name. */
export const SEALED = '.age';

/** Public keys that copies are encrypted to: of the command line, else of the inventory. */
export function recipientsOf({
  'encrypt-to': given,
  etcd_backup_age_recipients: known,
}: Vars): readonly string[] {
  if (typeof given === 'string') return given.split(/[\s,]+/).filter(Boolean);
  return Array.isArray(known) ? known.map(String) : [];
}

/** Encrypts to all of these recipients, in the format of age. Throws 1 for what is none. */
export async function sealing(recipients: readonly string[]): Promise<Stage> {
  const { Encrypter } = await loaded();
  const encrypter = new Encrypter();
  for (const recipient of recipients) {
    try {
      encrypter.addRecipient(recipient);
    } catch {
      throw new QuorateError(
        `copies are to be encrypted to ${recipient}: no public key of age, or one with a slip`,
        {
          exitCode: EXIT.usage,
          hint: 'age-keygen prints it: age1…',
        },
      );
    }
  }
  return async function* (bytes) {
    yield* chunksOf(await encrypter.encrypt(streamOf(bytes)));
  };
}

/** Decrypts with the identities of a file, which is nobody else's to read. What cannot be opened, or was changed, ends with 5. */
export async function opening(identityFile: string): Promise<Stage> {
  const identities = await identitiesIn(identityFile);
  const { Decrypter } = await loaded();
  const decrypter = new Decrypter();
  for (const identity of identities) {
    try {
      decrypter.addIdentity(identity);
    } catch {
      throw unfit(identityFile, 'has a line that is not an identity of age');
    }
  }
  return async function* (bytes) {
    try {
      yield* chunksOf(await decrypter.decrypt(streamOf(bytes)));
    } catch (error) {
      if (error instanceof QuorateError) throw error;
      throw new QuorateError(`it is not opened by ${identityFile}: ${(error as Error).message}`, {
        exitCode: EXIT.untrusted,
        hint: 'was it encrypted to that identity, and did it come whole?',
      });
    }
  };
}

/** What is wrong with the keys of a command line, before any host is contacted; undefined where nothing is. */
export async function keyProblem(
  loading: Promise<unknown>,
): Promise<{ readonly message: string; readonly hint: string } | undefined> {
  try {
    await loading;
    return undefined;
  } catch (error) {
    if (!(error instanceof QuorateError) || error.hint === undefined) throw error;
    return { message: error.message, hint: error.hint };
  }
}

async function loaded() {
  try {
    return await import('age-encryption');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ERR_MODULE_NOT_FOUND') throw error;
    throw new QuorateError('the package age-encryption is not installed', {
      exitCode: EXIT.usage,
      hint: 'npm i age-encryption',
    });
  }
}

async function identitiesIn(file: string): Promise<readonly string[]> {
  const found = await stat(file).catch(() => undefined);
  if (!found?.isFile()) throw unfit(file, 'is not there');
  if ((found.mode & 0o077) !== 0)
    throw unfit(
      file,
      `has mode ${(found.mode & 0o777).toString(8)}: others may read it`,
      `chmod 600 ${file}`,
    );
  const lines = (await readFile(file, 'utf8')).split('\n').map((line) => line.trim());
  const identities = lines.filter((line) => line !== '' && !line.startsWith('#'));
  if (identities.length === 0) throw unfit(file, 'has no identity of age');
  return identities;
}

/** Nothing of what is in it is told. */
function unfit(file: string, what: string, hint = 'age-keygen -o FILE makes one'): QuorateError {
  return new QuorateError(`--identity ${file} ${what}`, { exitCode: EXIT.usage, hint });
}

function streamOf(bytes: AsyncIterable<Uint8Array>): ReadableStream<Uint8Array> {
  const pieces = bytes[Symbol.asyncIterator]();
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await pieces.next();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    async cancel() {
      await pieces.return?.();
    },
  });
}

async function* chunksOf(stream: ReadableStream<Uint8Array>): AsyncGenerator<Uint8Array> {
  const reader = stream.getReader();
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return;
      yield value;
    }
  } finally {
    await reader.cancel().catch(() => {});
  }
}

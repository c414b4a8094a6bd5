import { EXIT, QuorateError } from '../errors.ts';
import { createOutput } from './stream.ts';

/**
 * Prints a text that is all that was asked for, and waits until it has left. Throws exit code 1 where it cannot be
 * written, as to a full disk: half a document with a code of 0 would be taken for a whole one. That nobody reads on
 * (`| head`) is not an error.
 */
export async function printDocument(text: string): Promise<void> {
  await createOutput(process.stdout)
    .writeWhole(text)
    .catch(({ code, message }: NodeJS.ErrnoException) => {
      throw new QuorateError(`cannot write to standard output: ${code ?? message}`, { exitCode: EXIT.usage });
    });
}

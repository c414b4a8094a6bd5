import { EXIT, QuorateError } from '../errors.ts';

/**
 * Prints a text that is all that was asked for, and waits until it has left. Throws exit code 1 where it cannot be
 * written, as to a full disk: half a document with a code of 0 would be taken for a whole one. That nobody reads on
 * (`| head`) is no error.
 */
export function printDocument(text: string): Promise<void> {
  const { stdout } = process;
  return new Promise((resolve, reject) => {
    const end = (error?: Error | null) => {
      const { code = '' } = (error ?? {}) as NodeJS.ErrnoException;
      if (!error || code === 'EPIPE') resolve();
      else reject(new QuorateError(`cannot write to standard output: ${code}`, { exitCode: EXIT.usage }));
    };
    // The error comes to both, and without a listener it would end the process.
    stdout.on('error', end);
    stdout.write(text, end);
  });
}

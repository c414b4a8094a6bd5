import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { EXIT, QuorateError } from '../errors.ts';

/** Asks on the terminal without echo. Throws exit code 1 without one. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    const answer = await ask('', silent);
    if (answer !== undefined) return answer;
    throw new QuorateError('no answer: standard input has ended', { exitCode: EXIT.usage });
  } finally {
    process.stderr.write('\n');
  }
}

/** Shows the fingerprint of an unknown host key and asks whether to trust it; undefined when nobody can answer. */
export async function askTrust(
  host: string,
  fingerprint: string,
  keyType: string,
): Promise<boolean | undefined> {
  const answer = await ask(
    `${host}: ${keyType} key, fingerprint ${fingerprint}\ntrust it? [y/N] `,
    process.stderr,
  );
  if (answer !== undefined) return /^y(es)?$/i.test(answer.trim());
  process.stderr.write('\n');
  return undefined;
}

/** The line that is typed; undefined at the end of standard input. */
async function ask(question: string, output: NodeJS.WritableStream): Promise<string | undefined> {
  // Of an end that has been read nobody is told again.
  if (process.stdin.readableEnded) return undefined;
  const terminal = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY === true });
  return new Promise((resolve, reject) => {
    // A terminal that is read from keeps Ctrl-C to itself.
    terminal.once('SIGINT', () => {
      reject(new QuorateError('no answer: interrupted', { exitCode: EXIT.interrupted }));
      terminal.close();
      process.kill(process.pid, 'SIGINT');
    });
    terminal.once('close', () => resolve(undefined));
    terminal.question(question, (answer) => {
      resolve(answer);
      terminal.close();
    });
  });
}

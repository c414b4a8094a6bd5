import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { EXIT, QuorateError } from '../errors.ts';

/** Asks on the terminal without echo. Throws exit code 1 without one. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    return await ask('', silent);
  } finally {
    process.stderr.write('\n');
  }
}

/** Shows the fingerprint of an unknown host key and asks whether to trust it. */
export async function askTrust(host: string, fingerprint: string, keyType: string): Promise<boolean> {
  const answer = await ask(
    `${host}: ${keyType} key, fingerprint ${fingerprint}\ntrust it? [y/N] `,
    process.stderr,
  );
  return /^y(es)?$/i.test(answer.trim());
}

function ask(question: string, output: NodeJS.WritableStream): Promise<string> {
  const terminal = createInterface({ input: process.stdin, output, terminal: process.stdin.isTTY === true });
  return new Promise((resolve, reject) => {
    // A terminal that is read from keeps Ctrl-C to itself.
    terminal.once('SIGINT', () => {
      reject(new QuorateError('no answer: interrupted', { exitCode: EXIT.interrupted }));
      terminal.close();
      process.kill(process.pid, 'SIGINT');
    });
    terminal.once('close', () =>
      reject(new QuorateError('no answer: standard input has ended', { exitCode: EXIT.usage })),
    );
    terminal.question(question, (answer) => {
      resolve(answer);
      terminal.close();
    });
  });
}

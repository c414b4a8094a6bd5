import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { EXIT, QuorateError } from '../errors.ts';

/** Asks on the terminal without echo. Throws exit code 1 without one. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(question);
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  const answer = await ask('', silent);
  process.stderr.write('\n');
  return answer;
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
    terminal.once('close', () =>
      reject(new QuorateError('no answer: standard input has ended', { exitCode: EXIT.usage })),
    );
    terminal.question(question, (answer) => {
      resolve(answer);
      terminal.close();
    });
  });
}

import { createInterface } from 'node:readline';
import { Writable } from 'node:stream';
import { redact } from '../dsl/secret.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { escapeControls } from '../report/text.ts';
import type { UnknownKey } from '../transport/connect-options.ts';

/** Asks on the terminal without echo. Throws exit code 1 without one. */
export async function askSecret(question: string): Promise<string> {
  process.stderr.write(escapeControls(redact(question)));
  const silent = new Writable({ write: (_chunk, _encoding, done) => done() });
  try {
    const answer = await ask('', silent);
    if (answer !== undefined) return answer;
    throw new QuorateError('no answer: standard input has ended', { exitCode: EXIT.usage });
  } finally {
    process.stderr.write('\n');
  }
}

/**
 * Shows the fingerprint of an unknown host key and asks whether to trust it; undefined when nobody can answer. `all`
 * lists those that wait, and asks once about all that were shown.
 */
export async function askTrust(
  key: UnknownKey,
  waiting: () => readonly UnknownKey[],
): Promise<boolean | 'all' | undefined> {
  const answer = await ask(`${lineOf(key)}\ntrust it? [y/N/all] `, process.stderr);
  if (answer === undefined) process.stderr.write('\n');
  if (answer?.trim().toLowerCase() !== 'all') return answer === undefined ? undefined : isYes(answer);
  const all = [key, ...waiting()];
  if (all.length === 1) return true;
  const agreed = await askConsent(`${all.map(lineOf).join('\n')}\ntrust these ${all.length}?`);
  return agreed && 'all';
}

function lineOf({ host, fingerprint, keyType }: UnknownKey): string {
  return `${host}: ${keyType} key, fingerprint ${fingerprint}`;
}

/** Asks whether to go on; whatever is not a yes is a no. */
export async function askConsent(question: string): Promise<boolean> {
  return isYes((await ask(`${question} [y/N] `, process.stderr)) ?? '');
}

function isYes(answer: string): boolean {
  return /^y(es)?$/i.test(answer.trim());
}

/** Throws exit code 1 where a run would ask and nobody is there to answer. */
export function requireAnswers({ check, yes }: { readonly check: boolean; readonly yes: boolean }): void {
  if (check || yes || process.stdin.isTTY) return;
  throw new QuorateError(
    'this playbook asks before it changes a cluster, and there is no terminal to ask at',
    {
      exitCode: EXIT.usage,
      hint: 'look at the steps with --check, then agree to them with --yes',
    },
  );
}

/**
 * The line that is typed, or that comes from a pipe; undefined at the end of standard input. A question may quote what
 * hosts said: nothing in it is for the terminal, and no secret is shown.
 */
async function ask(asked: string, output: NodeJS.WritableStream): Promise<string | undefined> {
  const question = escapeControls(redact(asked));
  if (process.stdin.isTTY) return askTerminal(question, output);
  output.write(question);
  return nextLine();
}

function askTerminal(question: string, output: NodeJS.WritableStream): Promise<string | undefined> {
  const terminal = createInterface({ input: process.stdin, output, terminal: true });
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

/** What a pipe has brought beyond the answers so far: several may come in one piece. */
let ahead = '';

/** The next line of standard input; the last one needs no line feed. */
async function nextLine(): Promise<string | undefined> {
  while (!ahead.includes('\n') && !process.stdin.readableEnded) await morePiped();
  if (ahead === '') return undefined;
  const [line = '', ...rest] = ahead.split('\n');
  ahead = rest.join('\n');
  return line.replace(/\r$/, '');
}

function morePiped(): Promise<void> {
  const { stdin } = process;
  return new Promise((resolve) => {
    const done = () => {
      stdin.off('data', take).off('end', done);
      // Or it would keep this process from ending.
      stdin.pause();
      resolve();
    };
    const take = (text: string) => {
      ahead += text;
      done();
    };
    stdin.setEncoding('utf8').on('data', take).on('end', done).resume();
  });
}

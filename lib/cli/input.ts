import { buffer } from 'node:stream/consumers';
import { EXIT, QuorateError } from '../errors.ts';

/** All of standard input; exit code 1 where that is a terminal, at which nobody was asked anything. */
export async function readInput(): Promise<Buffer> {
  if (!process.stdin.isTTY) return buffer(process.stdin);
  throw new QuorateError('this command reads standard input, which is a terminal', {
    exitCode: EXIT.usage,
    hint: 'give it a file: <FILE',
  });
}

import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { EXIT, QuorateError } from '../errors.ts';
import type { Become } from './become.ts';
import { launch, type Spawn } from './channel.ts';

/** Takes a path and a size as two lines, then the bytes: all of them arrive, or nothing stays. */
const RECEIVER = [
  'read -r t; read -r n',
  'mkdir -p "$(dirname "$t")" || exit',
  'umask 077',
  'rm -f "$t"',
  'if cat >"$t" && [ "$(wc -c <"$t")" -eq "$n" ]; then exit 0; fi',
  'rm -f "$t"; exit 1',
].join('; ');

/** Sends a file of control to a path on the host; see `Host.send`. */
export async function sendFile(
  host: string,
  spawn: Spawn,
  become: Become | undefined,
  source: string,
  target: string,
  progress: ((bytes: number) => void) | undefined,
): Promise<void> {
  const { size } = await stat(source);
  const { child, ready, ended } = launch(host, RECEIVER, spawn, become);
  let said = '';
  child.stderr?.on('data', (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-1000);
  });
  await ready;
  const stdin = child.stdin as NodeJS.WritableStream;
  stdin.write(`${target}\n${size}\n`);
  let sent = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      progress?.(sent);
      done(null, chunk);
    },
  });
  // A host that stops reading (a full disk) ends the pipe early; its exit status says why.
  await pipeline(createReadStream(source, { highWaterMark: 256 * 1024 }), count, stdin).catch(() => {});
  const { code } = await ended;
  if (code === 0) return;
  throw new QuorateError(`${host}: cannot write ${target}${said.trim() ? `: ${said.trim()}` : ''}`, {
    exitCode: EXIT.failed,
    host,
  });
}

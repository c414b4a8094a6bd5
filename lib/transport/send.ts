import { createReadStream } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { Transform, type Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { badSetting, connectionLost, notSent } from './failures.ts';
import { launch, type Way } from './launch.ts';

/**
 * Takes a marker, a path and a size as lines (comments, as with the launcher), then the bytes. They go to a hidden name beside the target,
 * under umask 077 and to a file that was not there (noclobber: no link is followed), and take the
 * target's place once all have arrived and are on disk. Written for the same login shells as the launcher.
 */
export const RECEIVER = [
  'export LC_ALL=C',
  'read -r qm && IFS= read -r t && read -r n || exit 1; t=${t#?}; n=${n#?}',
  'echo "$qm"',
  'p=${t%/*}/.${t##*/}.quorate-part',
  // The folders may be somebody else's way, too; only the file is private.
  'umask 022',
  'mkdir -p "${t%/*}/" || exit 1',
  'umask 077',
  'if [ -d "$t" ]; then echo "it is a directory" >&2; exit 1; fi',
  'rm -f "$p"',
  'set -C',
  'if cat >"$p"',
  'then g=$(wc -c <"$p")',
  'if [ "$g" -eq "$n" ]',
  'then if { sync "$p" 2>/dev/null || sync; } && mv -f "$p" "$t"; then exit 0; fi',
  'else echo "$g of $n bytes arrived" >&2',
  'fi',
  // From the right, as `q_df` does it.
  'else d=$(df -Pk "${t%/*}/" | tail -n 1); r=${d%" /"*}; for k in ${r% *}; do :; done',
  'echo "/${d##*" /"} has $k KiB free" >&2; fi',
  'rm -f "$p"',
  'exit 1',
].join('; ');

/** How long a host may take no further byte, and how long it may take to have the whole on its disk. */
const STALL_MS = 60_000;
const SYNC_MS = 600_000;

/** Sends a file of control to a path on the host; see `Host.send`. */
export async function sendFile(
  way: Way,
  source: string,
  target: string,
  progress: ((bytes: number) => void) | undefined,
): Promise<void> {
  if (!isAbsolute(target) || /[\n\0]/.test(target)) {
    throw badSetting(
      way.host,
      `${JSON.stringify(target)} is not a path to send to`,
      'an absolute path is wanted',
    );
  }
  const { size } = await stat(source).catch((error: Error) => {
    throw notSent(way.host, target, error.message);
  });
  let said = '';
  const launched = launch(way, RECEIVER, (marker) => `${marker}\n#${target}\n#${size}\n`, {
    stdout: () => {},
    stderr: (chunk) => {
      said = (said + chunk.toString('utf8')).slice(-1000);
    },
  });
  let stalled: NodeJS.Timeout | undefined;
  const expect = (ms: number) => {
    clearTimeout(stalled);
    stalled = setTimeout(() => launched.drop(`it has taken nothing of ${target} for ${ms / 1000} s`), ms);
  };
  const input = await launched.stdin;
  expect(STALL_MS);
  const unread =
    input &&
    (await pour(source, input, (bytes) => {
      expect(STALL_MS);
      progress?.(bytes);
    }));
  expect(SYNC_MS);
  const ended = launched.ended.finally(() => clearTimeout(stalled));
  const failed = await ended.then(
    ({ code }) => {
      // The host is going down, or somebody cleans up there: nothing is wrong with the target.
      if (code === null && !unread) throw connectionLost(way.host, 'what received a file was killed');
      return code !== 0;
    },
    (error) => {
      // Cut off at once, the host may not even have begun.
      if (unread) return true;
      throw error;
    },
  );
  if (unread) throw notSent(way.host, target, unread.message);
  if (failed) throw notSent(way.host, target, said.trim().replaceAll('\n', '; '));
}

/** Gives what made the source unreadable, if anything did; what befalls the other end is told by its exit status. */
async function pour(
  source: string,
  input: Writable,
  progress: (bytes: number) => void,
): Promise<Error | undefined> {
  let sent = 0;
  const count = new Transform({
    transform(chunk: Buffer, _encoding, done) {
      sent += chunk.length;
      progress(sent);
      done(null, chunk);
    },
  });
  const bytes = createReadStream(source, { highWaterMark: 256 * 1024 });
  return pipeline(bytes, count, input).then(
    () => undefined,
    (error: NodeJS.ErrnoException) => (/^(open|read)$/.test(error.syscall ?? '') ? error : undefined),
  );
}

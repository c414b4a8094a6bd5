import { createReadStream } from 'node:fs';
import { EXIT, QuorateError } from '../../../errors.ts';
import { NOWHERE } from './about.ts';
import { causeOf, weightOf } from './causes/index.ts';
import { readJournal } from './journal.ts';
import { reportDiagnosis } from './report.ts';
import { excerpt } from './signatures.ts';

/** Bytes of a journal that are looked at, its last ones: a day of a very talkative member. */
const MOST = 256 * 1024 * 1024;

/** What a journal alone tells, as errors; no host is contacted. `-` is standard input. */
export async function readLog(file: string, most = MOST): Promise<readonly QuorateError[]> {
  const { text, skipped } = await endOf(file, most);
  if (/^(?:-- No entries --)?$/.test(text.trim())) throw unread(file, 'there is nothing in it');
  const findings = [...readJournal(text)].sort((a, b) => weightOf(a.cause) - weightOf(b.cause));
  return findings.map(({ cause, count, line, first, last }, i) => {
    const when = first === undefined ? '' : count > 1 ? `, ${first} to ${last}` : `, ${first}`;
    const evidence = `${count === 1 ? 'once' : `${count} times`}${when}: ${excerpt(line)}`;
    const remedy = causeOf(cause).next(NOWHERE);
    const short = skipped > 0 && i === 0 ? [`its first ${skipped} bytes were left out`] : [];
    return reportDiagnosis(
      { cause, hosts: [], evidence: [evidence, ...short], remedy },
      { afterOthers: i > 0 },
    );
  });
}

/** The last bytes, from a whole line on, and how many before them were left out. */
async function endOf(
  file: string,
  most: number,
): Promise<{ readonly text: string; readonly skipped: number }> {
  const kept: Buffer[] = [];
  let [size, skipped] = [0, 0];
  try {
    const pieces = file === '-' ? process.stdin : createReadStream(file, { highWaterMark: 1 << 20 });
    for await (const piece of pieces as AsyncIterable<Buffer>) {
      kept.push(piece);
      size += piece.length;
      while (size - (kept[0]?.length ?? 0) >= most) {
        const gone = kept.shift()?.length ?? 0;
        size -= gone;
        skipped += gone;
      }
    }
  } catch (error) {
    throw unread(file, (error as NodeJS.ErrnoException).message);
  }
  const end = Buffer.concat(kept);
  const from = skipped === 0 ? 0 : end.indexOf('\n') + 1;
  return { text: end.toString('utf8', from), skipped: skipped + from };
}

function unread(file: string, why: string): QuorateError {
  return new QuorateError(`--log ${file}: ${why}`, {
    exitCode: EXIT.usage,
    hint: 'a file with a journal, as journalctl -u etcd prints it; - is standard input',
  });
}

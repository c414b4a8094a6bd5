import { readFile } from 'node:fs/promises';
import { text as readAll } from 'node:stream/consumers';
import { EXIT, QuorateError } from '../../../errors.ts';
import { NOWHERE } from './about.ts';
import { causeOf, weightOf } from './causes/index.ts';
import { readJournal } from './journal.ts';
import { reportDiagnosis } from './report.ts';
import { excerpt } from './signatures.ts';

/** Bytes of a journal that are read: a day of a very talkative member. */
const MOST = 256 * 1024 * 1024;

/** What a journal alone tells, as errors; no host is contacted. `-` is standard input. */
export async function readLog(file: string): Promise<readonly QuorateError[]> {
  const text = await contents(file);
  if (/^(?:-- No entries --)?$/.test(text.trim())) throw unread(file, 'there is nothing in it');
  const findings = [...readJournal(text)].sort((a, b) => weightOf(a.cause) - weightOf(b.cause));
  return findings.map(({ cause, count, line, first, last }, i) => {
    const when = first === undefined ? '' : count > 1 ? `, ${first} to ${last}` : `, ${first}`;
    const evidence = `${count === 1 ? 'once' : `${count} times`}${when}: ${excerpt(line)}`;
    const remedy = causeOf(cause).next(NOWHERE);
    return reportDiagnosis({ cause, hosts: [], evidence: [evidence], remedy }, { afterOthers: i > 0 });
  });
}

async function contents(file: string): Promise<string> {
  try {
    return (file === '-' ? await readAll(process.stdin) : await readFile(file, 'utf8')).slice(0, MOST);
  } catch (error) {
    throw unread(file, (error as NodeJS.ErrnoException).message);
  }
}

function unread(file: string, why: string): QuorateError {
  return new QuorateError(`--log ${file}: ${why}`, {
    exitCode: EXIT.usage,
    hint: 'a file with a journal, as journalctl -u etcd prints it; - is standard input',
  });
}

import { parseJson, UnknownShape } from '../json.ts';
import { type Answers, SHAPES } from './shapes.ts';

export type {
  Alarm,
  KeyRange,
  KeySpaceHash,
  KeyValue,
  ListedMember,
  MemberStatus,
  SnapshotContent,
} from './shapes.ts';

/** What one of etcd's tools printed when it was asked; what it says beside an answer is apart from it. */
export interface Printed {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export type Question = keyof Answers;

/** What is read of the answer to a question. */
export type AnswerTo<Q extends Question> = Answers[Q];

/** Why there is no answer. */
export interface Unanswered {
  readonly question: Question;
  /** `refused`: the tool failed, and said why. `unknown`: it answered, and nobody here can read it: a sentence. */
  readonly kind: 'refused' | 'unknown';
  readonly said: string;
}

export type Read<Q extends Question> = { readonly value: AnswerTo<Q> } | { readonly unanswered: Unanswered };

/**
 * Reads the JSON that etcdctl and etcdutl answer. Known are the shapes of 3.3 to 3.7, recorded from the programs
 * themselves (`test/unit/etcd/facts/etcdctl/answers`). They leave out what is zero; 3.6 and later add fields. What fits none of
 * them is said as that, with the `version` of the tool: it is neither a sick member nor an empty answer.
 *
 * @param printed undefined where nothing came, as from a script that was ended.
 * @example
 * const read = readAnswer('endpoint status', printed('status'), '3.6.16');
 * if ('value' in read) console.log(read.value.version);
 */
export function readAnswer<Q extends Question>(
  question: Q,
  printed: Printed | undefined,
  version: string,
): Read<Q> {
  const { code, out, err } = printed ?? { code: 1, out: '', err: '' };
  if (code !== 0) return { unanswered: { question, kind: 'refused', said: lastLine(err || out) } };
  try {
    // A watch prints one answer a line.
    return {
      value: SHAPES[question](
        parseJson(question === 'watch' ? `[${out.trim().replaceAll('\n', ',')}]` : out),
      ),
    };
  } catch (error) {
    if (!(error instanceof UnknownShape)) throw error;
    const tool = `${toolOf(question, version)} ${version}`.trim();
    return {
      unanswered: {
        question,
        kind: 'unknown',
        said: `${tool} answered \`${question}\` in a shape not known here`,
      },
    };
  }
}

/** What etcdctl says last: its error, after the lines of its log. */
export function lastLine(text: string): string {
  return text.trim().split('\n').at(-1)?.trim() ?? '';
}

/** The last `most` lines that a tool says to people; its log, in JSON, where it says nothing else. */
export function lastWords(text: string, most: number): string {
  const lines = text.trim().split('\n');
  const spoken = lines.filter((line) => !line.startsWith('{'));
  return (spoken.length > 0 ? spoken : lines).slice(-most).join('; ');
}

/** etcdutl came with 3.5. */
function toolOf(question: Question, version: string): string {
  return question === 'snapshot status' && !/^3\.[34]\./.test(version) ? 'etcdutl' : 'etcdctl';
}

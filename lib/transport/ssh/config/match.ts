import { matchesList } from './patterns.ts';
import { nextWord } from './words.ts';

/** What is known of a connection where a `Match` stands. */
export interface Known {
  readonly host: string;
  readonly originalHost: string;
  readonly user: string;
  readonly localUser: string;
  /** The files are read a second time, with the name that the first time has found. */
  readonly final: boolean;
}

export interface Matched {
  /** All criteria hold that can be judged here. */
  readonly holds: boolean;
  /** It has one that only ssh can judge: it runs a command, or looks at the network. */
  readonly foreign: boolean;
  readonly wantsFinal: boolean;
}

/** Criteria of later versions than 9.2, or that no reader should redo. */
const FOREIGN = new Set(['exec', 'localnetwork', 'tagged', 'version', 'command', 'sessiontype']);

/** Judges the criteria of a `Match`; throws in words what ssh would not take. */
export function judgeMatch(criteria: string, known: Known): Matched {
  let holds = true;
  let foreign = false;
  let wantsFinal = false;
  let count = 0;
  let rest: string | undefined = criteria;
  while (rest !== undefined) {
    const next = nextWord(rest);
    if (next.word === undefined || next.word === '' || next.word.startsWith('#')) break;
    rest = next.rest;
    const negated = next.word.startsWith('!');
    const name = next.word.slice(negated ? 1 : 0).toLowerCase();
    if (name === 'all') {
      const after = rest === undefined ? '' : nextWord(rest).word;
      if (count > 1 || (after && !after.startsWith('#'))) throw new Error('all stands alone');
      return { holds: holds && !negated, foreign, wantsFinal };
    }
    count += 1;
    if (name === 'final' || name === 'canonical') {
      wantsFinal ||= name === 'final';
      if (known.final === negated) holds = false;
      continue;
    }
    const argument = nextWord(rest ?? '');
    rest = argument.rest;
    if (!argument.word || argument.word.startsWith('#')) throw new Error(`${name} lacks its argument`);
    if (FOREIGN.has(name)) foreign = true;
    else if (fits(name, argument.word, known) === negated) holds = false;
  }
  if (count === 0) throw new Error('at least one criterion is wanted');
  return { holds, foreign, wantsFinal };
}

function fits(name: string, list: string, { host, originalHost, user, localUser }: Known): boolean {
  switch (name) {
    case 'host':
      return matchesList(host.toLowerCase(), list.toLowerCase());
    case 'originalhost':
      return matchesList(originalHost.toLowerCase(), list.toLowerCase());
    case 'user':
      return matchesList(user, list);
    case 'localuser':
      return matchesList(localUser, list);
    default:
      throw new Error(`${name} is not a criterion`);
  }
}

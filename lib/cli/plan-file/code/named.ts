/** What the text of a file of code names. Read without running or parsing it: rather too much than too little. */
export interface Named {
  readonly imports: readonly Import[];
  /** Relative paths in other places: `readFileSync(new URL('./motd', import.meta.url))`. */
  readonly paths: readonly string[];
  /** What resources send: `source: 'www'`. */
  readonly sources: readonly string[];
  /** Where the name of an import is made as it runs. */
  readonly computed: readonly number[];
}

/** Places are indexes into the text: `lineAt` makes lines of them. */
interface Import {
  readonly name: string;
  readonly index: number;
  /** It is erased before anything runs. */
  readonly isType: boolean;
  /** By how its line begins: there may be code after a comment. */
  readonly isComment: boolean;
}

/** A string on one line without placeholders; its quote is the first group, its text the second. */
const TEXT = /(['"`])((?:(?!\1)[^\n\\$])+)\1/.source;

/** What may stand between the bracket of an import and its name: `import(/* a chunk *\/ './x.ts')`. */
const NOTE = /(?:\/\*[\s\S]{0,2000}?\*\/\s*)?/.source;

/** `import type { A } from`: the clause alone, or a comment could make a type of what stands after it. */
const TYPE = /\b(?:import|export)\s+type\s+(?:\w+|\{[^{}]*\}|\*(?:\s*as\s+\w+)?)\s+from\s*$/;

/** An import with more before its name is none of a type: to look at all that is before each would be quadratic. */
const CLAUSE = 2000;

const IMPORT = new RegExp(`(?:\\bfrom|(?<![.\\w$])(?:import|require)(?:\\s*\\()?)\\s*${NOTE}${TEXT}`, 'g');
const COMPUTED = new RegExp(`(?<![.\\w$])(?:import|require)\\((?!\\s*${NOTE}${TEXT}\\s*[,)]|\\s*\\))`, 'g');
const PLACE = /(\bsource:\s*)?(['"`])((?:\.{1,2}\/|#)[^'"`\n\\$]+)\2/g;
const SOURCE = new RegExp(`\\bsource:\\s*${TEXT}`, 'g');

export function namedIn(text: string): Named {
  const computed = [...text.matchAll(COMPUTED)].map(({ index }) => index);
  return {
    imports: importsIn(text),
    paths: [...text.matchAll(PLACE)].flatMap(([, source, , path = '']) => (source ? [] : [path])),
    sources: [...text.matchAll(SOURCE)]
      .map(([, , path = '']) => path)
      .filter((path) => !path.startsWith('/')),
    computed: computed.filter((index) => !isComment(text, index)),
  };
}

export function importsIn(text: string): readonly Import[] {
  return [...text.matchAll(IMPORT)].map(({ 2: name = '', index, 0: whole }) => ({
    name,
    index,
    isType: TYPE.test(text.slice(Math.max(0, index - CLAUSE), index + whole.length - name.length - 2)),
    isComment: isComment(text, index),
  }));
}

function isComment(text: string, index: number): boolean {
  // What begins further left on its line is no line of a person's: to look for that each time would be quadratic.
  const before = text.slice(Math.max(0, index - CLAUSE), index);
  const begin = before.lastIndexOf('\n') + 1;
  return (begin > 0 || index <= CLAUSE) && /^\s*(?:\/\/|\/?\*)/.test(before.slice(begin));
}

export function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

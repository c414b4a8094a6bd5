/** What the text of a file of code names. Read without running or parsing it: rather too much than too little. */
export interface Named {
  readonly imports: readonly Import[];
  /** Relative paths in other places: `readFileSync(new URL('./motd', import.meta.url))`. */
  readonly paths: readonly string[];
  /** What resources send: `source: 'www'`. */
  readonly sources: readonly string[];
  /** Lines with an import whose name is made as it runs. */
  readonly computed: readonly number[];
}

interface Import {
  readonly name: string;
  readonly line: number;
  /** It is erased before anything runs. */
  readonly isType: boolean;
  /** By how its line begins: there may be code behind a comment. */
  readonly isComment: boolean;
}

/** A string on one line without placeholders; its quote is the first group, its text the second. */
const TEXT = /(['"`])((?:(?!\1)[^\n\\$])+)\1/.source;

/** What may stand between the bracket of an import and its name: `import(/* a chunk *\/ './x.ts')`. */
const NOTE = /(?:\/\*[\s\S]*?\*\/\s*)?/.source;

/** `import type { A } from`: the clause alone, or a comment could make a type of what stands behind it. */
const TYPE = /\b(?:import|export)\s+type\s+(?:\w+|\{[^{}]*\}|\*(?:\s*as\s+\w+)?)\s+from\s*$/;

const IMPORT = new RegExp(`(?:\\bfrom|(?<![.\\w$])(?:import|require)(?:\\s*\\()?)\\s*${NOTE}${TEXT}`, 'g');
const COMPUTED = new RegExp(
  `(?<![.\\w$])(?:import|require)\\s*\\((?!\\s*${NOTE}${TEXT}\\s*[,)]|\\s*\\))`,
  'g',
);
const PLACE = /(\bsource:\s*)?(['"`])((?:\.{1,2}\/|#)[^'"`\n\\$]+)\2/g;
const SOURCE = new RegExp(`\\bsource:\\s*${TEXT}`, 'g');

export function namedIn(text: string): Named {
  const imports = [...text.matchAll(IMPORT)].map(({ 2: name = '', index, 0: whole }) => ({
    name,
    line: lineAt(text, index),
    isType: TYPE.test(text.slice(0, index + whole.length - name.length - 2)),
    isComment: isComment(text, index),
  }));
  const computed = [...text.matchAll(COMPUTED)].filter(({ index }) => !isComment(text, index));
  return {
    imports,
    paths: [...text.matchAll(PLACE)].flatMap(([, source, , path = '']) => (source ? [] : [path])),
    sources: [...text.matchAll(SOURCE)]
      .map(([, , path = '']) => path)
      .filter((path) => !path.startsWith('/')),
    computed: computed.map(({ index }) => lineAt(text, index)),
  };
}

function isComment(text: string, index: number): boolean {
  return /^\s*(?:\/\/|\/?\*)/.test(text.slice(text.lastIndexOf('\n', index - 1) + 1, index));
}

function lineAt(text: string, index: number): number {
  return text.slice(0, index).split('\n').length;
}

/** A file that the command `quorate` runs in this process. */
export interface Handed {
  /** What the user types before `run FILE`, or before the name of a playbook of ours: `npx quorate`. */
  readonly command: string;
  /** The file of that command, which this process was started with. */
  readonly program: string;
  /** The file turned out to be a playbook. */
  taken: boolean;
}

/** One for the process, not for the module: the file may import another copy of Quorate than the command's. */
const KEY = Symbol.for('quorate.handed');

const processWide: { [KEY]?: Handed; readonly process: NodeJS.Process } = globalThis;

export function handed(): Handed | undefined {
  return processWide[KEY];
}

/** Makes the file and its arguments what this process was started with, and says by which command. */
export function handOver(file: string, args: readonly string[], command: string): Handed {
  const [, program = ''] = process.argv;
  process.argv = [process.execPath, file, ...args];
  const handed = { command, program, taken: false };
  processWide[KEY] = handed;
  return handed;
}

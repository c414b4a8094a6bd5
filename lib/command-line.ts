/** Marks a command line in a text, for nobody to see: a host's own text has its controls spelled out. */
const MARK = '\u2063';

/**
 * A playbook of ours in a message or hint: `${commandLine('doctor')} looks for causes`. It is data until the text
 * leaves for a person, who then reads the line that they would type, with this run's inventory and login.
 */
export function commandLine(playbook: string): string {
  return `${MARK}${playbook}${MARK}`;
}

/** The text with every command line in it written by `line`. */
export function writeCommandLines(text: string, line: (playbook: string) => string): string {
  return text.replaceAll(/\u2063([\w-]+)\u2063/g, (_, playbook: string) => line(playbook));
}

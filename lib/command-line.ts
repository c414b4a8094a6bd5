import { randomBytes } from 'node:crypto';

/**
 * Marks a command line in a text, for nobody to see: forty bits of chance in letters without width. No host can know it,
 * so that what a host says is never taken for a command of ours.
 */
const MARK = [...randomBytes(20)].map((byte) => String.fromCharCode(0x2061 + (byte & 3))).join('');
const MARKED = new RegExp(`${MARK}([\\w-]+)${MARK}`, 'g');

/**
 * A playbook of ours in a message or hint: `${commandLine('doctor')} looks for causes`. It is data until the text
 * leaves for a person, who then reads the line that they would type, with this run's inventory and login.
 */
export function commandLine(playbook: string): string {
  return `${MARK}${playbook}${MARK}`;
}

/** The text with every command line in it written by `line`. */
export function writeCommandLines(text: string, line: (playbook: string) => string): string {
  return text.replaceAll(MARKED, (_, playbook: string) => line(playbook));
}

import { accessSync, closeSync, constants, openSync, readSync } from 'node:fs';

/** An executable that the system would run: a script that names its interpreter, or a program. */
export function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    const head = Buffer.alloc(4);
    const fd = openSync(file, 'r');
    try {
      readSync(fd, head, 0, 4, 0);
    } finally {
      closeSync(fd);
    }
    return head.toString('latin1').startsWith('#!') || head.toString('latin1') === '\x7fELF';
  } catch {
    return false;
  }
}

import { vi } from 'vitest';

/** Takes what a stream of this process is to print, write by write, until `vi.restoreAllMocks()`. */
export function hear(stream: NodeJS.WriteStream = process.stdout): readonly string[] {
  const said: string[] = [];
  vi.spyOn(stream, 'write').mockImplementation((text, ...rest) => {
    said.push(String(text));
    for (const done of rest) if (typeof done === 'function') done();
    return true;
  });
  return said;
}

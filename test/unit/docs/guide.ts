import { readFileSync } from 'node:fs';

/** Files that the guide has its reader write, by name: the blocks whose first line names one. */
export function guideFiles(): ReadonlyMap<string, string> {
  const guide = readFileSync(new URL('../../../docs/guide.md', import.meta.url), 'utf8');
  const blocks = guide.matchAll(/```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]));
}

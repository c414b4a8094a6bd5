import { readFileSync } from 'node:fs';

/** Files that the guide has its reader write, by name: the blocks whose first line names one. */
export function guideFiles(): ReadonlyMap<string, string> {
  const guide = readFileSync(new URL('../../../docs/guide.md', import.meta.url), 'utf8');
  const blocks = guide.matchAll(/```ts\n\/\/ (\S+\.ts)\n([\s\S]*?)```/g);
  return new Map([...blocks].map(([, name = '', text = '']) => [name, text]));
}

/** Lines that the guide has its reader type for the first role, in their order: those that npm runs stand in `code`. */
export function guideCommands(): readonly string[] {
  const guide = readFileSync(new URL('../../../docs/guide.md', import.meta.url), 'utf8');
  const [, chapter = ''] = /^## Your first role\n([\s\S]*?)^## /m.exec(guide) ?? [];
  return [...chapter.matchAll(/`(npm [^`\n]+)`/g)].map(([, line = '']) => line);
}

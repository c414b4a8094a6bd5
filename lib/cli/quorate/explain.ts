import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { closest, distance } from 'fastest-levenshtein';
import { EXIT, type ExitCode, QuorateError } from '../../errors.ts';
import { ROOT } from '../../root.ts';

/** `quorate explain RESOURCE`: what its doc comment says, an example, its options. Without a name, all of them. */
export async function explain(args: readonly string[], command: string): Promise<ExitCode> {
  const [name] = args;
  if (name === '-h' || name === '--help') {
    process.stdout.write(
      `usage: ${command} explain [RESOURCE]\n\nTells what a resource does, how, and with which options.\n`,
    );
    return EXIT.ok;
  }
  const sections = resourceSections();
  process.stdout.write(
    name === undefined ? list(sections, command) : `${readable(sectionOf(name, sections))}\n`,
  );
  return EXIT.ok;
}

/** Names of all resources. */
export function resourceNames(): readonly string[] {
  return [...resourceSections().keys()];
}

/** The page that is made from the doc comments, by resource. */
function resourceSections(): ReadonlyMap<string, string> {
  const [, ...sections] = resourcesPage().split(/^## /m);
  return new Map(
    sections.map((section) => {
      const [name = '', ...text] = section.split('\n');
      return [name, text.join('\n').trim()];
    }),
  );
}

/** In a package it is compressed: the types there have the same words once more. */
function resourcesPage(): string {
  const page = join(ROOT, 'docs/resources.md');
  if (existsSync(page)) return readFileSync(page, 'utf8');
  return gunzipSync(readFileSync(join(ROOT, 'dist/resources.md.gz'))).toString();
}

function sectionOf(name: string, sections: ReadonlyMap<string, string>): string {
  const folded = (text: string) => text.toLowerCase().replaceAll(/[-_]/g, '');
  const found = [...sections].find(([known]) => folded(known) === folded(name));
  if (found !== undefined) return `${found[0]}\n\n${found[1]}`;
  const near = closest(folded(name), [...sections.keys()]);
  const meant = distance(folded(name), near) <= 2 ? `did you mean ${near}? ` : '';
  throw new QuorateError(`there is no resource ${name}`, {
    exitCode: EXIT.usage,
    hint: `${meant}resources: ${[...sections.keys()].join(', ')}`,
  });
}

function list(sections: ReadonlyMap<string, string>, command: string): string {
  const width = Math.max(...[...sections.keys()].map((name) => name.length));
  const lines = [...sections].map(([name, text]) => {
    const [first = ''] = text.split(/(?<=[.:;]) |\n/);
    return `${name.padEnd(width)}  ${first}`;
  });
  return `${lines.join('\n')}\n\n${command} explain file tells all of one\n`;
}

/** Markdown as one reads it on a terminal: code is indented, tables are columns. */
function readable(markdown: string): string {
  const code = markdown.replaceAll(/```ts\n([\s\S]*?)\n```/g, (_, text: string) =>
    text.replaceAll(/^/gm, '    '),
  );
  return code.replaceAll(/(?:^\|.*\n?)+/gm, (table) => {
    const rows = table
      .trim()
      .split('\n')
      .filter((row) => !/^\|[-|]+\|$/.test(row))
      .map((row) =>
        row
          .slice(1, -1)
          .split(/(?<!\\)\|/)
          .map((cell) => cell.trim().replaceAll('\\|', '|').replaceAll('`', '')),
      );
    const [, ...options] = rows;
    const width = Math.max(0, ...options.map(([name = '']) => name.length));
    const lines = options.map(
      ([name = '', type = '', what = '']) =>
        `    ${name.padEnd(width)}  ${type}${what === '' ? '' : `\n    ${''.padEnd(width)}  ${what}`}`,
    );
    return `options:\n${lines.join('\n')}\n`;
  });
}

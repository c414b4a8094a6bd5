/** Markdown as one reads it on a terminal: code is indented, tables of options are columns. */
export function readable(markdown: string): string {
  const code = markdown.replaceAll(/```ts\n([\s\S]*?)\n```/g, (_, text: string) =>
    text.replaceAll(/^/gm, '    '),
  );
  const linked = code.replaceAll(/\[([^\]]+)\]\([\w-]+\.md(?:#[\w-]+)?\)/g, '$1');
  return linked.replaceAll(/(?:^\|.*\n?)+/gm, (table) => {
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

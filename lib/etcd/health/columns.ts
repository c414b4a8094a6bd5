/** Two spaces between columns, one where the rows would else be wider than the usual terminal. */
export function columns(rows: readonly (readonly string[])[]): string {
  const widths = rows[0]?.map((_, i) => Math.max(...rows.map((row) => row[i]?.length ?? 0))) ?? [];
  const wide = widths.reduce((sum, width) => sum + width + 2, -2) > 80;
  return rows
    .map((row) =>
      row
        .map((cell, i) => cell.padEnd(widths[i] ?? 0))
        .join(wide ? ' ' : '  ')
        .trimEnd(),
    )
    .join('\n');
}

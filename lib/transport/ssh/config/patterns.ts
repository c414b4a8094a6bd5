/** Whether a text is one that a pattern of ssh_config(5) stands for: `*` is any letters, `?` one. */
export function matchesPattern(text: string, pattern: string): boolean {
  if (!/[*?]/.test(pattern)) return text === pattern;
  const source = pattern
    .replace(/[.+^${}()|[\]\\]/g, '\\$&')
    .replace(/\*+/g, '.*')
    .replaceAll('?', '.');
  return new RegExp(`^${source}$`, 's').test(text);
}

/** Whether a list of patterns, with commas, has one for a text, and none with `!` before it. */
export function matchesList(text: string, list: string): boolean {
  const all = list.split(',');
  if (all.some((pattern) => pattern.startsWith('!') && matchesPattern(text, pattern.slice(1)))) return false;
  return all.some((pattern) => !pattern.startsWith('!') && matchesPattern(text, pattern));
}

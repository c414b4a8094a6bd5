/** A section of an INI inventory: its group, and what stands below. */
export const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;

/** Looks like INI: a section, or a host with variables, where YAML would have a key. */
export function looksLikeIni(text: string): boolean {
  const lines = text.split(/\r?\n/).filter((line) => !/^\s*([#;]|$)/.test(line));
  const [first = ''] = lines;
  if (SECTION.test(first.trim()) || /^[^\s:{['"-][^\s:]*(:\d+)?[ \t]+\w+=/.test(first)) return true;
  return !/:(\s|$)|^[-{[]/.test(first) && lines.some((line) => SECTION.test(line));
}

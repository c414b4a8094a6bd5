/** Where Python's `str.splitlines` ends a line: old Macs' carriage return and a form feed are among them. */
export const LINE_END = /\r\n|[\n\r\v\f\x1c-\x1e\x85\u2028\u2029]/;

/** A section of an INI inventory: its group, and what stands below. */
export const SECTION = /^\[([^:\]\s]+)(?::(\w+))?\]\s*(?:#.*)?$/;

/** What YAML has and a list of hosts has not: a key, an item, a bracket, the start or end of a document. */
const YAML = /:(\s|$)|^\s*(-(\s|$)|[{[])|^(---|\.\.\.|%)/;

/** Looks like INI: a section, or a host with variables, where YAML would have a key; or there is nothing of YAML in it. */
export function looksLikeIni(text: string): boolean {
  const lines = text.split(LINE_END).filter((line) => !/^\s*([#;]|$)/.test(line));
  const [first = ''] = lines;
  if (SECTION.test(first.trim()) || /^[^\s:{['"-][^\s:]*(:\d+)?[ \t]+\w+=/.test(first)) return true;
  if (!lines.some((line) => YAML.test(line))) return lines.length > 0;
  return !/:(\s|$)|^[-{[]/.test(first) && lines.some((line) => SECTION.test(line));
}

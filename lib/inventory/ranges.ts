/**
 * Expands Ansible's host ranges: `node[01:03]`, `[a:c]`, with a step as third part, several in one name.
 * Returns a reason instead when a range is malformed.
 */
export function expandRange(name: string): readonly string[] | { readonly problem: string } {
  const match = /^([^[]*)\[([^\]]*)\](.*)$/.exec(name);
  if (!match) return /[[\]]/.test(name) ? { problem: 'a bracket without its other half' } : [name];
  const [, before = '', range = '', after = ''] = match;
  const items = rangeItems(range);
  if ('problem' in items) return items;
  const rest = expandRange(after);
  if ('problem' in rest) return rest;
  return items.flatMap((item) => rest.map((tail) => `${before}${item}${tail}`));
}

type Items = readonly string[] | { readonly problem: string };

function rangeItems(range: string): Items {
  const [first = '', last = '', stepText = '1', ...more] = range.split(':');
  const step = Number(stepText);
  if (more.length > 0 || last === '' || !Number.isInteger(step) || step < 1) {
    return { problem: `[${range}] is not a range; [01:03] or [a:c] is one` };
  }
  if (/^\d+$/.test(first) && /^\d+$/.test(last)) return numbers(range, first, last, step);
  if (/^[a-zA-Z]$/.test(first) && /^[a-zA-Z]$/.test(last)) return letters(range, first, last, step);
  return { problem: `[${range}] mixes letters and digits` };
}

function numbers(range: string, first: string, last: string, step: number): Items {
  const [from, to] = [Number(first), Number(last)];
  if (from > to) return { problem: `[${range}] runs backwards` };
  if ((to - from) / step > 10_000) return { problem: `[${range}] is longer than 10000 hosts` };
  const width = first.startsWith('0') ? first.length : 0;
  if (width > 0 && last.length !== width)
    return { problem: `[${range}]: with leading zeros both ends need as many digits` };
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) =>
    String(from + i * step).padStart(width, '0'),
  );
}

function letters(range: string, first: string, last: string, step: number): Items {
  const [from, to] = [first.charCodeAt(0), last.charCodeAt(0)];
  if (from > to) return { problem: `[${range}] runs backwards` };
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) =>
    String.fromCharCode(from + i * step),
  );
}

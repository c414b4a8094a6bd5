/** What one name may stand for: more is a slip, and would only fill the memory. */
const MOST = 10_000;

/**
 * Expands Ansible's host ranges: `node[01:03]`, `[a:c]`, `[:2]` from zero, with a step as third part, several in one
 * name. Returns a reason instead when a range is malformed.
 */
export function expandRange(name: string): readonly string[] | { readonly problem: string } {
  const match = /^([^[]*)\[([^\]]*)\](.*)$/.exec(name);
  if (!match) return name.includes('[') ? { problem: 'a bracket without its other half' } : [name];
  const [, before = '', range = '', after = ''] = match;
  const items = rangeItems(range);
  if ('problem' in items) return items;
  const rest = expandRange(after);
  if ('problem' in rest) return rest;
  if (items.length * rest.length > MOST) return { problem: `stands for more than ${MOST} hosts` };
  return items.flatMap((item) => rest.map((tail) => `${before}${item}${tail}`));
}

type Items = readonly string[] | { readonly problem: string };

const LETTERS = 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ';

function rangeItems(range: string): Items {
  const [begin = '', last = '', stepText = '1', ...more] = range.split(':');
  const first = begin || '0';
  const step = /^\d+$/.test(stepText) ? Number(stepText) : 0;
  if (more.length > 0 || last === '' || step < 1) return { problem: `[${range}] is not a range` };
  if (/^\d+$/.test(first) && /^\d+$/.test(last)) return numbers(range, first, last, step);
  if (/^[A-Za-z]{2}$/.test(first + last) && first.length === 1) return letters(range, first, last, step);
  return { problem: `[${range}] is neither two numbers nor two letters` };
}

function numbers(range: string, first: string, last: string, step: number): Items {
  const [from, to] = [Number(first), Number(last)];
  if (from > to) return { problem: `[${range}] runs backwards` };
  if ((to - from) / step >= MOST) return { problem: `[${range}] stands for more than ${MOST} hosts` };
  const width = first.startsWith('0') && first.length > 1 ? first.length : 0;
  if (width > 0 && last.length !== width)
    return { problem: `[${range}]: with leading zeros both ends need as many digits` };
  return Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, i) =>
    String(from + i * step).padStart(width, '0'),
  );
}

function letters(range: string, first: string, last: string, step: number): Items {
  const [from, to] = [LETTERS.indexOf(first), LETTERS.indexOf(last)];
  if (from > to) return { problem: `[${range}] runs backwards` };
  return [...LETTERS.slice(from, to + 1)].filter((_, i) => i % step === 0);
}

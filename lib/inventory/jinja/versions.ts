import { TemplateError } from './errors.ts';

/** Negative, zero or positive, by the rules of `loose` (Python's LooseVersion), `strict` or `semver`. */
export function compareVersions(one: string, other: string, kind: string): number {
  if (one === '' || other === '') throw new TemplateError('a version to compare is empty');
  if (/^(semver|semantic)$/.test(kind)) return shaped(one, other, SEMANTIC);
  if (kind === 'strict') return shaped(one, other, STRICT);
  if (kind !== 'loose') throw new TemplateError(`the version_type "${kind}" is not known here`);
  const [a, b] = [parts(one), parts(other)];
  for (let at = 0; at < Math.max(a.length, b.length); at++) {
    const order = part(a[at], b[at]);
    if (order !== 0) return order;
  }
  return 0;
}

type Part = string | number;

function parts(version: string): readonly Part[] {
  return (version.match(/\d+|[a-z]+/g) ?? []).map((one) => (/^\d/.test(one) ? Number(one) : one));
}

/** What goes on is greater than what has ended; Python refuses to order text and number, words come before here. */
function part(one: Part | undefined, other: Part | undefined): number {
  if (one === undefined || other === undefined) return one === other ? 0 : one === undefined ? -1 : 1;
  if (typeof one === 'number' && typeof other === 'number') return one - other;
  if (typeof one === typeof other) return one < other ? -1 : one === other ? 0 : 1;
  return typeof one === 'string' ? -1 : 1;
}

/** Numbers, and what comes before them. */
const SEMANTIC = /^(\d+\.\d+\.\d+)(?:-([\w.-]+))?(?:\+.*)?$/;
const STRICT = /^(\d+\.\d+(?:\.\d+)?)([ab]\d+)?$/;

function shaped(one: string, other: string, shape: RegExp): number {
  const [[a, preA], [b, preB]] = [split(one, shape), split(other, shape)];
  const order = [0, 1, 2].map((at) => (a[at] ?? 0) - (b[at] ?? 0)).find((difference) => difference !== 0);
  if (order !== undefined) return order;
  if (preA === undefined || preB === undefined) return preA === preB ? 0 : preA === undefined ? 1 : -1;
  return compareVersions(preA, preB, 'loose');
}

function split(version: string, shape: RegExp): readonly [readonly number[], string | undefined] {
  const [, numbers, pre] = shape.exec(version) ?? [];
  if (numbers === undefined)
    throw new TemplateError(`a version to compare is no ${shape === STRICT ? 'strict' : 'semantic'} version`);
  return [numbers.split('.').map(Number), pre];
}

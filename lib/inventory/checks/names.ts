import { distance } from 'fastest-levenshtein';
import type { VarSchema } from '../../dsl/role.ts';
import { CONNECTION_NAMES } from '../variables/settings.ts';
import { hasTemplate, isKept, Unsafe, type Variable, Vaulted } from '../variables/value.ts';
import type { Problems } from './problems.ts';

/**
 * Looks at the name of every variable: a slip of the pen of one of ours is a problem. Returns the names that are another
 * tool's.
 */
export function checkNames(
  variables: Iterable<Pick<Variable, 'name' | 'position'> & { readonly value: unknown }>,
  schema: VarSchema,
  problems: Problems,
): readonly string[] {
  const known = [...Object.keys(schema), ...CONNECTION_NAMES];
  const isKnown = new Set<string>(known);
  const foreign = new Set<string>();
  const nearest = new Map<string, string | undefined>();
  for (const { name, position, value } of variables) {
    if (isKnown.has(name)) continue;
    const [, glued = ''] = /^(\w+):\S/.exec(name) ?? [];
    if (isKnown.has(glued)) {
      const hint = 'a space is missing after the colon';
      problems.add(`${glued}:… is not the name of a variable`, position, hint);
      continue;
    }
    const kind = kindOf(value);
    const key = `${kind} ${name}`;
    const fits = (ours: string) => (KINDS[String(schema[ours]?.type)] ?? ONE).includes(kind);
    if (!nearest.has(key)) nearest.set(key, nearMiss(name, known, fits));
    const near = nearest.get(key);
    if (near !== undefined)
      problems.add(`${name} is not a variable of these roles`, position, `did you mean ${near}?`);
    // What is not a name may be half a value.
    else foreign.add(/^[\w.-]+$/.test(name) ? name : '…');
  }
  return [...foreign];
}

/** One slip in a short name, two in a longer one; a word more or less is another name. */
function nearMiss(
  name: string,
  known: readonly string[],
  fits: (known: string) => boolean,
): string | undefined {
  const lower = name.toLowerCase().replaceAll('-', '_');
  let best: readonly [near: string, far: number] | undefined;
  for (const each of known) {
    if (Math.abs(each.length - lower.length) > 2) continue;
    const far = distance(lower, each);
    const most = each.length < 8 ? 1 : 2;
    if (far <= most && (best === undefined || far < best[1]) && isSlip(lower, each, fits(each)))
      best = [each, far];
  }
  return best?.[0];
}

/** Kubespray's, which nobody can change, beside one of ours. */
const THEIRS = /_peer_addresses$/;

/**
 * Whether a name is a misspelling of ours: word by word equal, or nearly; a plural only where the value is of our type.
 * Another word (`setup_firewall`) or a short form (`conf_dir`) is another tool's name.
 */
function isSlip(name: string, known: string, fits: boolean): boolean {
  const [ours, theirs] = [known.split('_'), name.split('_')];
  if (ours.length !== theirs.length) return true;
  return ours.every((word, i) => {
    const other = theirs[i] ?? '';
    if (word === other || sameLetters(word, other)) return true;
    const [short, long] = word.length < other.length ? [word, other] : [other, word];
    const more = long.startsWith(short) ? long.slice(short.length) : '';
    if (/^e?s$/.test(more)) return fits && !THEIRS.test(name);
    if (more.length > 1) return false;
    return distance(word, other) <= Math.max(1, Math.floor(word.length / 3));
  });
}

function sameLetters(one: string, other: string): boolean {
  return [...one].sort().join('') === [...other].sort().join('');
}

const ONE: readonly Kind[] = ['one', 'any'];
/** What may have been meant for a variable of a type: one of a list may stand alone. */
const KINDS: Readonly<Record<string, readonly Kind[]>> = {
  array: ['list', 'one', 'any'],
  object: ['mapping', 'any'],
};

type Kind = 'one' | 'list' | 'mapping' | 'any';

/** What a value is; `any` for what a template or a vault makes. */
function kindOf(value: unknown): Kind {
  if (Array.isArray(value)) return 'list';
  if (typeof value === 'string') return hasTemplate(value) ? 'any' : 'one';
  if (value instanceof Vaulted) return 'any';
  const isOne = value instanceof Unsafe || isKept(value);
  return typeof value === 'object' && value !== null && !isOne ? 'mapping' : 'one';
}

import { EXIT, type ExitCode, QuorateError } from '../errors.ts';
import { is, said } from './options/options.ts';
import type { Certainty, ChangeKind } from './task.ts';
import { positionOf } from './trace/position.ts';
import { KINDS } from './trace/trace.ts';

/**
 * A resource whose functions are looked at for what they give, which no compiler may have seen. What is wrong throws exit
 * code 1 where a role is built, 2 after that, with the place where the resource is defined.
 */
export function watched<Resource extends { readonly kind: string }>(resource: Resource): Resource {
  // Its stack is read only where something is wrong.
  const defined = new Error('defined');
  const look = (name: string, value: unknown, { exitCode, ...gives }: Gives): unknown => {
    if (gives.optional && value === undefined) return value;
    if (!gives.holds(value)) {
      const position = positionOf(defined);
      const hint = typeof gives.hint === 'function' ? gives.hint(value) : gives.hint;
      throw new QuorateError(
        `${name} of ${resource.kind} gives ${said(name, value)}, ${gives.wanted} was wanted`,
        { exitCode, ...(hint !== undefined && { hint }), ...(position && { position }) },
      );
    }
    const { each } = gives;
    if (each) for (const one of value as readonly unknown[]) look(name, one, { exitCode, ...each });
    return value;
  };
  const parts = Object.entries(GIVES).flatMap(([name, gives]) => {
    const part: unknown = resource[name as keyof Resource];
    if (typeof part !== 'function') return [];
    const call = (...args: readonly unknown[]): unknown => {
      const value: unknown = part.apply(resource, args);
      const isLater = name === 'prepare' && value instanceof Promise;
      return isLater ? value.then((one) => look(name, one, gives)) : look(name, value, gives);
    };
    return [[name, call] as const];
  });
  return Object.assign(Object.create(resource), Object.fromEntries(parts));
}

interface Look {
  readonly wanted: string;
  holds(value: unknown): boolean;
  readonly hint?: string | ((value: unknown) => string);
}

/** What a function is to give; `optional`: or nothing. */
interface Gives extends Look {
  readonly exitCode: ExitCode;
  readonly optional?: boolean;
  /** For a list: what each entry has to be. */
  readonly each?: Look;
}

const isNot = (value: unknown) => value === undefined;
const isText = (value: unknown): value is string => typeof value === 'string';
const isState = (value: unknown) => value === null || isText(value);
const isEach = (value: unknown, holds: (one: unknown) => boolean) =>
  isNot(value) || (Array.isArray(value) && value.every(holds));

const TEXT: Look = { wanted: 'text', holds: isText };
const shellHint = (value: unknown) => (isText(value) ? `write sh\`${value}\`` : 'write sh`…`');
const SHELL: Look = { wanted: 'shell', holds: is.sh.holds, hint: shellHint };

const TASK: Look = { wanted: 'a task', holds: (one) => is.tasks.holds([one]) };

const MARK: Look = {
  wanted: 'a mark',
  holds: (one) => {
    const { name, look, after } = Object(one);
    return isText(name) && is.sh.holds(look) && (isNot(after) || typeof after === 'function');
  },
  hint: "write { name: 'module x', look: sh`…` }",
};

const TRACE: Look = {
  wanted: 'a trace',
  holds: (one) => KINDS.includes(Object(one).kind) && isText(Object(one).name),
  hint: "write { kind: 'file', name: '/etc/x' }",
};

const CHANGES: readonly ChangeKind[] = [
  'create',
  'update',
  'remove',
  'start',
  'stop',
  'restart',
  'run',
  'wait',
];
const CERTAINTIES: readonly (Certainty | undefined)[] = ['certain', 'conditional', 'unknown', undefined];

const DIFFERENCE: Look = {
  wanted: 'a difference',
  holds: (one) => {
    const { kind, property, before, after, certainty, text } = Object(one);
    const hasTexts = isNot(text) || (isText(text?.before) && isText(text?.after));
    const isWhole = CHANGES.includes(kind) && isText(property) && [before, after].every(isState);
    return isWhole && CERTAINTIES.includes(certainty) && hasTexts;
  },
  hint: "write { kind: 'update', property: 'mode', before: '0644', after: '0600' }, with text or null for what was and will be; a certainty is 'certain', 'conditional' or 'unknown'",
};

const listOf = (each: Look, wanted: string, hint?: string) => ({
  wanted,
  holds: (value: unknown) => Array.isArray(value),
  each,
  ...(hint !== undefined && { hint }),
});

const notLater = (wanted: string): Look => ({
  wanted,
  holds: (value) => !(value instanceof Promise),
  hint: 'make it without async: it reads nothing by itself',
});

const built = { exitCode: EXIT.usage } as const;
const optional = { ...built, optional: true } as const;
const run = { exitCode: EXIT.failed } as const;
const TEXTS = { ...listOf(TEXT, 'a list of text', 'write [ … ]'), ...optional };

const GIVES: Readonly<Record<string, Gives>> = {
  complete: { ...notLater('a wish'), ...built },
  name: { ...TEXT, ...built },
  title: { ...TEXT, ...built },
  thing: { ...TEXT, ...optional },
  owns: TEXTS,
  files: TEXTS,
  empties: TEXTS,
  provides: TEXTS,
  marks: { ...listOf(MARK, 'a list of marks'), ...optional },
  traces: { ...listOf(TRACE, 'a list of traces'), ...optional },
  lookSeconds: { wanted: 'a number of seconds', holds: is.number.holds, ...optional },
  needs: { ...listOf(TASK, 'a list of tasks'), ...optional },
  after: {
    wanted: "a list of tasks or 'any'",
    holds: (it) => it === 'any' || is.tasks.holds(it),
    ...optional,
  },
  guard: {
    wanted: 'a guard',
    holds: (it) => is.sh.holds(Object(it).save) && typeof Object(it).undo === 'function',
    hint: 'write { save: sh`…`, undo: () => sh`…` }',
    ...optional,
  },
  probe: { ...SHELL, ...optional },
  parse: { ...notLater('what it read'), ...run },
  diff: {
    ...listOf(DIFFERENCE, 'a list of differences', 'return [] where nothing differs, and no Promise'),
    ...run,
  },
  prepare: {
    wanted: 'an object of values and transfers',
    holds: (it) => {
      const { values = {}, transfers } = Object(it);
      const isFile = (one: unknown) => isText(Object(one).source) && isText(Object(one).target);
      return is.object().holds(it) && is.object().holds(values) && isEach(transfers, isFile);
    },
    hint: "write { transfers: [{ source: '/here', target: '/there' }] }",
    ...run,
    optional: true,
  },
  apply: { ...SHELL, ...run },
};

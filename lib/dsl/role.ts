import { type Position, type QuorateError, QuorateErrors } from '../errors.ts';
import { meantHint } from '../near.ts';
import { flattened, type TaskList } from './block.ts';
import { FACT_NAMES, type FactName, type HostFacts, type ToldFacts } from './host-facts.ts';
import { mistakesIn } from './options/mistakes.ts';
import { type AnyTable, collecting, is, must, usage } from './options/options.ts';
import type { Sh } from './shell/sh.ts';
import type { Reading, Task } from './task.ts';
import { positionOf } from './trace/position.ts';

/** A variable as JSON schema: type, default, description, pattern… */
export type VarSchema = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type Vars = Readonly<Record<string, unknown>>;

/** What a role sees of a host: plain data. */
export interface Target<Facts = unknown> extends HostData {
  /** What `gather` read on this host. */
  readonly facts: Facts;
  /** The hosts around it; none where a role is built without a run. */
  readonly fleet?: Fleet;
}

/** What is known of the other hosts of a run. */
export interface Fleet {
  /** Groups of the inventory, with the names of their hosts, `all` among them. */
  readonly groups: Readonly<Record<string, readonly string[] | undefined>>;
  /** Variables of all hosts that a play of the playbook names. */
  readonly hostvars: Readonly<Record<string, Vars | undefined>>;
  /** What this run has read so far of the hosts of its plays. */
  readonly hostfacts: Readonly<Record<string, Partial<HostFacts> | undefined>>;
}

/** What is known of a host before it is contacted. */
export interface HostData {
  readonly name: string;
  readonly vars: Vars;
  /** Vars of every host of the play's pattern, by inventory name, in inventory order. */
  readonly hostvars: Readonly<Record<string, Vars>>;
}

/**
 * What must be true on a host, as a list of tasks made from vars and facts. Building the list does no
 * I/O. The role's name is also its tag.
 */
export interface Role<Facts = unknown> {
  readonly name: string;
  readonly description: string;
  /** Variables that this role reads. */
  readonly vars: VarSchema;
  /** Those that must be set before any host is contacted. */
  readonly required?: readonly string[];
  /** What a play of plain roles reads of its hosts for this one. */
  readonly facts?: readonly FactName[];
  /** Its stack begins where the role was written. */
  readonly writtenAt?: Error;
  tasks(target: Target<Facts>): readonly Task[];
}

/**
 * Declare a role. Variables get their types from their schema: a misspelt name, or a number where text is wanted, is
 * red in the editor. One without a default must be set, or no host is contacted (`required: true` says so to the
 * reader); with `optional: true` it may be undefined instead. Facts are asked for by name, and those alone are there.
 *
 * @example
 * export const motd = role({
 *   name: 'motd',
 *   description: 'what users read when they log in',
 *   vars: { motd_text: { type: 'string', required: true, description: 'The text.' } },
 *   facts: ['distribution'],
 *   tasks: ({ vars, facts }) => [file('/etc/motd', { content: `${vars.motd_text} (${facts.distribution})\n` })],
 * });
 */
export function role<
  const Schema extends VarSchema = VarSchema,
  const Asked extends FactName = never,
>(definition: {
  readonly name: string;
  readonly description?: string;
  readonly vars?: Schema;
  readonly facts?: readonly Asked[];
  tasks(target: RoleTarget<Schema, Pick<HostFacts, Asked>>): TaskList;
}): Role<HostFacts> {
  const name = typeof definition?.name === 'string' ? definition.name : 'without a name';
  const writtenAt = new Error(`role ${name}`);
  const mistakes = mistakesInRole(definition, positionOf(writtenAt));
  // Told where it is built: with all else that is wrong, and in the form that the run tells everything.
  if (mistakes.length > 0)
    return { name, description: '', vars: {}, writtenAt, tasks: () => refuseAll(mistakes) };
  const { facts = [], description = '' } = definition;
  const vars: VarSchema = definition.vars ?? {};
  const required = Object.entries(vars).flatMap(([name, schema]) =>
    schema.default !== undefined || schema.optional === true ? [] : [name],
  );
  return {
    ...definition,
    description,
    facts,
    vars: withoutOurWords(vars),
    required,
    writtenAt,
    tasks({ fleet = ALONE, ...target }) {
      const host = { name: target.name, groups: groupsOf(target.name, fleet) };
      const own = { ...target, ...fleet, host } as RoleTarget<Schema, Pick<HostFacts, Asked>>;
      return collecting(() => flattened(definition.tasks(own)));
    },
  };
}

const ROLE: AnyTable = {
  name: must(is.text),
  description: is.text,
  vars: is.object(),
  facts: is.list(is.text),
  tasks: must(is.function()),
};

/** What a variable says besides JSON schema. */
const OUR_WORDS: AnyTable = {
  optional: is.boolean,
  required: is.either(is.boolean, is.list(is.text)),
  secret: is.boolean,
};

function mistakesInRole(given: unknown, at: Position | undefined): readonly QuorateError[] {
  const wrong = mistakesIn('', given ?? null, ROLE, { at });
  if (wrong.length > 0) return wrong;
  const { facts = [], vars = {} } = given as { facts?: readonly string[]; vars?: Record<string, unknown> };
  const unknown = facts.filter((fact) => !(FACT_NAMES as readonly string[]).includes(fact));
  return [
    ...unknown.map((fact) => usage(`there is no fact ${fact}`, meantHint(fact, FACT_NAMES), at)),
    ...Object.entries(vars).flatMap(([name, schema]) => {
      const variable = `variable ${name}`;
      const found = mistakesIn(variable, { schema }, { schema: must(is.object()) }, { at });
      if (found.length > 0) return found;
      const ours = Object.entries(schema as object).filter(([word]) => Object.hasOwn(OUR_WORDS, word));
      return mistakesIn(variable, Object.fromEntries(ours), OUR_WORDS, { at });
    }),
  ];
}

function refuseAll(mistakes: readonly QuorateError[]): never {
  throw new QuorateErrors(mistakes);
}

/** A role that is built without any run knows of no other host. */
export const ALONE: Fleet = { groups: {}, hostvars: {}, hostfacts: {} };

function groupsOf(host: string, { groups }: Fleet): readonly string[] {
  return Object.keys(groups).filter((group) => groups[group]?.includes(host));
}

/** JSON schema knows neither `optional` nor `required: true`: it says `required` with a list of properties. */
function withoutOurWords(vars: VarSchema): VarSchema {
  const entries = Object.entries(vars).map(([name, { optional: _, required, ...schema }]) => {
    return [name, Array.isArray(required) ? { ...schema, required } : schema] as const;
  });
  return Object.fromEntries(entries);
}

/** What the list of a role is made from: its host, with variables as their schema types them, and the hosts around it. */
export interface RoleTarget<Schema extends VarSchema, Facts> extends Fleet {
  /** Name of the host in the inventory. */
  readonly name: string;
  readonly host: { readonly name: string; readonly groups: readonly string[] };
  readonly vars: VarsOf<Schema>;
  readonly facts: Facts;
}

/** Types of variables, read from their schema. */
export type VarsOf<Schema extends VarSchema> = {
  readonly [Name in keyof Schema]: ValueOf<Schema[Name]> | MaybeMissing<Schema[Name]>;
};

type MaybeMissing<Property> = Property extends { readonly optional: true } ? undefined : never;

type ValueOf<Property> = Property extends { readonly enum: readonly (infer Each)[] }
  ? Each
  : Property extends { readonly type: readonly (infer Type)[] }
    ? TypeOf<Property, Type>
    : Property extends { readonly type: infer Type }
      ? TypeOf<Property, Type>
      : unknown;

type TypeOf<Property, Type> = Type extends 'array'
  ? readonly (Property extends { readonly items: infer Items } ? ValueOf<Items> : unknown)[]
  : Type extends 'object'
    ? ObjectOf<Property>
    : Type extends keyof Plain
      ? Plain[Type]
      : unknown;

type ObjectOf<Property> = Property extends { readonly properties: infer Properties extends VarSchema }
  ? {
      readonly [Name in keyof Properties as Name extends SureOf<Property, Properties>
        ? Name
        : never]: ValueOf<Properties[Name]>;
    } & {
      readonly [Name in keyof Properties as Name extends SureOf<Property, Properties> ? never : Name]?:
        | ValueOf<Properties[Name]>
        | undefined;
    }
  : Property extends { readonly additionalProperties: infer Each extends object }
    ? Readonly<Record<string, ValueOf<Each>>>
    : Readonly<Record<string, unknown>>;

/** Names that an object has for sure: those that it requires, and those with a default. */
type SureOf<Property, Properties> =
  | (Property extends { readonly required: readonly (infer Name)[] } ? Name : never)
  | { [Name in keyof Properties]: Properties[Name] extends WithDefault ? Name : never }[keyof Properties];

interface WithDefault {
  readonly default: NonNullable<unknown> | null;
}

interface Plain {
  readonly string: string;
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly null: null;
}

/** Reads facts in one exchange, before roles are built. */
export interface FactSource<Facts> {
  probe(target: HostData): Sh;
  parse(reading: Reading, target: HostData): Facts;
  /** Facts of an ordinary host, to build roles without contacting any. */
  readonly ordinary?: Facts;
  /** Those of other hosts, on one of which a role that refuses an ordinary one may be built. */
  readonly others?: readonly Facts[];
  /** What roles of other hosts may know of this one. */
  shared?(facts: Facts): Partial<HostFacts>;
  /** What a report tells of them. */
  told?(facts: Facts): ToldFacts;
}

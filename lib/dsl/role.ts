import type { Sh } from './sh.ts';
import type { Reading, Task } from './task.ts';

/** A variable as JSON schema: type, default, description, pattern… */
export type VarSchema = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

export type Vars = Readonly<Record<string, unknown>>;

/** What a role sees of a host: plain data. */
export interface Target<Facts = unknown> extends HostData {
  /** What `gather` read on this host. */
  readonly facts: Facts;
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
  /** Its stack begins where the role was written. */
  readonly writtenAt?: Error;
  tasks(target: Target<Facts>): readonly Task[];
}

/**
 * Declare a role. Variables get their types from their schema: a misspelt name, or a number where text is wanted, is
 * red in the editor. One without a default must be set, or no host is contacted; with `optional: true` it may be
 * undefined instead.
 *
 * @example
 * export const motd = role({
 *   name: 'motd',
 *   description: 'what users read when they log in',
 *   vars: { motd_text: { type: 'string', description: 'The text.' }, motd_width: { type: 'integer', default: 80 } },
 *   tasks: ({ vars }) => [file('/etc/motd', { content: fold(vars.motd_text, vars.motd_width) })],
 * });
 */
export function role<const Schema extends VarSchema, Facts = null>(definition: {
  readonly name: string;
  readonly description: string;
  readonly vars?: Schema;
  tasks(target: RoleTarget<Schema, Facts>): readonly Task[];
}): Role<Facts> {
  const vars: VarSchema = definition.vars ?? {};
  const required = Object.entries(vars).flatMap(([name, schema]) =>
    'default' in schema || schema.optional === true ? [] : [name],
  );
  return {
    ...definition,
    vars,
    required,
    writtenAt: new Error(`role ${definition.name}`),
    tasks: (target) => definition.tasks(target as RoleTarget<Schema, Facts>),
  };
}

/** What the list of a role is made from, with variables as its schema types them. */
export interface RoleTarget<Schema extends VarSchema, Facts> extends Target<Facts> {
  readonly vars: VarsOf<Schema>;
}

/** Types of variables, read from their schema. */
export type VarsOf<Schema extends VarSchema> = {
  readonly [Name in keyof Schema]: ValueOf<Schema[Name]> | MaybeMissing<Schema[Name]>;
};

type MaybeMissing<Property> = Property extends { readonly optional: true } ? undefined : never;

type ValueOf<Property> = Property extends { readonly enum: readonly (infer Each)[] }
  ? Each
  : Property extends { readonly type: infer Type }
    ? Type extends 'array'
      ? readonly (Property extends { readonly items: infer Items } ? ValueOf<Items> : unknown)[]
      : Type extends keyof Plain
        ? Plain[Type]
        : unknown
    : unknown;

interface Plain {
  readonly string: string;
  readonly integer: number;
  readonly number: number;
  readonly boolean: boolean;
  readonly object: Readonly<Record<string, unknown>>;
}

/** Reads facts in one exchange, before roles are built. */
export interface FactSource<Facts> {
  probe(target: HostData): Sh;
  parse(reading: Reading, target: HostData): Facts;
  /** Facts of an ordinary host, to build roles without contacting any. */
  readonly ordinary?: Facts;
}

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
  tasks(target: Target<Facts>): readonly Task[];
}

/** Reads facts in one exchange, before roles are built. */
export interface FactSource<Facts> {
  probe(target: HostData): Sh;
  parse(reading: Reading, target: HostData): Facts;
  /** Facts of an ordinary host, to list tasks without contacting any. */
  readonly ordinary?: Facts;
}

import type { VarSchema } from '../dsl/role.ts';
import type { Position, QuorateError } from '../errors.ts';
import type { Connection } from '../transport/host.ts';
import type { Candidate } from './variables/variables.ts';

/** A host as the inventory lists it; nothing of it is evaluated. */
export interface InventoryHost {
  readonly name: string;
  /** `all` first, parents before children. */
  readonly groups: readonly string[];
  readonly position: Position;
}

/** A host whose variables were read for a run. */
export interface SettledHost extends InventoryHost {
  /** The declared variables, checked, defaults filled in. */
  readonly vars: Readonly<Record<string, unknown>>;
  readonly address: string;
  readonly kind: Connection['kind'];
  /** Connections of the hosts that are contacted. */
  readonly connection: Connection | undefined;
  /** Where a variable's value comes from. */
  origin(name: string): Position | 'default' | 'extra-vars';
}

export interface ListedGroup {
  readonly children: readonly string[];
  readonly hosts: readonly string[];
  /** What is said of the group itself, lowest precedence first. */
  variables(): ReadonlyMap<string, readonly Candidate[]>;
}

export interface Inventory {
  readonly files: readonly string[];
  /** In Ansible's order. */
  readonly hosts: readonly InventoryHost[];
  /** Names of hosts in the order in which the sources name them first. */
  readonly written: readonly string[];
  /** Hosts of each group, those of its children included, in the order of the group. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** Groups as they are written, by name, each with what is its own. */
  readonly tree: ReadonlyMap<string, ListedGroup>;
  /** What roles declare. */
  readonly schema: VarSchema;
  /** What a person should know, and what is not an error. */
  readonly notices: readonly string[];
  /**
   * Evaluates what roles and connections read of these hosts, and nothing else. Throws all that is wrong with it, exit
   * code 1. `contacts` picks the hosts that a run will log in to: their connections are judged, too.
   */
  settle(options: SettleOptions): Promise<SettledInventory>;
  /** All that is said of a host's variables, by name, lowest precedence first; as written. */
  variablesOf(host: string): ReadonlyMap<string, readonly Candidate[]>;
  /** Masks from here on what is a secret of any host, by its name or because it was encrypted. */
  keepSecrets(): void;
  /** What is wrong with files about a host, and the encrypted ones that no password opens. */
  unreadOf(host: string): readonly QuorateError[];
  /** A variable's value for a host: templates evaluated, vaults opened, each `Numeral` as it is. Throws exit code 1. */
  evaluate(host: string, variable: Candidate): Promise<unknown>;
  /** The group of the inventory that a variable names: said by `-e`, or anywhere when `group` is not there. */
  groupNamedBy(variable: string, group: string): string | undefined;
}

export interface SettleOptions {
  readonly hosts: readonly InventoryHost[];
  readonly contacts?: (hosts: readonly SettledHost[]) => readonly { readonly name: string }[];
  /** Variables of roles that mean something else in this run: they have their defaults. */
  readonly except?: ReadonlySet<string>;
}

export interface SettledInventory {
  readonly hosts: ReadonlyMap<string, SettledHost>;
  readonly notices: readonly string[];
}

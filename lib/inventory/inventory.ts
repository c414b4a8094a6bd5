import type { Position } from '../errors.ts';
import type { Connection } from '../transport/host.ts';

export interface InventoryHost {
  readonly name: string;
  /** `all` first, parents before children. */
  readonly groups: readonly string[];
  /** The declared variables, checked, defaults filled in. */
  readonly vars: Readonly<Record<string, unknown>>;
  readonly connection: Connection;
  readonly position: Position;
  /** Where a variable's value comes from. */
  origin(name: string): Position | 'default' | 'extra-vars';
}

export interface Inventory {
  readonly files: readonly string[];
  /** In the order of the files. */
  readonly hosts: readonly InventoryHost[];
  /** Hosts of each group, those of its children included. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
  /** What a person should know, and what is not an error. */
  readonly notices: readonly string[];
}

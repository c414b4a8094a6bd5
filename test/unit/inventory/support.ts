import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { VarSchema } from '../../../lib/dsl/role.ts';
import { QuorateError, QuorateErrors } from '../../../lib/errors.ts';
import { ETCD_VARS, type EtcdVar } from '../../../lib/etcd/model/vars.ts';
import {
  type Inventory,
  type InventoryOptions,
  loadInventory,
  type SettledHost,
} from '../../../lib/inventory/index.ts';
import { type Raw, Unsafe, Vaulted } from '../../../lib/inventory/variables/value.ts';
import type { Connection } from '../../../lib/transport/host.ts';
import { scratch } from '../support/scratch.ts';

export type Files = Readonly<Record<string, string>>;

/** Writes a small tree of files into a directory of the test's own; names that end in `/` are directories. */
export function write(files: Files): string {
  const folder = scratch();
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    mkdirSync(name.endsWith('/') ? path : dirname(path), { recursive: true });
    if (!name.endsWith('/')) writeFileSync(path, text);
  }
  return folder;
}

export type ReadHost = SettledHost & { readonly connection: Connection };

/** An inventory whose hosts are all read, and would all be contacted. */
export type ReadInventory = Omit<Inventory, 'hosts'> & { readonly hosts: readonly ReadHost[] };

/** Loads `inventory.yaml` (or the files named) of such a tree, with the variables of the etcd roles. */
export async function load(
  files: Files | string,
  options: Partial<Omit<InventoryOptions, 'files'>> & { readonly inventories?: readonly string[] } = {},
): Promise<ReadInventory & { readonly folder: string }> {
  const folder = write(typeof files === 'string' ? { 'inventory.yaml': files } : files);
  const { inventories = ['inventory.yaml'], ...rest } = options;
  const schema: VarSchema = ETCD_VARS;
  const paths = inventories.map((name) => join(folder, name));
  return { ...(await readAll({ files: paths, schema, playbookFolder: folder, ...rest })), folder };
}

/** Loads an inventory and reads all of its hosts. */
export async function readAll(options: InventoryOptions): Promise<ReadInventory> {
  const inventory = await loadInventory(options);
  const { hosts, notices } = await inventory.settle({ hosts: inventory.hosts, contacts: (all) => all });
  const read = inventory.hosts.map(({ name }) => hosts.get(name) as ReadHost);
  return { ...inventory, hosts: read, notices: [...inventory.notices, ...notices] };
}

/** The variables of one host. */
export function varsOf({ hosts }: ReadInventory, name: string): Readonly<Partial<Record<EtcdVar, unknown>>> {
  const host = hosts.find((each) => each.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host.vars;
}

/** What `ansible-inventory --list` has of a host: values as they are written. */
export function listedValues(inventory: Inventory, host: string): Record<string, unknown> {
  const all = [...inventory.variablesOf(host)];
  return Object.fromEntries(
    all.map(([name, candidates]) => [name, plainOf(candidates.at(-1)?.value ?? null)]),
  );
}

export function plainOf(raw: Raw): unknown {
  if (raw instanceof Vaulted) return { __ansible_vault: raw.armoured };
  if (raw instanceof Unsafe) return raw.text;
  if (Array.isArray(raw)) return raw.map(plainOf);
  if (!(raw instanceof Map)) return raw;
  return Object.fromEntries([...raw].map(([key, value]) => [String(key), plainOf(value)]));
}

/** What a promise was refused with; throws when it was not, or with a bug of ours. */
export async function refusal(promise: Promise<unknown>): Promise<readonly QuorateError[]> {
  try {
    await promise;
  } catch (error) {
    if (error instanceof QuorateErrors) return error.errors;
    if (error instanceof QuorateError) return [error];
    throw error;
  }
  throw new Error('this was let through');
}

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { VarSchema } from '../../../lib/dsl/role.ts';
import { QuorateError, QuorateErrors } from '../../../lib/errors.ts';
import { ETCD_VARS, type EtcdVar } from '../../../lib/etcd/model/vars.ts';
import { type Inventory, type InventoryOptions, loadInventory } from '../../../lib/inventory/index.ts';
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

/** Loads `inventory.yaml` (or the files named) of such a tree, with the variables of the etcd roles. */
export async function load(
  files: Files | string,
  options: Partial<Omit<InventoryOptions, 'files'>> & { readonly inventories?: readonly string[] } = {},
): Promise<Inventory & { readonly folder: string }> {
  const folder = write(typeof files === 'string' ? { 'inventory.yaml': files } : files);
  const { inventories = ['inventory.yaml'], ...rest } = options;
  const schema: VarSchema = ETCD_VARS;
  const paths = inventories.map((name) => join(folder, name));
  return { ...(await loadInventory({ files: paths, schema, ...rest })), folder };
}

/** The variables of one host. */
export function varsOf({ hosts }: Inventory, name: string): Readonly<Partial<Record<EtcdVar, unknown>>> {
  const host = hosts.find((each) => each.name === name);
  if (host === undefined) throw new Error(`no host ${name}`);
  return host.vars;
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

import { execFile, spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadInventory } from '../../../lib/inventory/index.ts';
import { scratch } from '../support/scratch.ts';
import { listedValues } from './support.ts';

const isThere = spawnSync('ansible-inventory', ['--version']).status === 0;
const title = isThere ? 'ansible-inventory' : 'ansible-inventory, which is not on the PATH here: skipped';

const VALUE = fc.oneof(
  fc.integer({ min: -9, max: 99 }),
  fc.boolean(),
  fc.constantFrom('word', 'two words', '10.0.0.1', 'yes', 'a=b', "it's", '{}'),
  fc.array(fc.integer({ min: 0, max: 9 }), { maxLength: 2 }),
);
const VARS = fc.dictionary(fc.constantFrom('v0', 'v1', 'v2', 'v3'), VALUE, { maxKeys: 3 });
// One has the name of a group.
const HOST = fc.constantFrom('h1', 'h2', 'h3', 'g2', 'node[1:3]', 'db[01:05:2].lan', 'r[a:c]');
const GROUPS = 5;

const INVENTORY = fc.record({
  groups: fc.array(
    fc.record({
      hosts: fc.uniqueArray(HOST, { maxLength: 3 }),
      // Of the groups after it, so that none contains itself.
      children: fc.uniqueArray(fc.integer({ min: 1, max: GROUPS - 1 }), { maxLength: 2 }),
      vars: VARS,
      priority: fc.option(fc.integer({ min: -2, max: 12 })),
    }),
    { minLength: GROUPS, maxLength: GROUPS },
  ),
  hostVars: fc.dictionary(fc.constantFrom('h1', 'g2', 'node[1:3]'), VARS, { maxKeys: 3 }),
  files: fc.dictionary(
    fc.constantFrom('group_vars/all.yml', 'group_vars/g1', 'group_vars/g3.json', 'host_vars/h1.yaml'),
    VARS,
    { maxKeys: 4 },
  ),
});

type Made = typeof INVENTORY extends fc.Arbitrary<infer T> ? T : never;
type MadeGroup = Made['groups'][number];

function childrenOf({ children }: MadeGroup, i: number): readonly string[] {
  return children.filter((child) => child > i).map((child) => `g${child}`);
}

function varsOf({ vars, priority }: MadeGroup): Readonly<Record<string, unknown>> {
  return { ...vars, ...(priority !== null && { ansible_group_priority: priority }) };
}

/** JSON is YAML. */
function yaml({ groups, hostVars }: Made): string {
  const all = groups.map((group, i) => {
    const hosts = Object.fromEntries(group.hosts.map((host) => [host, hostVars[host] ?? null]));
    const children = Object.fromEntries(childrenOf(group, i).map((name) => [name, null]));
    return [`g${i}`, { hosts, children, vars: varsOf(group) }] as const;
  });
  return JSON.stringify(Object.fromEntries(all), null, 1);
}

function ini({ groups, hostVars }: Made): string {
  const quoted = (value: unknown) => `"${String(literal(value)).replaceAll(/["\\]/g, '\\$&')}"`;
  return groups
    .map((group, i) => {
      const hosts = group.hosts.map((host) => {
        const vars = Object.entries(hostVars[host] ?? {}).map(([key, value]) => `${key}=${quoted(value)}`);
        return [host, ...vars].join(' ');
      });
      const vars = Object.entries(varsOf(group)).map(([key, value]) => `${key} = ${literal(value)}`);
      const children = childrenOf(group, i);
      return [`[g${i}]`, ...hosts, `[g${i}:vars]`, ...vars, `[g${i}:children]`, ...children, ''].join('\n');
    })
    .join('\n');
}

/** As Python writes it. */
function literal(value: unknown): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return typeof value === 'string' ? value : JSON.stringify(value);
}

interface Listing {
  readonly _meta: { readonly hosts?: never; readonly hostvars: Readonly<Record<string, unknown>> };
  readonly [group: string]: { readonly hosts?: readonly string[]; readonly hostvars?: object };
}

async function listing(file: string, cwd: string): Promise<Listing> {
  const { stdout } = await promisify(execFile)('ansible-inventory', ['-i', file, '--list'], { cwd });
  return JSON.parse(stdout) as Listing;
}

describe.skipIf(!isThere)(title, () => {
  it.each([
    ['hosts.yaml', yaml],
    ['hosts.ini', ini],
  ] as const)(
    'reads what is here read from %s',
    async (name, write) => {
      await fc.assert(
        fc.asyncProperty(INVENTORY, async (made) => {
          const folder = scratch();
          for (const sub of ['group_vars', 'host_vars']) mkdirSync(join(folder, sub));
          writeFileSync(join(folder, name), write(made));
          for (const [file, vars] of Object.entries(made.files))
            writeFileSync(join(folder, file), JSON.stringify(vars));
          const { _meta, ...groups } = await listing(name, folder);
          const options = { files: [join(folder, name)], schema: {}, playbookFolder: folder };
          const names = new Set(Object.values(groups).flatMap(({ hosts = [] }) => hosts));
          const inventory = names.size === 0 ? undefined : await loadInventory(options);
          const hosts = inventory?.hosts ?? [];
          expect(
            Object.fromEntries(hosts.map((host) => [host.name, hostVars(inventory, host.name)])),
          ).toEqual(Object.fromEntries(hosts.map((host) => [host.name, _meta.hostvars[host.name] ?? {}])));
          expect(new Set(hosts.map((host) => host.name))).toEqual(names);
          for (const [group, { hosts: listed }] of Object.entries(groups))
            if (listed)
              expect(inventory?.groups.get(group), group).toEqual(expect.arrayContaining([...listed]));
        }),
        { seed: 20_261_127, numRuns: 6 },
      );
    },
    240_000,
  );
});

function hostVars(inventory: Awaited<ReturnType<typeof loadInventory>> | undefined, host: string): unknown {
  return inventory && listedValues(inventory, host);
}

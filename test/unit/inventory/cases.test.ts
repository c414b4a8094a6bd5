import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { redact } from '../../../lib/dsl/secret.ts';
import { loadInventory, selectHosts } from '../../../lib/inventory/index.ts';
import type { VaultSources } from '../../../lib/inventory/vault/vault-passwords.ts';
import { listedValues } from './support.ts';

/** Of ansible-core: see README.md beside the cases. */
interface Expected {
  readonly hosts: readonly string[];
  readonly groups: Readonly<Record<string, readonly string[]>>;
  readonly vars: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly patterns: Readonly<Record<string, readonly string[]>>;
}

interface Case {
  readonly i: readonly string[];
  readonly about: string;
  readonly vault?: string;
  readonly environment?: Readonly<Record<string, string>>;
  readonly resolved?: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
}

const CASES = join(import.meta.dirname, 'cases');

const NOBODY: VaultSources = {
  files: [],
  prompt: false,
  ask: () => Promise.reject(new Error('nobody is asked')),
  env: {},
};

describe.each(readdirSync(CASES).filter((name) => name !== 'README.md'))('%s', (name) => {
  const folder = join(CASES, name);
  const given = JSON.parse(readFileSync(join(folder, 'case.json'), 'utf8')) as Case;
  const expected = JSON.parse(readFileSync(join(folder, 'expected.json'), 'utf8')) as Expected;
  const loading = () =>
    loadInventory({
      files: given.i.map((file) => (file.includes(',') ? file : join(folder, file))),
      schema: {},
      playbookFolder: folder,
      ...(given.vault !== undefined && { vault: { ...NOBODY, files: [join(folder, given.vault)] } }),
    });

  it(`is read as by Ansible: ${given.about}`, async () => {
    const inventory = await loading();
    expect(inventory.hosts.map((host) => host.name)).toEqual(expected.hosts);
    const groups = Object.fromEntries([...inventory.groups].filter(([group]) => group !== 'all'));
    // What the INI reader of an old ansible-core left of a TOML file that it gave up.
    const { 'etcd.hosts': _, ...wanted } = expected.groups;
    expect(groups).toEqual(wanted);
    const vars = Object.fromEntries(expected.hosts.map((host) => [host, listedValues(inventory, host)]));
    expect(vars).toEqual(expected.vars);
  });

  it.runIf(given.resolved)('gives what templates and vaults stand for', async () => {
    for (const [name, value] of Object.entries(given.environment ?? {})) vi.stubEnv(name, value);
    const inventory = await loading();
    for (const [host, vars] of Object.entries(given.resolved ?? {}))
      for (const [name, value] of Object.entries(vars)) {
        const variable = inventory.variablesOf(host).get(name)?.at(-1);
        expect(variable && (await inventory.evaluate(host, variable)), name).toEqual(value);
      }
    vi.unstubAllEnvs();
  });

  it.each(Object.entries(expected.patterns))('-l %s', async (pattern, hosts) => {
    const inventory = await loading();
    const chosen = new Set(selectHosts(inventory, pattern, '--limit').map((host) => host.name));
    expect(inventory.hosts.map((host) => host.name).filter((host) => chosen.has(host))).toEqual(hosts);
  });
});

it('masks what an encrypted file says, whatever it is called', async () => {
  const folder = join(CASES, 'x37-vault-file');
  const vault = { ...NOBODY, files: [join(folder, 'vault-pass.txt')] };
  await loadInventory({ files: [join(folder, 'hosts.yaml')], schema: {}, playbookFolder: folder, vault });
  expect(redact('it is made-up, word: other')).toBe('it is ********, word: other');
});

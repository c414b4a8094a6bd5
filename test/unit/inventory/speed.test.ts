import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { ETCD_VARS } from '../../../lib/etcd/model/vars.ts';
import { loadInventory } from '../../../lib/inventory/index.ts';
import { scratch } from '../support/scratch.ts';

const HOSTS = Array.from({ length: 1000 }, (_, i) => `host${i}`);

/** 200 groups in 20 regions; each host is in ten of them. */
const GROUPS = Array.from({ length: 200 }, (_, g) => ({
  name: `group${g}`,
  region: `region${g % 20}`,
  hosts: Array.from({ length: 50 }, (_, k) => `host${(g * 5 + k * 20 + (k % 5)) % 1000}`),
}));

function yaml(): string {
  const hosts = HOSTS.map((name, i) => `    ${name}: { ansible_host: 10.1.${i >> 8}.${i & 255} }\n`);
  const regions = Array.from({ length: 20 }, (_, r) => {
    const inside = GROUPS.filter(({ region }) => region === `region${r}`).map(
      ({ name, hosts }) =>
        `        ${name}:\n          vars: { tier: ${name} }\n          hosts:\n${hosts.map((host) => `            ${host}:\n`).join('')}`,
    );
    return `    region${r}:\n      children:\n${inside.join('')}`;
  });
  return `all:\n  hosts:\n${hosts.join('')}  children:\n${regions.join('')}`;
}

function ini(): string {
  const hosts = HOSTS.map((name, i) => `${name} ansible_host=10.1.${i >> 8}.${i & 255}\n`);
  const groups = GROUPS.map(
    ({ name, hosts: inside }) => `[${name}]\n${inside.join('\n')}\n[${name}:vars]\ntier=${name}\n`,
  );
  const regions = Array.from({ length: 20 }, (_, r) => {
    const inside = GROUPS.filter(({ region }) => region === `region${r}`).map(({ name }) => name);
    return `[region${r}:children]\n${inside.join('\n')}\n`;
  });
  return `${hosts.join('')}${groups.join('')}${regions.join('')}`;
}

/** What it costs this process, ms: the clock of a busy machine says little. */
async function cost(work: () => Promise<void>): Promise<number> {
  const before = process.cpuUsage();
  await work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

/** The promise, in ms. */
const PROMISED = 500;

/** The least of a few: the first one compiles what it runs, and a busy machine slows each down. Ends once it is low enough. */
async function least(work: () => Promise<void>): Promise<number> {
  let best = Number.POSITIVE_INFINITY;
  for (let tries = 0; tries < 8 && best >= PROMISED; tries += 1) best = Math.min(best, await cost(work));
  return best;
}

it.each([
  ['hosts.yaml', yaml()],
  ['hosts.ini', ini()],
])('a thousand hosts with ten groups each are read in half a second: %s', async (name, text) => {
  const file = join(scratch(), name);
  writeFileSync(file, text);
  const read = async () => {
    const options = { files: [file], schema: ETCD_VARS, playbookFolder: scratch() };
    const inventory = await loadInventory(options);
    expect(inventory.groups.size).toBe(222);
    const { hosts } = await inventory.settle({ hosts: inventory.hosts, contacts: (all) => all });
    expect(hosts.size).toBe(1000);
  };
  expect(await least(read)).toBeLessThan(PROMISED);
});

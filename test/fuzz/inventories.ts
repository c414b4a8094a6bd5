import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { canonicalAddress } from '../../lib/addresses.ts';
import type { HostData } from '../../lib/dsl/role.ts';
import { EXIT, QuorateError, QuorateErrors } from '../../lib/errors.ts';
import { etcdConf } from '../../lib/etcd/files/etcd-conf.ts';
import { modelProblems } from '../../lib/etcd/model/problems.ts';
import { ETCD_VARS } from '../../lib/etcd/model/vars.ts';
import { loadInventory, type SettledHost } from '../../lib/inventory/index.ts';
import { asUtf8, batches, checkCanary, type Ground, type Kind, place, show, type Tally } from './ground.ts';
import { checkRendering } from './rendering.ts';
import { fragmentsOf, recorded } from './scripts.ts';
import { type Dice, dice, hostile } from './strings.ts';
import { targetOf } from './targets.ts';

const BATCH = 150;

/** Where a value may stand in an inventory, and one that would do there. */
interface Slot {
  readonly name: string;
  readonly usual: (ground: Ground) => string;
  /** How it is written; by default as the value of a variable of that name. */
  readonly vars?: (value: string) => Readonly<Record<string, unknown>>;
  /** How it reaches commands or files of a host, where it does. */
  readonly arrives?: (value: string) => string;
}

const asItIs = (value: string) => value;
const word = (text: string) => () => text;
const directory = (name: string): Slot => ({
  name,
  usual: (ground) => `${ground.dir}/host/${name}`,
  arrives: asItIs,
});

/** Every variable that is free text. */
const SLOTS: readonly Slot[] = [
  { name: 'host', usual: word('etcd-a.example'), vars: () => ({}), arrives: asItIs },
  { name: 'etcd_cluster_name', usual: word('prod-1'), arrives: asItIs },
  { name: 'etcd_member_name', usual: word('m-1.a'), arrives: asItIs },
  { name: 'etcd_address', usual: word('10.0.0.7'), arrives: canonicalAddress },
  { name: 'etcd_listen_address', usual: word('fd00::7'), arrives: canonicalAddress },
  directory('etcd_bin_dir'),
  directory('etcd_config_dir'),
  directory('etcd_cert_dir'),
  directory('etcd_data_dir'),
  { name: 'etcd_user', usual: word('etcd-x'), arrives: asItIs },
  { name: 'etcd_group', usual: word('etcd_y'), arrives: asItIs },
  { name: 'etcd_service_name', usual: word('etcd-2'), arrives: asItIs },
  { name: 'etcd_version', usual: word('3.5.16') },
  { name: 'etcd_download_url', usual: word('https://a.example/{version}/etcd-{arch}.tar.gz') },
  { name: 'etcd_sha256', usual: word('0'.repeat(64)) },
  { name: 'etcd_pki_dir', usual: word('pki') },
  { name: 'etcd_key_type', usual: word('ecdsa-256') },
  { name: 'etcd_cert_expiry', usual: word('87600h') },
  { name: 'etcd_firewall', usual: word('auto') },
  { name: 'etcd_source', usual: word('release') },
  { name: 'san', usual: word('etcd.example'), vars: (value) => ({ etcd_extra_sans: [value] }) },
  { name: 'cidr', usual: word('10.0.0.0/8'), vars: (value) => ({ etcd_client_cidrs: [value] }) },
  {
    name: 'setting',
    usual: word('simple'),
    vars: (value) => ({ etcd_settings: { 'peer-cert-allowed-cn': value } }),
    arrives: asItIs,
  },
  {
    name: 'setting name',
    usual: word('peer-cert-allowed-cn'),
    vars: (value) => ({ etcd_settings: { [value]: 'simple' } }),
  },
  { name: 'ansible_host', usual: word('10.0.0.9') },
  { name: 'ansible_user', usual: word('root') },
  { name: 'ansible_become_user', usual: word('root') },
  { name: 'ansible_port', usual: word('22') },
  { name: 'ansible_connection', usual: word('ssh') },
  { name: 'foreign', usual: word('x'), vars: (value) => ({ [`x_${value}`]: value }) },
];

interface Case {
  readonly slot: Slot;
  readonly value: string;
  /** The name of its host, unless that is what is tried. */
  readonly host: string;
  readonly vars: Readonly<Record<string, unknown>>;
}

/** Values in an inventory, through its checks and the roles, to what a host would run and write. */
export const inventories: Kind = {
  name: 'inventories, roles and their scripts',
  share: 38,
  quick: 150,
  async run(cases, seed, ground) {
    const roll = dice(seed);
    const tally: Tally = { literal: 0, refused: 0 };
    for (const length of batches(cases, BATCH)) {
      const all = Array.from({ length }, (_, i) => makeCase(roll, ground, i));
      const accepted = await load(ground, all);
      tally.refused += all.length - accepted.length;
      tally.literal += accepted.length;
      await play(ground, accepted, roll.pick(ground.shells));
    }
    return tally;
  },
};

function makeCase(roll: Dice, ground: Ground, index: number): Case {
  const slot = roll.pick(SLOTS);
  const value = hostile(roll, ground.canary, slot.usual(ground));
  const host = slot.name === 'host' ? value : `h${index}`;
  const own = slot.vars ?? ((text: string) => ({ [slot.name]: text }));
  return {
    slot,
    value,
    host,
    vars: { etcd_cluster_name: `c${index}`, etcd_version: '3.5.16', ...own(value) },
  };
}

type Accepted = Case & { readonly loaded: SettledHost };

/**
 * One inventory for many cases, each on a line of its own: what is told of a line refuses its case, and the rest is
 * loaded again. Whatever is refused is so with exit code 1.
 */
async function load(ground: Ground, all: readonly Case[]): Promise<readonly Accepted[]> {
  const path = join(place(ground, 'inventory'), 'fuzz.yaml');
  let left = distinct(all);
  for (let round = 0; round < 20 && left.length > 0; round++) {
    writeFileSync(path, inventoryOf(left));
    try {
      const inventory = await loadInventory({ files: [path], schema: ETCD_VARS });
      const read = await inventory.settle({ hosts: inventory.hosts, contacts: (all) => all });
      const hosts = [...read.hosts.values()];
      if (hosts.length !== left.length) throw new Error(`${left.length} hosts became ${hosts.length}`);
      return left.flatMap((one, i) => {
        const loaded = hosts[i] as SettledHost;
        return isRefused(loaded) ? [] : [{ ...one, loaded }];
      });
    } catch (error) {
      const lines = new Set(usageErrors(error).map(({ position }) => position?.line ?? -1));
      const before = left.length;
      left = left.filter((_, i) => !lines.has(i + FIRST_LINE));
      if (left.length === before) throw new Error(`an error of no case: ${usageErrors(error)[0]?.message}`);
    }
  }
  return [];
}

/** A name twice is an error of its own. */
function distinct(all: readonly Case[]): readonly Case[] {
  const seen = new Set<string>();
  return all.filter(({ host }) => !seen.has(host) && seen.add(host));
}

const FIRST_LINE = 3;

function inventoryOf(all: readonly Case[]): string {
  const lines = all.map(
    ({ host, vars }, i) => `    ${json(host)}: ${json({ ansible_host: `10.1.${i}.1`, ...vars })}`,
  );
  return ['etcd:', '  hosts:', ...lines, ''].join('\n');
}

/** JSON is YAML; control characters are spelt out. */
function json(value: unknown): string {
  return JSON.stringify(value).replaceAll(
    /[\x7f-\x9f\u2028\u2029\ufeff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function usageErrors(error: unknown): readonly QuorateError[] {
  const errors = error instanceof QuorateErrors ? error.errors : [error];
  return errors.map((one) => {
    if (one instanceof QuorateError && one.exitCode === EXIT.usage) return one;
    throw one;
  });
}

/** By what its variables say together, or by the settings that the version has. */
function isRefused(host: SettledHost): boolean {
  if (modelProblems([dataOf(host)]).some(({ level }) => level !== 'warning')) return true;
  try {
    etcdConf(targetOf(host.name, dataOf(host).vars));
    return false;
  } catch (error) {
    usageErrors(error);
    return true;
  }
}

function dataOf({ name, vars, address }: SettledHost): HostData {
  const all = {
    ...vars,
    ansible_host: address,
    inventory_file: 'fuzz.yaml',
    inventory_dir: '/tmp',
  };
  return { name, vars: all, hostvars: { [name]: all } };
}

/** What the accepted ones make of scripts and files, by a real shell; nothing of it may be taken for code. */
async function play(ground: Ground, accepted: readonly Accepted[], shell: readonly string[]): Promise<void> {
  const scripts = accepted.flatMap((one) => {
    const target = targetOf(one.loaded.name, dataOf(one.loaded).vars);
    const plain = targetOf('plain', { etcd_cluster_name: one.vars.etcd_cluster_name });
    checkRendering(target, one.slot.arrives?.(one.value));
    const usual = new Set(fragmentsOf(plain));
    // What does not differ was looked at with another case.
    return [{ one, fragments: fragmentsOf(target).filter((text) => !usual.has(text)) }];
  });
  const seen = await recorded(
    ground,
    shell,
    scripts.map(({ fragments }) => fragments),
  );
  for (const [i, { one, fragments }] of scripts.entries()) {
    const { arrives } = one.slot;
    if (!arrives || fragments.length === 0 || seen[i]?.includes(asUtf8(arrives(one.value)))) continue;
    throw new Error(`${shell}: ${one.slot.name} ${show(one.value)} did not arrive: ${show(seen[i])}`);
  }
  checkCanary(ground, `${shell}: ${show(accepted.map(({ slot, value }) => [slot.name, value]))}`);
}

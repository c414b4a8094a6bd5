import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { parse } from 'yaml';
import { ETCD_VARS, type EtcdVar } from '../../../lib/etcd/model/vars.ts';
import { NEWEST_RELEASE, securityFaults, unsafeReason } from '../../../lib/etcd/model/versions.ts';
import { readAll, write } from './support.ts';

const FILE = new URL('../../../inventory/prod.yaml', import.meta.url).pathname;
const TEXT = readFileSync(FILE, 'utf8');
const VARIABLES = Object.keys(ETCD_VARS) as EtcdVar[];

/** What the file says for a variable, commented out or not. */
function shown(name: string): string | undefined {
  return new RegExp(`^ +(?:# )?${name}: (.*)$`, 'm').exec(TEXT)?.[1];
}

it('loads as it is', async () => {
  const { hosts, notices } = await readAll({ files: [FILE], schema: ETCD_VARS });
  expect(hosts.map(({ name, connection: { address, user } }) => [name, address, user])).toEqual([
    ['etcd01', '10.0.52.13', 'root'],
    ['etcd02', '10.0.52.14', 'root'],
    ['etcd03', '10.0.52.6', 'root'],
  ]);
  expect(notices).toEqual([]);
  const version = String(hosts[0]?.vars.etcd_version);
  expect([unsafeReason(version), securityFaults(version), version]).toEqual([undefined, [], NEWEST_RELEASE]);
});

it.each(VARIABLES)('shows %s with its default', (name) => {
  const value = shown(name);
  expect(value).toBeDefined();
  if ('default' in ETCD_VARS[name]) expect(parse(value ?? '')).toEqual(ETCD_VARS[name].default);
});

it('shows no variable that there is not', () => {
  const names = [...TEXT.matchAll(/^ +(?:# )?(etcd_\w+):/gm)].map((match) => match[1]);
  expect(names.filter((name) => !(VARIABLES as (string | undefined)[]).includes(name))).toEqual([]);
  expect(new Set(names).size).toBe(names.length);
});

it('loads with every line uncommented', async () => {
  // Two of them need something of the reader: a digest, and a key that exists.
  const text = TEXT.replaceAll(/^( +)# ((?:etcd|ansible)_\w+:(?! \().*)$/gm, '$1$2').replace(
    /^ +ansible_ssh_private_key_file:.*\n/m,
    '',
  );
  const folder = write({ 'prod.yaml': text });
  const { hosts } = await readAll({ files: [`${folder}/prod.yaml`], schema: ETCD_VARS });
  expect(hosts[0]?.vars).toMatchObject({ etcd_member_name: 'etcd01', etcd_cluster_name: 'prod' });
  expect(hosts[0]?.origin('etcd_data_dir')).toMatchObject({ file: `${folder}/prod.yaml` });
});

import { basename, resolve } from 'node:path';
import type { InventoryHost, SettledHost } from '../inventory/index.ts';
import { folderOf, isStream } from '../root.ts';
import type { RunHost } from '../runner/session.ts';
import type { Connection } from '../transport/host.ts';
import { connect } from '../transport/index.ts';
import { hostsOfShard, type Shard } from './flags/shard.ts';
import type { PlaybookFile } from './start/playbook-file.ts';

/** This machine, where the inventory has no host of that name. */
export function thisMachine(files: readonly string[]): RunHost {
  const none = undefined;
  const connection: Connection = {
    name: 'localhost',
    kind: 'local',
    address: 'localhost',
    port: none,
    user: none,
    password: none,
    keyFile: none,
    become: false,
    becomeUser: 'root',
    becomePassword: none,
    proxyJump: none,
    knownHostsFile: none,
    strictHostKeyChecking: none,
  };
  return {
    name: 'localhost',
    groups: [],
    vars: {
      inventory_hostname: 'localhost',
      ansible_connection: 'local',
      inventory_dir: folderOf(files[0] ?? 'inventory'),
    },
    connect: () => connect(connection, { warn: () => {}, tell: () => {} }),
  };
}

/** Ansible's magic variables, as far as roles need them. */
export function magicVars({ name, address, kind, position }: SettledHost): Record<string, string> {
  const file = resolve(position.file);
  return {
    inventory_hostname: name,
    ansible_host: address,
    ansible_connection: kind,
    // No name for anything.
    inventory_file: isStream(file) ? '-' : basename(file),
    inventory_dir: folderOf(file),
  };
}

/** Names of the hosts that are in a part of the whole. */
export function inShard(
  playbook: PlaybookFile,
  listed: (pattern: string) => readonly InventoryHost[],
  settled: readonly SettledHost[],
  shard: Shard,
): ReadonlySet<string> {
  const known = new Map(settled.map((host) => [host.name, host]));
  const all = (pattern: string) =>
    listed(pattern).map(({ name }) => {
      const host = known.get(name) as SettledHost;
      return { name, vars: { ...host.vars, ...magicVars(host) } };
    });
  return hostsOfShard(playbook.plays, all, shard);
}

/** The hosts that a run logs in to: those inside `--limit`, and what a play must see besides. */
export function contactsOf(
  playbook: PlaybookFile,
  listed: (pattern: string) => readonly InventoryHost[],
  limit: (host: InventoryHost) => boolean,
  settled: readonly SettledHost[],
): readonly SettledHost[] {
  const known = new Map(settled.map((host) => [host.name, host]));
  return playbook.plays.flatMap((play) => {
    const all = listed(play.hosts).map(({ name }) => {
      const host = known.get(name) as SettledHost;
      return { ...host, vars: { ...host.vars, ...magicVars(host) } };
    });
    const selected = all.filter(limit);
    return play.strategy.scope?.(selected, all) ?? selected;
  });
}

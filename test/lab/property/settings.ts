import { flagsOf } from '../../../lib/etcd/model/flag-catalogue.ts';
import { KNOWN_VERSIONS, NEWEST } from '../support/releases/etcdVersions.ts';
import type { Dice } from './dice.ts';

/** Variables of a run, for `-e`. */
export type Settings = Readonly<Record<string, unknown>>;

/** Values that a variable may have on a cluster that lives. */
const LIVE: Readonly<Record<string, (dice: Dice, version: string) => unknown>> = {
  etcd_settings: (dice, version) => {
    const known = Object.entries(FLAGS).filter(([name]) => flagsOf(version).has(name));
    return Object.fromEntries(dice.some(known, 3).map(([name, values]) => [name, dice.one(values)]));
  },
  etcd_extra_sans: (dice) =>
    dice.some(['lb.example', 'Etcd.Example', '192.0.2.10', '2001:db8::10', '2001:DB8:0:0::11'], 3),
  etcd_loopback_http: (dice) => dice.chance(0.5),
  etcd_client_cidrs: (dice) =>
    dice.some(
      ['10.0.52.0/24', '10.0.52.1', '192.0.2.77/24', 'fd00:52::/64', 'FD00:52:0::1', '0.0.0.0/0', '::/0'],
      4,
    ),
  etcd_firewall: (dice) => dice.one(['auto', 'nftables', 'iptables', 'none', 'disabled']),
  etcd_key_type: (dice) => dice.one(['ecdsa-256', 'ecdsa-384', 'rsa-2048', 'ed25519']),
  etcd_cert_expiry: (dice) => dice.one(['87600h', '8760h', '365d']),
  etcd_cert_renew_before: (dice) => dice.one(['720h', '24h', '2000h']),
};

/** Settings of etcd that every value is fine for. */
const FLAGS: Readonly<Record<string, readonly (string | number | boolean)[]>> = {
  'snapshot-count': [5000, 20_000, 50_000],
  'max-snapshots': [3, 7],
  'max-wals': [4, 8],
  'election-timeout': [1200, 1500],
  'quota-backend-bytes': [2_147_483_648, 4_294_967_296],
  'auto-compaction-retention': ['1h', '30m'],
  'enable-pprof': [true, false],
  'max-txn-ops': [128, 512],
  'max-request-bytes': [1_572_864, 2_000_000],
  metrics: ['basic', 'extensive'],
  cors: ['*', 'https://a.example:443,https://b.example:443'],
  'log-level': ['info', 'warn'],
  'pre-vote': [true, false],
  'listen-metrics-urls': ['http://127.0.0.1:2391'],
};

/** What is chosen once, before there is a cluster. */
const FRESH: Readonly<Record<string, (dice: Dice) => unknown>> = {
  etcd_version: (dice) => dice.one(KNOWN_VERSIONS),
  etcd_bin_dir: () => '/usr/local/etcd/bin',
  etcd_config_dir: () => '/etc/etcd',
  etcd_cert_dir: () => '/etc/etcd/pki',
  etcd_data_dir: () => '/srv/etcd/data',
  etcd_user: () => 'quorum',
  etcd_group: () => 'quorum',
  etcd_client_port: () => 12_379,
  etcd_peer_port: () => 12_380,
  etcd_service_name: () => 'etcd-main',
  etcd_cluster_name: () => 'main',
  etcd_ca_expiry: () => '8760h',
};

const DEFAULT_VERSION = NEWEST;

/** Settings for a cluster that is to be founded. */
export function freshSettings(dice: Dice): Settings {
  const chosen = dice.some(Object.keys(FRESH), 4);
  const fresh = Object.fromEntries(chosen.map((name) => [name, FRESH[name]?.(dice)]));
  return changed(fresh, dice, 3);
}

/** The settings of a cluster that lives, some of them changed. */
export function changedSettings(from: Settings, dice: Dice): Settings {
  return changed(from, dice, 2);
}

/** A change that was never meant to be made to a cluster that lives: it must be carried out, or refused. */
export function movedSettings(from: Settings, dice: Dice): Settings {
  const name = dice.one(Object.keys(FRESH));
  return { ...from, [name]: FRESH[name]?.(dice) };
}

function changed(from: Settings, dice: Dice, most: number): Settings {
  const version = String(from.etcd_version ?? DEFAULT_VERSION);
  const names = dice.some(Object.keys(LIVE), most);
  return { ...from, ...Object.fromEntries(names.map((name) => [name, LIVE[name]?.(dice, version)])) };
}

/** Where a member keeps what. */
export interface Layout {
  readonly service: string;
  readonly user: string;
  readonly group: string;
  readonly bin: string;
  readonly config: string;
  readonly certs: string;
  readonly data: string;
  readonly state: string;
}

export function layoutOf(settings: Settings): Layout {
  const of = (name: string, usual: string) => String(settings[`etcd_${name}`] ?? usual);
  const service = of('service_name', 'etcd');
  return {
    service,
    user: of('user', 'etcd'),
    group: of('group', 'etcd'),
    bin: of('bin_dir', '/opt/etcd/bin'),
    config: of('config_dir', '/opt/etcd/cfg'),
    certs: of('cert_dir', '/opt/etcd/ssl'),
    data: of('data_dir', '/var/lib/etcd/default.etcd'),
    state: `/var/lib/quorate/${service}`,
  };
}

/** Every path of a member that runs manage, parents first; what they note for themselves is not part of a check. */
export function managedPaths({ service, bin, config, certs, data, state }: Layout): readonly string[] {
  const system = '/etc/systemd/system';
  return [
    ...[bin, config, certs, data],
    ...['etcd', 'etcdctl', 'etcdutl'].map((name) => `${bin}/${name}`),
    ...['ca', 'server', 'server-key', 'peer', 'peer-key'].map((name) => `${certs}/${name}.pem`),
    ...['etcd.conf', 'etcdctl', 'firewall.nftables', 'firewall.iptables'].map((name) => `${config}/${name}`),
    ...[`${system}/${service}.service`, `${system}/${service}-firewall.service`],
    ...['release', 'issued', 'formed', 'ca'].map((name) => `${state}/${name}`),
  ];
}

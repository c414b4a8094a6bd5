import type { VarSchema } from '../../dsl/role.ts';
import { NEWEST_RELEASE } from './versions.ts';

/** Without what a unit, systemd's globs or a shell give a meaning to. */
const ABSOLUTE_PATH = {
  type: 'string',
  format: 'path',
  minLength: 1,
  pattern: '^[^\\s\'"$`\\\\%;&|<>()*?{}[\\]]+$',
};
const PORT = { type: 'integer', minimum: 1, maximum: 65535 };
const DURATION = { type: 'string', pattern: '^([0-9]+(\\.[0-9]+)?(d|h|m|s))+$' };
const NAME = '^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$';
const ADDRESS = { type: 'string', pattern: '^[A-Za-z0-9:]([A-Za-z0-9.:-]*[A-Za-z0-9:])?$' };

/**
 * Every variable of the etcd roles, with its default and meaning. Defaults that depend on the inventory
 * or the host (`etcd_cluster_name`, `etcd_member_name`…) are completed by the cluster model.
 */
export const ETCD_VARS = {
  etcd_cluster_name: {
    type: 'string',
    pattern: NAME,
    maxLength: 64,
    description: "Tells clusters of one inventory apart; the inventory file's name without its ending.",
  },
  etcd_version: {
    type: 'string',
    format: 'version',
    pattern: '^[0-9]+\\.[0-9]+\\.[0-9]+(-(alpha|beta|rc)\\.[0-9]+)?$',
    description: `The release to run, as in ${NEWEST_RELEASE}; the running one when left out, required for a new cluster.`,
  },
  etcd_allow_unsafe_version: {
    type: 'boolean',
    default: false,
    description:
      'Lets a version in that has a known data bug or is newer than what is known here, with a warning.',
  },
  etcd_source: {
    type: 'string',
    enum: ['release', 'package', 'path', 'auto'],
    default: 'release',
    description: 'Where binaries come from; auto tries cache, release, path and package.',
  },
  etcd_download_url: {
    type: 'string',
    minLength: 1,
    default:
      'https://github.com/etcd-io/etcd/releases/download/v{version}/etcd-v{version}-linux-{arch}.tar.gz',
    description: 'Release tarball: https, http, file or a path, with {version} and {arch} filled in.',
  },
  etcd_sha256: {
    type: ['string', 'object'],
    pattern: '^[0-9a-f]{64}$',
    patternProperties: {
      '^[0-9]+\\.[0-9]+\\.[0-9]+(-[a-z]+\\.[0-9]+)?-[a-z0-9]+$': {
        type: 'string',
        pattern: '^[0-9a-f]{64}$',
      },
    },
    additionalProperties: false,
    description:
      'Digest of the tarball; where several releases or machines are to come, a mapping of each (3.6.16-amd64) to its own. SHA256SUMS beside it when left out.',
  },
  etcd_member_name: {
    type: 'string',
    pattern: NAME,
    maxLength: 128,
    description: "The member's name; the inventory host name.",
  },
  etcd_address: { ...ADDRESS, description: 'Advertised address or name; ansible_host.' },
  etcd_listen_address: {
    ...ADDRESS,
    description: 'IP address to bind; etcd_address when that is one, else resolved on the host.',
  },
  etcd_client_port: { ...PORT, default: 2379, description: 'Port for clients.' },
  etcd_peer_port: { ...PORT, default: 2380, description: 'Port for members.' },
  etcd_peer_address: {
    ...ADDRESS,
    description: 'Address or name that other members connect to; etcd_address.',
  },
  etcd_peer_listen_address: {
    ...ADDRESS,
    description:
      'IP address to bind for members; etcd_peer_address when that is one, else resolved on the host. Without an etcd_peer_address of its own, as for clients.',
  },
  etcd_metrics_port: {
    ...PORT,
    description:
      'Also serves metrics and health over plain HTTP on this port; whoever may be a client may read them.',
  },
  etcd_loopback_http: {
    type: 'boolean',
    default: false,
    description: 'Also serves plain HTTP on 127.0.0.1: lets every local user past mutual TLS.',
  },
  etcd_extra_sans: {
    type: 'array',
    items: ADDRESS,
    default: [],
    description: 'Further names and addresses for certificates: load balancers, virtual IPs.',
  },
  etcd_bin_dir: { ...ABSOLUTE_PATH, default: '/opt/etcd/bin', description: 'etcd, etcdctl, etcdutl.' },
  etcd_config_dir: { ...ABSOLUTE_PATH, default: '/opt/etcd/cfg', description: 'etcd.conf.' },
  etcd_cert_dir: { ...ABSOLUTE_PATH, default: '/opt/etcd/ssl', description: 'Certificates and keys.' },
  etcd_data_dir: {
    ...ABSOLUTE_PATH,
    default: '/var/lib/etcd/default.etcd',
    description: 'Data; never deleted.',
  },
  etcd_wal_dir: {
    ...ABSOLUTE_PATH,
    description:
      "The raft log, where it has a disk of its own; in the data directory when left out. Its parent becomes the member's, too: etcd puts a new log in place by renaming. Never changed once there is data.",
  },
  etcd_backup_dir: {
    ...ABSOLUTE_PATH,
    default: '/var/backups/etcd',
    description:
      "Snapshots of the member's, verified; a folder of its own, which is the member's. Never deleted with it.",
  },
  etcd_backup_schedule: {
    type: 'string',
    minLength: 1,
    pattern: '^[^\\n%]+$',
    description:
      'When the hosts take snapshots by themselves, in the words of systemd.time: hourly, *-*-* 03:00. Whoever leads then takes one; copies are for the playbook backup.',
  },
  etcd_backup_keep: {
    type: 'string',
    pattern: '^(all|[0-9]+[hdwm]([ ,]+[0-9]+[hdwm])*)$',
    default: '24h 7d 4w 12m',
    description:
      'Snapshots that stay, as in 24h 7d 4w 12m: the last of each of the newest 24 hours, 7 days, 4 weeks and 12 months that have one, and always the newest; or all.',
  },
  etcd_backup_age_recipients: {
    type: 'array',
    items: { type: 'string', pattern: '^age1[0-9a-z]+$' },
    description:
      'Public keys of age: copies of snapshots, which leave the hosts, are encrypted to all of them.',
  },
  etcd_user: {
    type: 'string',
    pattern: '^[a-z_][a-z0-9_-]{0,31}$',
    default: 'etcd',
    description: 'Runs etcd.',
  },
  etcd_group: {
    type: 'string',
    pattern: '^[a-z_][a-z0-9_-]{0,31}$',
    default: 'etcd',
    description:
      'Group of the system that it runs as; by -e, or where no group etcd is, the group of the inventory.',
  },
  etcd_service_name: {
    type: 'string',
    pattern: '^[A-Za-z0-9][A-Za-z0-9_-]*$',
    default: 'etcd',
    description: 'Name of the systemd unit, in /etc/systemd/system.',
  },
  etcd_settings: {
    type: 'object',
    additionalProperties: { type: ['string', 'number', 'boolean', 'array'], items: { type: 'string' } },
    default: {},
    description:
      "Further settings by flag name, checked against the version's flags; a list is joined by commas.",
  },
  etcd_firewall: {
    type: 'string',
    enum: ['auto', 'firewalld', 'ufw', 'nftables', 'iptables', 'none', 'disabled'],
    default: 'auto',
    description:
      'Which firewall carries the rules; auto is the active one, none leaves it alone, disabled stops and disables firewalld and sets no rules.',
  },
  etcd_client_cidrs: {
    type: 'array',
    items: { type: 'string', pattern: '^[0-9A-Fa-f.:]+(/[0-9]{1,3})?$' },
    default: [],
    description: 'Who may reach the client port; empty is everyone, with a warning.',
  },
  etcd_pki_dir: {
    type: 'string',
    format: 'path',
    description: 'The CA and its certificates on control; .quorate/<cluster>/pki beside the inventory.',
  },
  etcd_key_type: {
    type: 'string',
    enum: ['ecdsa-256', 'ecdsa-384', 'ecdsa-521', 'rsa-2048', 'rsa-3072', 'rsa-4096', 'rsa-8192', 'ed25519'],
    default: 'ecdsa-256',
    description: 'Type of new keys.',
  },
  etcd_ca_expiry: { ...DURATION, default: '87600h', description: 'Validity of a new CA.' },
  etcd_cert_expiry: { ...DURATION, default: '87600h', description: 'Validity of new certificates.' },
  etcd_cert_renew_before: {
    ...DURATION,
    default: '720h',
    description:
      'Renews a certificate this long before it expires; in its last third where new ones last no longer than that.',
  },
  etcd_service_manager: {
    type: 'string',
    enum: ['auto', 'systemd', 'process'],
    default: 'auto',
    description: 'systemd, or a plain process with a pid file.',
  },
} satisfies VarSchema;

export type EtcdVar = keyof typeof ETCD_VARS;

/** The schema of the variables that a role reads. */
export function declare(...names: readonly EtcdVar[]): VarSchema {
  return Object.fromEntries(names.map((name) => [name, ETCD_VARS[name]]));
}

/** What every role needs to know of a member. */
export const MEMBER_VARS: readonly EtcdVar[] = [
  'etcd_cluster_name',
  'etcd_member_name',
  'etcd_address',
  'etcd_listen_address',
  'etcd_client_port',
  'etcd_peer_port',
  'etcd_peer_address',
  'etcd_peer_listen_address',
  'etcd_metrics_port',
  'etcd_bin_dir',
  'etcd_config_dir',
  'etcd_cert_dir',
  'etcd_data_dir',
  'etcd_wal_dir',
  'etcd_backup_dir',
  'etcd_user',
  'etcd_group',
  'etcd_service_name',
  'etcd_service_manager',
  'etcd_version',
  // Says where it logs, and what else it listens on.
  'etcd_settings',
];

import { describe, expect, it } from 'vitest';
import type { Vars } from '../../../../lib/dsl/role.ts';
import { modelProblems } from '../../../../lib/etcd/model/problems.ts';
import { DEFAULTS } from '../../support/defaults.ts';

const LATEST = { etcd_version: '3.5.30' };

type Case = readonly [what: string, hosts: readonly Vars[], ...problems: string[]];

/** Hosts h1, h2… at 10.0.0.1, 10.0.0.2…, with these variables besides the defaults. */
const CASES: readonly Case[] = [
  ['one member', [{}]],
  ['three members', [{}, {}, {}]],
  ['two clusters of three in one inventory', [...Array(3).fill({ etcd_cluster_name: 'a' }), {}, {}, {}]],
  [
    'two clusters with one folder of certificates',
    [
      ...Array(3).fill({ etcd_cluster_name: 'a', etcd_pki_dir: '/srv/pki' }),
      ...Array(3).fill({ etcd_pki_dir: '/srv/pki' }),
    ],
    'warning h4 etcd_pki_dir: clusters a and prod both have /srv/pki: clients of one are let into the other, and its CA cannot be rotated',
  ],
  [
    'the client port is the peer port',
    [{ etcd_client_port: 2380 }],
    'h1 etcd_client_port: etcd_client_port of h1 is 2380, as is the other port',
  ],
  [
    'a data directory with both kinds of quotes',
    [{ etcd_data_dir: `/srv/it's "mine"/data` }],
    `h1 etcd_data_dir: etcd_data_dir of h1 is /srv/it's "mine"/data: etcd.conf can hold no path with both kinds of quotes`,
  ],
  [
    'a data directory with a colon, which is the home of a user',
    [{ etcd_data_dir: '/srv/c:/etcd' }, { etcd_data_dir: '/srv/c:/etcd', etcd_service_manager: 'process' }],
    'h1 etcd_data_dir: etcd_data_dir of h1 is "/srv/c:/etcd": the home of user etcd can have no colon',
    'warning h1 etcd_cluster_name: cluster prod has 2 members: one fewer would stand as many failures',
  ],
  [
    'one address and port twice',
    [{}, { etcd_address: '10.0.0.1' }, {}],
    'h2 etcd_client_port: h2 and h1 both have 10.0.0.1:2379',
    'h2 etcd_peer_port: h2 and h1 both have 10.0.0.1:2380',
    'h2 etcd_bin_dir: h2 and h1 both have /opt/etcd/bin on 10.0.0.1',
    'h2 etcd_config_dir: h2 and h1 both have /opt/etcd/cfg on 10.0.0.1',
    'h2 etcd_cert_dir: h2 and h1 both have /opt/etcd/ssl on 10.0.0.1',
    'h2 etcd_data_dir: h2 and h1 both have /var/lib/etcd/default.etcd on 10.0.0.1',
    'h2 etcd_service_name: h2 and h1 both have the service etcd on 10.0.0.1',
  ],
  [
    'two clusters at one address that share the service, and with it what is remembered of a member',
    [
      { etcd_cluster_name: 'a' },
      {
        etcd_cluster_name: 'b',
        etcd_address: '10.0.0.1',
        ...apart('x'),
        ...ports(12379),
        etcd_service_name: 'etcd',
      },
    ],
    'h2 etcd_service_name: h2 of cluster b and h1 of cluster a both have the service etcd on 10.0.0.1',
  ],
  [
    'the same of two addresses, where SSH leads to one machine',
    [
      { etcd_cluster_name: 'a', etcd_address: '10.0.0.1', ansible_host: '192.0.2.1' },
      {
        etcd_cluster_name: 'b',
        etcd_address: '10.0.0.2',
        ansible_host: '192.0.2.1',
        ...apart('x'),
        etcd_service_name: 'etcd',
      },
    ],
    'h2 etcd_service_name: h2 of cluster b and h1 of cluster a both have the service etcd on 10.0.0.1',
  ],
  [
    'two inventory names for one machine, one of them by way of a third',
    [
      { etcd_cluster_name: 'a', etcd_address: '10.0.0.1', ansible_host: '192.0.2.1' },
      {
        etcd_cluster_name: 'b',
        etcd_address: '10.0.0.2',
        ansible_host: '192.0.2.2',
        ...apart('x'),
        ...ports(12379),
      },
      {
        etcd_cluster_name: 'c',
        etcd_address: '10.0.0.1',
        ansible_host: '192.0.2.2',
        ...apart('y'),
        ...ports(22379),
        etcd_service_name: 'etcd-x',
      },
    ],
    'h3 etcd_service_name: h3 of cluster c and h2 of cluster b both have the service etcd-x on 10.0.0.1',
  ],
  [
    'this machine, reached by SSH and without',
    [
      { etcd_cluster_name: 'a', etcd_address: '10.0.0.1', ansible_connection: 'local' },
      {
        etcd_cluster_name: 'b',
        etcd_address: '10.0.0.2',
        ansible_host: '127.0.0.1',
        ...apart('x'),
        etcd_data_dir: '/var/lib/etcd/default.etcd',
      },
    ],
    'h2 etcd_data_dir: h2 of cluster b and h1 of cluster a both have /var/lib/etcd/default.etcd on 10.0.0.1',
  ],
  [
    'what is reached through a port of this machine is another one',
    [
      { etcd_cluster_name: 'a', etcd_address: '10.0.0.1', ansible_connection: 'local' },
      { etcd_cluster_name: 'b', etcd_address: '10.0.0.2', ansible_host: '127.0.0.1', ansible_port: 2222 },
    ],
  ],
  [
    'two addresses that others know, of one that both bind',
    [
      {
        etcd_cluster_name: 'a',
        etcd_address: '10.0.0.1',
        ansible_host: '192.0.2.1',
        etcd_listen_address: '192.168.0.1',
      },
      {
        etcd_cluster_name: 'b',
        etcd_address: '10.0.0.2',
        ansible_host: '192.0.2.1',
        ...apart('x'),
        etcd_listen_address: '192.168.0.1',
        etcd_peer_port: 12380,
      },
    ],
    'h2 etcd_client_port: h2 of cluster b and h1 of cluster a both bind port 2379 of 192.168.0.1 on 10.0.0.1',
  ],
  [
    'two addresses of one machine, each with its own, and the same ports',
    ['a', 'b'].map((name, i) => ({
      ...apart(name),
      etcd_cluster_name: name,
      etcd_address: `10.0.0.${i + 1}`,
      ansible_host: '192.0.2.1',
    })),
  ],
  [
    'two machines behind one address, told apart by the port of SSH',
    [
      { etcd_cluster_name: 'a', etcd_address: '10.0.0.1', ansible_host: '192.0.2.1', ansible_port: 2201 },
      { etcd_cluster_name: 'b', etcd_address: '10.0.0.2', ansible_host: '192.0.2.1', ansible_port: 2202 },
    ],
  ],
  [
    'plain processes of this machine that keep what they remember in one folder',
    ['a', 'b'].map((name, i) => ({
      ...apart(name),
      ...ports(2379 + 10 * i),
      etcd_cluster_name: name,
      etcd_address: '127.0.0.1',
      ansible_connection: 'local',
      etcd_service_manager: 'process',
      etcd_config_dir: `/srv/etcd/cfg-${name}`,
    })),
    'h2 etcd_config_dir: h2 of cluster b and h1 of cluster a both have /srv/etcd/state beside it on 127.0.0.1',
  ],
  [
    "one's client port is another's peer port",
    [{}, { etcd_address: '10.0.0.1', ...apart('x'), etcd_client_port: 2380, etcd_peer_port: 2381 }, {}],
    'h2 etcd_client_port: h2 and h1 both have 10.0.0.1:2380',
  ],
  ['one machine, all apart', [{}, { etcd_address: '10.0.0.1', ...apart('x'), ...ports(12379) }, {}]],
  [
    'one machine, and binaries that it brings',
    ['/usr/bin', '/usr/bin'].map((etcd_bin_dir, i) => ({
      etcd_address: '10.0.0.1',
      ...apart(`m${i}`),
      ...ports(2379 + 10 * i),
      etcd_bin_dir,
      etcd_source: 'path',
      etcd_cluster_name: `c${i}`,
    })),
  ],
  [
    'two clusters on one machine share the port',
    [
      { etcd_cluster_name: 'a' },
      { etcd_cluster_name: 'b', etcd_address: '10.0.0.1', ...apart('x'), etcd_peer_port: 2390 },
    ],
    'h2 etcd_client_port: h2 of cluster b and h1 of cluster a both have 10.0.0.1:2379',
  ],
  [
    'one member name twice',
    [{ etcd_member_name: 'm' }, { etcd_member_name: 'm' }, {}],
    'h2 etcd_member_name: h2 and h1 are both called m in cluster prod',
  ],
  [
    "a member name that is another host's",
    [{ etcd_member_name: 'h2' }, {}, {}],
    'h2 etcd_member_name: h2 and h1 are both called h2 in cluster prod',
  ],
  [
    'two versions',
    [{ etcd_version: '3.5.33' }, { etcd_version: '3.5.30' }, { etcd_version: '3.5.33' }],
    'h2 etcd_version: etcd_version is 3.5.30 on h2 and 3.5.33 on h1, both of cluster prod',
  ],
  [
    'a version for some',
    [{ etcd_version: '3.5.33' }, {}, { etcd_version: '3.5.33' }],
    'h2 etcd_version: etcd_version is not set on h2 and 3.5.33 on h1, both of cluster prod',
  ],
  [
    'two CAs',
    [{ etcd_pki_dir: '/a' }, { etcd_pki_dir: '/b' }, { etcd_pki_dir: '/a' }],
    'h2 etcd_pki_dir: etcd_pki_dir is /b on h2 and /a on h1, both of cluster prod',
  ],
  [
    'two lives of certificates and two kinds of keys in one folder',
    [{}, { etcd_cert_expiry: '24h', etcd_cert_renew_before: '8h', etcd_key_type: 'rsa-2048' }, {}],
    'h2 etcd_key_type: etcd_key_type is rsa-2048 on h2 and ecdsa-256 on h1, both of cluster prod',
    'h2 etcd_cert_expiry: etcd_cert_expiry is 24h on h2 and 87600h on h1, both of cluster prod',
    'h2 etcd_cert_renew_before: etcd_cert_renew_before is 8h on h2 and 720h on h1, both of cluster prod',
  ],
  [
    'two members',
    [{}, {}],
    'warning h1 etcd_cluster_name: cluster prod has 2 members: one fewer would stand as many failures',
  ],
  [
    'four members',
    [{}, {}, {}, {}],
    'warning h1 etcd_cluster_name: cluster prod has 4 members: one fewer would stand as many failures',
  ],
  [
    'a loopback address among others',
    [{ etcd_address: '127.0.0.1' }, {}, {}],
    'h1 etcd_address: etcd_address of h1 is 127.0.0.1, which other members of cluster prod cannot reach',
  ],
  [
    'data among binaries',
    [{ etcd_data_dir: '/opt/etcd/bin/' }],
    'h1 etcd_data_dir: etcd_data_dir of h1 is /opt/etcd/bin, as is etcd_bin_dir',
  ],
  [
    'certificates beside the configuration',
    [{ etcd_cert_dir: '/opt/etcd/cfg' }],
    'h1 etcd_cert_dir: etcd_cert_dir of h1 is /opt/etcd/cfg, as is etcd_config_dir',
  ],
  [
    'data around the rest',
    [{ etcd_data_dir: '/opt/etcd' }],
    ...['bin_dir: /opt/etcd/bin', 'config_dir: /opt/etcd/cfg', 'cert_dir: /opt/etcd/ssl'].map(
      (other) =>
        `h1 etcd_data_dir: etcd_data_dir of h1 is /opt/etcd, and etcd_${other.replace(':', ' is')}: one lies in the other`,
    ),
  ],
  [
    'data below the certificates',
    [{ etcd_data_dir: '/opt/etcd/ssl/data' }],
    'h1 etcd_data_dir: etcd_data_dir of h1 is /opt/etcd/ssl/data, and etcd_cert_dir is /opt/etcd/ssl: one lies in the other',
  ],
  [
    'snapshots in the data directory',
    [{ etcd_backup_dir: '/var/lib/etcd/default.etcd/backups' }],
    'h1 etcd_data_dir: etcd_data_dir of h1 is /var/lib/etcd/default.etcd, and etcd_backup_dir is /var/lib/etcd/default.etcd/backups: one lies in the other',
  ],
  [
    'snapshots in a folder that others have, too',
    [{ etcd_backup_dir: '/var/backups/' }],
    'h1 etcd_backup_dir: etcd_backup_dir of h1 is /var/backups, a directory of the system',
  ],
  [
    'snapshots by a timer, of a plain process',
    [{ etcd_backup_schedule: 'hourly', etcd_service_manager: 'process' }],
    'h1 etcd_backup_schedule: etcd_backup_schedule of h1 wants a timer of systemd, and its member is a plain process',
  ],
  [
    'encryption by a timer',
    [{ etcd_backup_schedule: 'hourly', etcd_backup_age_recipients: ['age1x'] }],
    'h1 etcd_backup_age_recipients: the timer of etcd_backup_schedule on h1 makes no copies and encrypts nothing: snapshots stay on the hosts',
  ],
  [
    'copies by a timer',
    [{ etcd_backup_schedule: 'hourly --to s3://bucket' }],
    'h1 etcd_backup_schedule: the timer of etcd_backup_schedule on h1 makes no copies and encrypts nothing: snapshots stay on the hosts',
  ],
  ['names that only start alike', [{ etcd_data_dir: '/opt/etcd/ssl-data' }]],
  ...['/', '/etc', '/var/lib/', '/usr/local/bin'].map(
    (path): Case => [
      `data in ${path}`,
      [
        {
          etcd_data_dir: path,
          ...(path === '/' && { etcd_bin_dir: '/a', etcd_config_dir: '/b', etcd_cert_dir: '/c' }),
        },
      ],
      `h1 etcd_data_dir: etcd_data_dir of h1 is ${path === '/' ? '/' : path.replace(/\/$/, '')}, a directory of the system`,
      ...(path === '/'
        ? ['bin_dir is /a', 'config_dir is /b', 'cert_dir is /c', 'backup_dir is /var/backups/etcd'].map(
            (other) => `h1 etcd_data_dir: etcd_data_dir of h1 is /, and etcd_${other}: one lies in the other`,
          )
        : []),
    ],
  ),
  ...['/etc/ssl', '/etc/ssl/private', '/var/spool', '/var/opt', '/usr/share'].map(
    (path): Case => [
      `keys in ${path}, which others have, too`,
      [{ etcd_cert_dir: path }],
      `h1 etcd_cert_dir: etcd_cert_dir of h1 is ${path}, a directory of the system`,
    ],
  ),
  [
    'a log that the unit does not see',
    [{ ...LATEST, etcd_settings: { 'log-outputs': '/home/etcd/etcd.log' } }],
    "h1 etcd_settings: etcd_settings of h1: log-outputs has /home/etcd/etcd.log: its directory becomes the member's, and the unit of a member sees nothing of the host below /home (ProtectHome, PrivateTmp)",
  ],
  ['binaries in /usr/local/bin', [{ etcd_bin_dir: '/usr/local/bin' }]],
  [
    'an address with a port',
    [{ etcd_address: '10.0.0.1:2379' }],
    'h1 etcd_address: etcd_address of h1 must be an IP address or a name, found "10.0.0.1:2379"',
  ],
  [
    'an address with a slip',
    [{ etcd_address: '10.0.0.256' }],
    'h1 etcd_address: etcd_address of h1 must be an IP address or a name, found "10.0.0.256"',
  ],
  ...[
    ['0.0.0.0'],
    ['::'],
    ['0::0', '::'],
    ['0:0:0:0:0:0:0:0', '::'],
    ['::0.0.0.0', '::'],
    ['::ffff:0.0.0.0', '::ffff:0:0'],
  ].flatMap(([written = '', shown = written]): readonly Case[] => [
    [
      `every address as ${written}`,
      [{ etcd_address: written }],
      `h1 etcd_address: etcd_address of h1 is ${shown}, which nobody can connect to`,
    ],
    [
      `every address to listen on as ${written}`,
      [{ etcd_listen_address: written }],
      `h1 etcd_listen_address: etcd_listen_address of h1 is ${shown}, which is not an address of the host but all of them`,
    ],
  ]),
  [
    'every address as a name',
    [{ etcd_address: '0x0' }],
    'h1 etcd_address: etcd_address of h1 is 0x0, which nobody can connect to',
  ],
  ['an address of IPv6', [{ etcd_address: 'fd00::1' }]],
  [
    'a link-local address',
    [{ ansible_host: 'fe80::1%eth0' }],
    'h1 etcd_address: etcd_address of h1 is fe80::1%eth0, a link-local address: each host would have to name a link of its own for it',
  ],
  [
    'a link-local address for members',
    [{ etcd_peer_address: 'fe80::1' }],
    'h1 etcd_peer_address: etcd_peer_address of h1 is fe80::1, a link-local address: each host would have to name a link of its own for it',
  ],
  ['a link-local way to a host', [{ ansible_host: 'fe80::1%eth0', etcd_address: 'fd00::1' }]],
  ['a name with a dot at its end', [{ ansible_host: 'node1.example.com.' }]],
  [
    'a name to listen on',
    [{ etcd_listen_address: 'node1.example.com' }],
    'h1 etcd_listen_address: etcd_listen_address of h1 must be an IP address, found "node1.example.com"',
  ],
  ['loopback to listen on', [{ etcd_listen_address: '127.0.0.1' }]],
  [
    'networks that are none',
    [{ etcd_client_cidrs: ['10.0.0.0/33', '....', 'fd00::/64', '10.0.0.1'] }],
    'h1 etcd_client_cidrs: etcd_client_cidrs of h1 has "10.0.0.0/33", which is not a network',
    'h1 etcd_client_cidrs: etcd_client_cidrs of h1 has "....", which is not a network',
  ],
  [
    'a further name with a port',
    [{ etcd_extra_sans: ['lb.example.com', 'lb:2379'] }],
    'h1 etcd_extra_sans: etcd_extra_sans of h1 has "lb:2379", which is neither an IP address nor a name',
  ],
  [
    'a download by FTP',
    [{ etcd_download_url: 'ftp://x/y' }],
    'h1 etcd_download_url: etcd_download_url of h1 must be https, http, file or a path, found "ftp://x/y"',
  ],
  ['a download from a path', [{ etcd_download_url: '/srv/etcd.tar.gz' }]],
  [
    'a download from a port that cannot be',
    [{ etcd_download_url: 'https://me:secret@mirror:99999/{version}' }],
    'h1 etcd_download_url: etcd_download_url of h1 is not an address that can be asked',
  ],
  [
    'a download from a host by its version',
    [{ etcd_download_url: 'https://me:100%@v{version}.{arch}.mirror/x' }],
  ],
  [
    'renewal at once',
    [{ etcd_cert_expiry: '30d', etcd_cert_renew_before: '720h' }],
    'h1 etcd_cert_renew_before: etcd_cert_renew_before of h1 is no less than etcd_cert_expiry: every run would renew',
  ],
  ['a raft log on a disk of its own', [{ etcd_wal_dir: '/srv/etcd/wal' }]],
  ['a raft log beside the data', [{ etcd_wal_dir: '/var/lib/etcd/wal' }]],
  ...(
    [
      ['/srv/wal', '/srv is a directory of the system'],
      ['/var/lib/etcd-wal/', '/var/lib is a directory of the system'],
      ['/opt/etcd/wal', 'etcd_bin_dir is /opt/etcd/bin'],
    ] as const
  ).map(
    ([path, why]): Case => [
      `a raft log whose parent is not the member's: ${path}`,
      [{ etcd_wal_dir: path }],
      `h1 etcd_wal_dir: etcd_wal_dir of h1 is ${path.replace(/\/$/, '')}: its parent becomes the member's, and ${why}`,
    ],
  ),
  [
    'a raft log in the data directory',
    [{ etcd_wal_dir: '/var/lib/etcd/default.etcd/wal' }],
    'h1 etcd_wal_dir: etcd_wal_dir of h1 is /var/lib/etcd/default.etcd/wal, and etcd_data_dir is /var/lib/etcd/default.etcd: one lies in the other',
  ],
  ['members on a network of their own', [1, 2, 3].map((i) => ({ etcd_peer_address: `192.168.0.${i}` }))],
  [
    'a peer address with a slip, and one that is all of them',
    [{ etcd_peer_address: '10.0.0.256' }, { etcd_peer_listen_address: '0.0.0.0' }, {}],
    'h1 etcd_peer_address: etcd_peer_address of h1 must be an IP address or a name, found "10.0.0.256"',
    'h2 etcd_peer_listen_address: etcd_peer_listen_address of h2 is 0.0.0.0, which is not an address of the host but all of them',
  ],
  [
    'a peer address that only its own host has',
    [{ etcd_peer_address: '127.0.0.1' }, {}, {}],
    'h1 etcd_peer_address: etcd_peer_address of h1 is 127.0.0.1, which other members of cluster prod cannot reach',
  ],
  [
    'metrics on the port for clients',
    [{ etcd_metrics_port: 2379 }],
    'h1 etcd_metrics_port: etcd_metrics_port of h1 is 2379, as is another port',
  ],
  ['a log of its own', [{ ...LATEST, etcd_settings: { 'log-outputs': '/var/log/etcd/etcd.log' } }]],
  [
    'a log in a directory of the system',
    [{ ...LATEST, etcd_settings: { 'log-outputs': '/var/log/etcd.log' } }],
    "h1 etcd_settings: etcd_settings of h1: log-outputs has /var/log/etcd.log: its directory becomes the member's, and /var/log is a directory of the system",
  ],
  [
    'a log among the binaries',
    [{ ...LATEST, etcd_settings: { 'log-outputs': '/opt/etcd/etcd.log' } }],
    "h1 etcd_settings: etcd_settings of h1: log-outputs has /opt/etcd/etcd.log: its directory becomes the member's, and etcd_bin_dir is /opt/etcd/bin",
  ],
  [
    'metrics on the client port, by a setting',
    [{ ...LATEST, etcd_settings: { 'listen-metrics-urls': 'https://10.0.0.1:2379' } }],
    'h1 etcd_settings: etcd_settings of h1: listen-metrics-urls has https://10.0.0.1:2379, a port that is taken',
  ],
  [
    'metrics by a variable and a setting',
    [
      {
        ...LATEST,
        etcd_metrics_port: 2381,
        etcd_settings: { 'listen-metrics-urls': 'http://127.0.0.1:2391' },
      },
    ],
    'h1 etcd_settings: etcd_settings of h1: listen-metrics-urls is set by etcd_metrics_port',
  ],
  [
    'a name that no certificate of a member has',
    [{ ...LATEST, etcd_settings: { 'client-cert-allowed-hostname': 'app.example' } }],
    'h1 etcd_settings: etcd_settings of h1: client-cert-allowed-hostname is app.example, which the certificates of members do not have: it would shut them out',
  ],
  [
    'a name that they have',
    [
      {
        ...LATEST,
        etcd_extra_sans: ['app.example'],
        etcd_settings: { 'client-cert-allowed-hostname': 'app.example' },
      },
    ],
  ],
  [
    'no safety for the data: a warning',
    [{ ...LATEST, etcd_settings: { 'unsafe-no-fsync': true } }],
    'warning h1 etcd_settings: etcd_settings of h1: unsafe-no-fsync is on: a host that loses its power loses what the cluster has acknowledged',
  ],
  [
    'one group in two files, and nothing that joins them',
    [{}, { inventory_file: 'more.yaml' }, {}],
    'h2 etcd_cluster_name: the hosts of group etcd stand in ./prod.yaml and ./more.yaml, and no etcd_cluster_name joins them',
    'warning h1 etcd_cluster_name: cluster prod has 2 members: one fewer would stand as many failures',
  ],
  [
    'files of one name in two folders',
    [{ inventory_dir: '/a' }, { inventory_dir: '/b' }, { inventory_dir: '/a' }],
    'h2 etcd_cluster_name: the hosts of group etcd stand in /a/prod.yaml and /b/prod.yaml, and no etcd_cluster_name joins them',
  ],
  [
    'one cluster in two files, by its name',
    [{}, { inventory_file: 'more.yaml' }, {}].map((vars) => ({ ...vars, etcd_cluster_name: 'x' })),
  ],
  ...['...yaml', 'a b.yaml', 'prod\n[Service].yaml', `${'x'.repeat(65)}.yaml`].map(
    (inventory_file): Case => [
      `an inventory file called ${JSON.stringify(inventory_file)}`,
      [{ inventory_file }],
      `h1 etcd_cluster_name: the inventory file gives the cluster no usable name: ${JSON.stringify(inventory_file.replace(/\.yaml$/, ''))}`,
    ],
  ),
  [
    'an inventory that is a pipe',
    [{ inventory_file: '-' }],
    'h1 etcd_cluster_name: the inventory file gives the cluster no usable name: "-"',
  ],
  ['renewal in time', [{ etcd_cert_expiry: '31d', etcd_cert_renew_before: '720h' }]],
];

describe('the name of a member that has none of its own', () => {
  const found = (name: string, vars: Vars = {}) =>
    modelProblems([
      {
        name,
        vars: { ...DEFAULTS, inventory_file: 'prod.yaml', ansible_host: '10.0.0.1', ...vars },
        hostvars: {},
      },
    ]);

  it.each(['etcd-1', '10.0.0.1', 'fd00::1', 'etcd@fsn', 'größe-1', 'ETCD_01', 'a+b'])('may be %j', (name) => {
    expect(found(name)).toEqual([]);
  });

  it.each([
    'a b',
    'a\r\nb',
    'a\0b',
    'a,b',
    'a=b',
    '50%n',
    '$HOME',
    'a\\',
    "it's",
    'a?',
    'a*',
    'a[1]',
    '../a',
  ])('is not taken from the host %j', (name) => {
    expect(found(name)).toMatchObject([
      { host: name, variable: 'etcd_member_name', message: expect.stringContaining('no usable name') },
    ]);
    expect(found(name, { etcd_member_name: 'etcd-1' })).toEqual([]);
  });
});

describe('what is wrong with a model', () => {
  it.each(CASES.map(([what, hosts, ...problems]) => ({ what, hosts, problems })))(
    '$what',
    ({ hosts, problems }) => {
      const list = hosts.map((vars, i) => ({
        name: `h${i + 1}`,
        vars: { ...DEFAULTS, inventory_file: 'prod.yaml', ansible_host: `10.0.0.${i + 1}`, ...vars },
        hostvars: {},
      }));
      const found = modelProblems(list);
      expect(
        found.map(
          ({ host, variable, message, level }) =>
            `${level ? `${level} ` : ''}${host} ${variable}: ${message}`,
        ),
      ).toEqual(problems);
      expect(found.filter(({ hint }) => hint === '')).toEqual([]);
    },
  );
});

function apart(name: string): Vars {
  const dirs = ['bin', 'config', 'cert', 'data'].map((dir) => [`etcd_${dir}_dir`, `/${name}/${dir}`]);
  return { ...Object.fromEntries(dirs), etcd_service_name: `etcd-${name}` };
}

function ports(client: number): Vars {
  return { etcd_client_port: client, etcd_peer_port: client + 1 };
}

import { describe, expect, it } from 'vitest';
import { etcdUnit } from '../../../../lib/etcd/files/unit.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { DEFAULTS } from '../../support/defaults.ts';

const CONF = 'ETCD_NAME="a"\nETCD_HEARTBEAT_INTERVAL="200"\n';
const DATA = '/var/lib/etcd/default.etcd';

/** The values of a directive, in the unit for a systemd of this version. */
function values(directive: string, systemd: number, vars: object = {}): readonly string[] {
  const all = { ...DEFAULTS, etcd_address: '10.0.0.1', ...vars };
  const unit = etcdUnit(memberOf({ name: 'a', vars: all, hostvars: { a: all } }), systemd, CONF);
  return unit
    .split('\n')
    .filter((line) => line.startsWith(`${directive}=`))
    .map((line) => line.slice(directive.length + 1));
}

const LOG = { etcd_settings: { 'log-outputs': 'stderr,/var/log/etcd/etcd.log' } };
const BIND = 'CAP_NET_BIND_SERVICE';

describe('the unit of a member', () => {
  it.each<[string, number, object, readonly string[]]>([
    ['ReadWritePaths', 252, {}, [DATA]],
    ['ReadWritePaths', 252, { etcd_wal_dir: '/srv/etcd/wal' }, [`${DATA} /srv/etcd`]],
    ['ReadWritePaths', 252, LOG, [`${DATA} /var/log/etcd`]],
    ['ReadWriteDirectories', 219, LOG, [`${DATA} /var/log/etcd`]],
    ['NoExecPaths', 247, {}, []],
    ['NoExecPaths', 248, {}, [`${DATA} /run/etcd /tmp /var/tmp -/dev/shm`]],
    [
      'NoExecPaths',
      252,
      { etcd_service_name: 'db', etcd_wal_dir: '/w/etcd/wal' },
      [`${DATA} /w/etcd /run/db /tmp /var/tmp -/dev/shm`],
    ],
    ['UnsetEnvironment', 234, {}, []],
    ['TimeoutStartSec', 219, {}, ['300']],
    ['CapabilityBoundingSet', 252, {}, ['']],
    ['AmbientCapabilities', 252, {}, ['']],
    ['PrivateUsers', 252, {}, ['yes']],
    ['CapabilityBoundingSet', 252, { etcd_client_port: 443 }, [BIND]],
    ['AmbientCapabilities', 252, { etcd_client_port: 443 }, [BIND]],
    ['AmbientCapabilities', 219, { etcd_client_port: 443 }, []],
    ['PrivateUsers', 252, { etcd_client_port: 443 }, []],
  ])('has %s on systemd %i with %j', (directive, systemd, vars, expected) => {
    expect(values(directive, systemd, vars)).toEqual(expected);
  });
});

it('a member has nothing dangerous from its host, be it systemd’s defaults: but what etcd.conf or a bootstrap sets stays', () => {
  const lines = values('UnsetEnvironment', 235);
  for (const line of lines) expect(line.length).toBeLessThan(1900);
  const unset = lines.join(' ').split(' ');
  for (const name of [
    'HTTPS_PROXY',
    'https_proxy',
    'ETCDCTL_ENDPOINTS',
    'ETCD_UNSAFE_NO_FSYNC',
    'ETCD_CONFIG_FILE',
  ])
    expect(unset).toContain(name);
  for (const name of ['ETCD_FORCE_NEW_CLUSTER', 'ETCD_LISTEN_METRICS_URLS', 'ETCD_DISCOVERY_TOKEN'])
    expect(unset).toContain(name);
  for (const name of [
    'ETCD_NAME',
    'ETCD_HEARTBEAT_INTERVAL',
    'ETCD_INITIAL_CLUSTER_STATE',
    'ETCD_INITIAL_CLUSTER_TOKEN',
  ])
    expect(unset).not.toContain(name);
});

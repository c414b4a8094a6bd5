import { describe, expect, it } from 'vitest';
import type { DropIn } from '../../../../lib/etcd/facts/unit-facts.ts';
import { etcdUnit } from '../../../../lib/etcd/files/unit.ts';
import { memberOf } from '../../../../lib/etcd/model/cluster.ts';
import { ALL_FLAGS } from '../../../../lib/etcd/model/flag-catalogue.ts';
import { variableOf } from '../../../../lib/etcd/model/flags.ts';
import { DEFAULTS } from '../../support/defaults.ts';

const CONF = 'ETCD_NAME="a"\nETCD_HEARTBEAT_INTERVAL="200"\n';
const DATA = '/var/lib/etcd/default.etcd';

/** The values of a directive, in the unit for a systemd of this version. */
function values(
  directive: string,
  systemd: number,
  vars: object = {},
  dropIns: readonly DropIn[] = [],
): readonly string[] {
  const all = { ...DEFAULTS, etcd_address: '10.0.0.1', ...vars };
  const unit = etcdUnit(memberOf({ name: 'a', vars: all, hostvars: { a: all } }), systemd, CONF, dropIns);
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

/** What the unit unsets of the environment. */
function unset(...lines: readonly string[]): readonly string[] {
  const dropIns = [{ path: '/etc/systemd/system/etcd.service.d/a.conf', lines }];
  return values('UnsetEnvironment', 235, {}, lines.length > 0 ? dropIns : []).flatMap((one) =>
    one.split(' '),
  );
}

describe('a member has nothing of etcd’s from its host, be it systemd’s defaults', () => {
  it('no line is too long for an old systemd', () => {
    for (const line of values('UnsetEnvironment', 235)) expect(line.length).toBeLessThan(1900);
  });

  it.each([
    'HTTPS_PROXY',
    'https_proxy',
    'ETCDCTL_ENDPOINTS',
    'ETCD_CONFIG_FILE',
    'ETCD_UNSAFE_NO_FSYNC',
    'ETCD_FORCE_NEW_CLUSTER',
    'ETCD_LISTEN_METRICS_URLS',
    'ETCD_DISCOVERY_TOKEN',
    'ETCD_EXPERIMENTAL_PEER_SKIP_CLIENT_SAN_VERIFICATION',
    'ETCD_ELECTION_TIMEOUT',
    'ETCD_QUOTA_BACKEND_BYTES',
    'ETCD_EXPERIMENTAL_COMPACT_HASH_CHECK_TIME',
    'ETCD_FEATURE_GATES',
    'ETCD_INITIAL_ELECTION_TICK_ADVANCE',
  ])('%s', (name) => {
    expect(unset()).toContain(name);
  });

  it.each(ALL_FLAGS.filter((flag) => !/^(?:name|heartbeat-interval|initial-cluster.*)$/.test(flag)))(
    'the variable of --%s, which some etcd has',
    (flag) => {
      expect(unset()).toContain(variableOf(flag));
    },
  );

  it.each([
    'ETCD_NAME',
    'ETCD_HEARTBEAT_INTERVAL',
    'ETCD_INITIAL_CLUSTER',
    'ETCD_INITIAL_CLUSTER_STATE',
    'ETCD_INITIAL_CLUSTER_TOKEN',
  ])('but what etcd.conf or a bootstrap sets stays: %s', (name) => {
    expect(unset()).not.toContain(name);
  });

  it.each([
    ['Environment=ETCD_ELECTION_TIMEOUT=5000'],
    ['Environment="ETCD_ELECTION_TIMEOUT=5000" "ETCD_LOG_LEVEL=debug"'],
    ['PassEnvironment=ETCD_ELECTION_TIMEOUT'],
    ['EnvironmentFile=-/etc/default/etcd'],
  ])('but what a drop-in says of this service stays, where it is harmless: %s', (line) => {
    expect(unset(line)).not.toContain('ETCD_ELECTION_TIMEOUT');
    expect(unset(line)).toContain('ETCD_UNSAFE_NO_FSYNC');
    expect(unset('LimitNOFILE=9', 'Environment=ETCD_UNSAFE_NO_FSYNC=1')).toEqual(unset());
  });
});

import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../../lib/dsl/play.ts';
import { ORDINARY } from '../../../lib/etcd/facts/index.ts';
import type { DestroyFacts } from '../../../lib/etcd/operations/destroy/facts.ts';
import { goingPaths } from '../../../lib/etcd/operations/destroy/strategy.ts';
import { destroy } from '../../../roles/destroy.ts';
import { DEFAULTS } from '../support/defaults.ts';
import { planned } from '../support/fake-cluster.ts';

const DATA = '/var/lib/etcd/default.etcd';
const WAL = '/srv/wal';
const UNIT = '/etc/systemd/system/etcd.service';
const CONF = '/opt/etcd/cfg/etcd.conf';
const LOCAL = {
  etcd_service_manager: 'process',
  ansible_connection: 'local',
  etcd_config_dir: '/home/me/cfg',
};

function target(facts: Partial<DestroyFacts>, vars: object = {}) {
  const all = { ...DEFAULTS, etcd_address: '10.0.0.1', ...vars };
  return {
    name: 'etcd01',
    vars: all,
    hostvars: { etcd01: all },
    facts: {
      ...ORDINARY,
      manifest: [DATA, CONF, UNIT, 'user:etcd'],
      dataIn: [],
      logsIn: [],
      needed: new Map(),
      ...facts,
    },
  };
}

const FILES = 'the files of the manifest are gone';
const RULES = 'firewall:etcd';

describe('what is planned to empty a host', () => {
  it.each<[string, Parameters<typeof target>, readonly string[]]>([
    ['one without records', [{ manifest: undefined }], []],
    [
      'a member under systemd',
      [{}],
      [
        'command:etcd.service is stopped and disabled',
        RULES,
        `set-aside:${DATA}`,
        `command:${FILES}`,
        'command:user etcd is gone',
        'command:/var/lib/quorate/etcd is gone',
      ],
    ],
    [
      'one whose run was cut off before the unit and the data',
      [{ manifest: [CONF] }],
      [RULES, `command:${FILES}`, 'command:/var/lib/quorate/etcd is gone'],
    ],
    [
      'one with a raft log elsewhere, and a user that others need',
      [
        {
          manifest: [DATA, WAL, UNIT, 'user:etcd'],
          needed: new Map([['etcd', 'backup.service runs as it']]),
        },
        { etcd_wal_dir: WAL },
      ],
      [
        'command:etcd.service is stopped and disabled',
        RULES,
        `set-aside:${DATA}`,
        `set-aside:${WAL}`,
        `command:${FILES}`,
        'command:/var/lib/quorate/etcd is gone',
      ],
    ],
    [
      'one whose firewall is left alone',
      [{ manifest: [CONF] }, { etcd_firewall: 'none' }],
      [`command:${FILES}`, 'command:/var/lib/quorate/etcd is gone'],
    ],
    [
      'a plain process of this machine',
      [{ manifest: ['/home/me/cfg/etcd.conf'] }, LOCAL],
      ['command:etcd01 is stopped', `command:${FILES}`, 'command:/home/me/state is gone'],
    ],
  ])('%s', (_what, args, expected) => {
    expect(destroy.tasks(target(...args)).map(({ resource }) => resource)).toEqual(expected);
  });

  it.each<[string, object, string]>([
    ['set aside, as root’s', {}, 'q_rename '],
    ['deleted only where that was said', { purge: true }, 'rm -rf -- '],
  ])('data is %s', (_how, vars, expected) => {
    const task = destroy.tasks(target({}, vars)).find(({ resource }) => resource === `set-aside:${DATA}`);
    const { text } = task!.apply([], {});
    expect(text).toContain(`${expected}${DATA}`);
    expect(text.includes('rm -rf')).toBe('purge' in vars);
  });

  it('nothing is taken from under a running member', () => {
    const taking = destroy
      .tasks(target({}))
      .filter(({ resource }) => /^set-aside|manifest|quorate/.test(resource));
    expect(taking).toHaveLength(3);
    for (const task of taking) expect(task.apply([], {}).text).toContain('etcd is not stopped');
  });
});

describe('the paths that go', () => {
  const host = (
    name: string,
    plan: readonly PlannedTask[],
    manifest: DestroyFacts['manifest'],
    selected = true,
  ) => ({ target: { ...target({ manifest }), name }, selected, plan });
  const due = [planned(`command:${FILES}`, 'run')];

  it('are said once for hosts that have the same, and for none that is not emptied', () => {
    expect(
      goingPaths([
        host('etcd01', due, [UNIT, CONF, 'user:etcd']),
        host('etcd02', due, [CONF, UNIT]),
        host('etcd03', due, [CONF]),
        host('etcd04', [planned(`command:${FILES}`)], [CONF]),
        host('etcd05', due, [CONF], false),
        host('etcd06', due, ['user:etcd']),
      ]),
    ).toEqual([
      `etcd01, etcd02: what runs have put there goes: ${UNIT}, ${CONF}`,
      `etcd03: what runs have put there goes: ${CONF}`,
    ]);
  });

  it('are listed by folder, without our own records and what lay ready for a moment', () => {
    const manifest = [
      '/opt/etcd/bin',
      '/opt/etcd/bin/etcdctl',
      '/opt/etcd/bin/etcd',
      '/opt/etcd/ssl',
      '/opt/etcd/ssl/peer.pem',
      '/opt/etcd/ssl/peer.pem.next',
      '/var/lib/quorate/etcd/release',
      DATA,
    ];
    expect(goingPaths([host('etcd01', due, manifest)])).toEqual([
      `etcd01: what runs have put there goes: /opt/etcd/bin (etcd, etcdctl), /opt/etcd/ssl (peer.pem), ${DATA}`,
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import { type EtcdFacts, ORDINARY } from '../../../lib/etcd/facts/index.ts';
import type { MemberReading } from '../../../lib/etcd/facts/read-member.ts';
import { memberService } from '../../../lib/etcd/files/member-service.ts';
import { systemd } from '../../../roles/systemd.ts';
import { DEFAULTS } from '../support/defaults.ts';
import { clusterFacts } from '../support/fake-cluster.ts';

const SYSTEMD = { ...DEFAULTS, etcd_address: '10.0.0.1' };
const PROCESS = { ...SYSTEMD, etcd_service_manager: 'process', etcd_config_dir: '/srv/a/cfg' };
const RECORD = 'file:/var/lib/quorate/etcd/formed';
const OWN_RECORD = 'file:/srv/a/state/formed';
const QUORUM = 'wait-for:etcd01 has a quorum';

function tasks(vars: object, facts: Partial<EtcdFacts>) {
  const all = { ...DEFAULTS, ...vars };
  const target = { name: 'etcd01', vars: all, hostvars: { etcd01: all }, facts: { ...ORDINARY, ...facts } };
  return systemd.tasks(target);
}

const answers = { healthy: true } as MemberReading;
const silent = { healthy: false } as MemberReading;

it.each([
  ['that starts', {}, 60, false],
  ['that joins', { joins: ['etcd01=https://10.0.0.1:2380'] }, 300, true],
  ['that joins large data', { joins: ['etcd01=https://10.0.0.1:2380'], incoming: 2 ** 32 }, 300 + 4096, true],
])('a member %s is given its time, by systemd as well', (_what, change, seconds, isExtended) => {
  const all = tasks(SYSTEMD, { cluster: clusterFacts(change) });
  const ready = all.flatMap((task) => memberService.wishOf(task)?.service.ready ?? [])[0];
  expect(ready?.timeout).toBe(seconds);
  expect(ready?.until.text.includes('EXTEND_TIMEOUT_USEC=')).toBe(isExtended);
});

describe('that a member was part of a quorum', () => {
  it.each<[string, object, Partial<EtcdFacts>, string[]]>([
    ['a start under systemd, which waits for one', SYSTEMD, {}, ['service:etcd', RECORD]],
    ['a start as a process, which does, too', PROCESS, {}, ['service:etcd', OWN_RECORD]],
    [
      'a process that was found running and does not answer',
      PROCESS,
      { service: 'active', reading: silent },
      ['service:etcd', QUORUM, OWN_RECORD],
    ],
    ['one that does', PROCESS, { service: 'active', reading: answers }, ['service:etcd', OWN_RECORD]],
    [
      'one whose record is there',
      PROCESS,
      { service: 'active', reading: silent, formed: [] },
      ['service:etcd', OWN_RECORD],
    ],
  ])('is recorded after %s', (_name, vars, facts, last) => {
    const resources = tasks(vars, facts).map(({ resource }) => resource);
    expect(resources.slice(-last.length)).toEqual(last);
  });

  it('waits for the turn of a member that does not answer yet', () => {
    const inTurn = (facts: Partial<EtcdFacts>) => tasks(SYSTEMD, facts).at(-1)?.inTurn([]);
    expect(inTurn({ service: 'active', reading: answers })).toBe(false);
    expect(inTurn({ service: 'active', reading: silent })).toBe(true);
    expect(inTurn({ service: 'inactive' })).toBe(true);
  });
});

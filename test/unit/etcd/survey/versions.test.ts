import { describe, expect, it } from 'vitest';
import { QuorateError } from '../../../../lib/errors.ts';
import { NOTHING_KEPT } from '../../../../lib/etcd/facts/kept.ts';
import type { MemberReading } from '../../../../lib/etcd/facts/read-member.ts';
import {
  anyVersion,
  keepOldest,
  keepThatOf,
  keepVersion,
  type Placed,
  type VersionPolicy,
  type VersionsFound,
  versionProblems,
  versionsFound,
} from '../../../../lib/etcd/survey/versions.ts';
import { surveyedOf } from '../../support/fake-cluster.ts';

/** `1:3.5.30 2:3.6.16`: versions by the number of their hosts. */
function placed(text: string): readonly Placed[] {
  return text.split(' ').flatMap((one) => {
    const [number, version] = one.split(':');
    return version === undefined ? [] : [{ host: `etcd0${number}`, version }];
  });
}

function chosen(
  state: VersionsFound['state'],
  wanted: string | undefined,
  [running, installed, data]: readonly [running: string, installed?: string, data?: string],
  policy: VersionPolicy = keepVersion,
) {
  const found = policy({
    cluster: 'prod',
    state,
    wanted,
    running: placed(running),
    installed: placed(installed ?? ''),
    data: placed(data ?? ''),
  });
  return found instanceof QuorateError ? `${found.exitCode} ${found.message}` : found;
}

const ALL = (version: string) => [1, 2, 3].map((i) => `${i}:${version}`).join(' ');
const MIXED = (list: string) => `3 prod: its members are of different versions of etcd: ${list}`;
const UPGRADE = (runs: string, wanted: string) =>
  `3 prod: its members run etcd ${runs}, the inventory says ${wanted}`;

describe('the version of who comes in the middle of an upgrade', () => {
  it.each<[string, Parameters<typeof chosen>[2], string]>([
    ['is what the cluster works as, not the target', ['1:3.6.16 2:3.6.16'], '3.6.16'],
    ['is the older one where they differ', ['1:3.7.3 2:3.6.16'], '3.6.16'],
    ['counts as numbers', ['1:3.6.16 2:3.6.9'], '3.6.9'],
    ['is the target where only that is left', ['1:3.7.3 2:3.7.3'], '3.7.3'],
    [
      'is none over newer data',
      ['1:3.6.16', '2:3.7.3', '2:3.7.0'],
      '3 prod: etcd 3.6.16 cannot read data that etcd 3.7 has written: 3.7.0 on etcd02',
    ],
    [
      'is none by the word of one that no upgrade has left behind',
      ['1:3.7.3 2:3.4.23 3:3.7.3'],
      MIXED('3.7.3 on etcd01, etcd03; 3.4.23 on etcd02'),
    ],
  ])('%s', (_what, found, version) => {
    expect(chosen('live', '3.7.3', found, keepOldest)).toBe(version);
  });

  it('keeps nobody from issuing certificates, which starts no member', () => {
    for (const [found, version] of [
      [['1:3.5.30', '2:3.6.16', '2:3.6.0'], '3.5.30'],
      [['', '1:3.6.16 2:3.5.30'], '3.7.3'],
    ] as const)
      expect(chosen('live', '3.7.3', found, anyVersion)).toBe(version);
  });
});

describe('the version of a cluster that is made of the data of etcd01', () => {
  it.each<[string, string | undefined, Parameters<typeof chosen>[2], string]>([
    ['is its program’s, whatever the others have', undefined, ['', '1:3.7.3 2:3.6.16'], '3.7.3'],
    ['also the older one', undefined, ['', '1:3.6.16 2:3.7.3', '1:3.6.0 2:3.7.0'], '3.6.16'],
    ['and not that of the inventory', '3.7.3', ['', ALL('3.6.16'), ALL('3.6.0')], '3.6.16'],
    ['is what it runs', '3.7.3', ['1:3.6.16', '2:3.7.3'], '3.6.16'],
    ['is the newer one that wrote its data', '3.7.3', ['', '1:3.6.16 2:3.6.16', '1:3.7.0'], '3.7.3'],
    ['is that of all where it has none', undefined, ['', '2:3.6.16 3:3.6.16'], '3.6.16'],
    [
      'is no older one over its data',
      undefined,
      ['', '1:3.6.16', '1:3.7.0'],
      '3 prod: etcd 3.6.16 cannot read data that etcd 3.7 has written: 3.7.0 on etcd01',
    ],
  ])('%s', (_what, wanted, found, version) => {
    expect(chosen('live', wanted, found, keepThatOf('etcd01'))).toBe(version);
  });
});

describe('the version to run', () => {
  it.each<[string, Parameters<typeof chosen>, string | undefined]>([
    ['of a new cluster is the inventory’s', ['new', '3.5.30', ['']], '3.5.30'],
    ['of a new cluster may be open', ['new', undefined, ['']], undefined],
    ['of a new cluster is not what lies about', ['new', '3.5.30', ['', ALL('3.6.16')]], '3.5.30'],
    ['is the running one', ['live', undefined, [ALL('3.5.30')]], '3.5.30'],
    ['is the running one, as the inventory says', ['live', '3.5.30', [ALL('3.5.30')]], '3.5.30'],
    ['is never changed', ['live', '3.6.16', [ALL('3.5.30')]], UPGRADE('3.5.30', '3.6.16')],
    [
      'is not that of the first who answers',
      ['live', undefined, ['1:3.6.16 2:3.5.30 3:3.5.30']],
      MIXED('3.6.16 on etcd01; 3.5.30 on etcd02, etcd03'),
    ],
    [
      'is nobody’s where they differ, whatever the inventory says',
      ['live', '3.5.30', ['1:3.6.16 2:3.5.30 3:3.5.30']],
      MIXED('3.6.16 on etcd01; 3.5.30 on etcd02, etcd03'),
    ],
    [
      'is the program’s own where nobody runs: upgraded by hand, then stopped',
      ['stopped', '3.6.16', ['', ALL('3.6.16'), ALL('3.6.0')]],
      '3.6.16',
    ],
    [
      'does not go back over newer data, though our record says so',
      ['stopped', '3.5.30', ['', ALL('3.6.16'), ALL('3.6.0')]],
      UPGRADE('3.6.16', '3.5.30'),
    ],
    [
      'goes back to the newer program that wrote the data, where an older one took its place',
      ['stopped', '3.6.16', ['', ALL('3.5.30'), ALL('3.6.0')]],
      '3.6.16',
    ],
    [
      'goes back also where some hosts have it already',
      ['stopped', '3.6.16', ['', '1:3.6.16 2:3.5.30 3:3.5.30', ALL('3.6.0')]],
      '3.6.16',
    ],
    [
      'is not an older one over newer data, though it is what is installed',
      ['stopped', '3.5.30', ['', ALL('3.5.30'), ALL('3.6.0')]],
      `3 prod: etcd 3.5.30 cannot read data that etcd 3.6 has written: 3.6.0 on etcd01, etcd02, etcd03`,
    ],
    [
      'is not guessed over newer data',
      ['stopped', undefined, ['', ALL('3.5.30'), ALL('3.6.0')]],
      `3 prod: etcd 3.5.30 cannot read data that etcd 3.6 has written: 3.6.0 on etcd01, etcd02, etcd03`,
    ],
    [
      'is not an upgrade of a cluster that is stopped',
      ['stopped', '3.6.16', ['', ALL('3.5.30'), ALL('3.5.0')]],
      UPGRADE('3.5.30', '3.6.16'),
    ],
    [
      'is not an upgrade by two minors over data of the one between',
      ['stopped', '3.7.3', ['', ALL('3.5.30'), ALL('3.6.0')]],
      UPGRADE('3.5.30', '3.7.3'),
    ],
    [
      'is not that of the first program',
      ['stopped', undefined, ['', '1:3.5.30 2:3.6.16 3:3.5.30']],
      MIXED('3.5.30 on etcd01, etcd03; 3.6.16 on etcd02'),
    ],
    [
      'is not put over newer data of a member that is stopped',
      ['live', undefined, ['1:3.5.30 2:3.5.30', '3:3.5.30', '3:3.6.0']],
      `3 prod: etcd 3.5.30 cannot read data that etcd 3.6 has written: 3.6.0 on etcd03`,
    ],
    [
      'is not put in the place of a newer program whose data does not tell',
      ['live', undefined, ['1:3.5.30 2:3.5.30', '3:3.6.16']],
      MIXED('3.5.30 on etcd01, etcd02; 3.6.16 on etcd03'),
    ],
    [
      'comes back in place of a newer program that has written nothing',
      ['live', undefined, ['1:3.5.30 2:3.5.30', '3:3.6.16', '3:3.5.0']],
      '3.5.30',
    ],
    ['compares numbers, not texts', ['live', undefined, ['1:3.10.1', '2:3.10.1', '2:3.9.0']], '3.10.1'],
  ])('%s', (_name, args, expected) => {
    expect(chosen(...args)).toBe(expected);
  });

  it('is read from members that run, else from the program, else from our record', () => {
    const runs = { reading: { status: { version: '3.5.30' } } as MemberReading, installed: '3.5.16' };
    const asked = { installed: '3.5.30', data: 'present' } as const;
    const kept = { ...NOTHING_KEPT, program: '3.6.16', dataVersion: '3.6.0' };
    const found = versionsFound(surveyedOf([runs, asked, { ...asked, kept }, { kept }]), 'live');
    expect(found.running).toEqual(placed('1:3.5.30'));
    expect(found.installed).toEqual(placed('2:3.5.30 3:3.6.16 4:3.6.16'));
    expect(found.data).toEqual(placed('3:3.6.0'));
  });

  it.each([
    ['ssh', 'process', 'auto', 1],
    ['local', 'process', 'auto', undefined],
    ['local', 'systemd', 'auto', undefined],
    ['local', 'process', 'release', 1],
  ])('may be open on this machine only (%s, %s, %s)', (connection, manager, source, exitCode) => {
    const surveyed = surveyedOf([{}], {
      ansible_connection: connection,
      etcd_service_manager: manager,
      etcd_source: source,
      etcd_config_dir: '/srv/a/cfg',
    });
    const { problems } = versionProblems(surveyed, undefined, versionsFound(surveyed, 'new'));
    expect(problems[0]?.exitCode).toBe(exitCode);
  });
});

import { describe, expect, it } from 'vitest';
import { commandLine } from '../../../../../lib/command-line.ts';
import type { ListedMember } from '../../../../../lib/etcd/facts/etcdctl/answers.ts';
import type { EtcdFacts } from '../../../../../lib/etcd/facts/index.ts';
import type { MemberReading } from '../../../../../lib/etcd/facts/read-member.ts';
import { diagnose } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import {
  type Change,
  cluster,
  DATA,
  DOCTOR,
  DOWN,
  EMPTY,
  FORMED,
  LIST,
  listing,
  MEMBERS,
  RECOVER,
  SICK,
  SITE,
  STATUS,
  WELL,
} from './scenes.ts';

const LOST: Change = { ...DOWN, reading: SICK, facts: { formed: FORMED }, evidence: EMPTY };
const BROKEN: Change = {
  ...DOWN,
  reading: SICK,
  evidence: { logs: [{ path: `${DATA}/member/wal/0.wal`, size: 0, changed: 1 }] },
};
const RESTS: Change = { ...DOWN, reading: SICK };
const WORKS: Change = { reading: WELL };
const newer = (changed: number): Change => ({
  ...RESTS,
  evidence: { logs: [{ path: `${DATA}/member/wal/0.wal`, size: 64, changed }] },
});
const lists = (members: readonly ListedMember[]): Change => ({ reading: listing(members) });
const withThird = (change: Partial<ListedMember>) =>
  LIST.map((one) => (one.id === 'b3' ? { ...one, ...change } : one));
const stranger = (change: Partial<ListedMember> = {}): readonly ListedMember[] => [
  ...LIST,
  {
    id: 'f9',
    name: 'etcd09',
    peerUrls: ['https://10.0.0.9:2380'],
    clientUrls: ['x'],
    learner: false,
    ...change,
  },
];
const foreign: MemberReading = {
  ...WELL,
  status: { ...STATUS, clusterId: 'two', memberId: 'c1', leaderId: 'c1' },
  members: [],
};
const hashes = (hash: number): Change => ({
  reading: { ...WELL, hash: { hash, revision: 7, compacted: 1 } },
});
const old = (members: readonly ListedMember[]): Change => ({
  reading: { ...listing(members), status: { ...STATUS, version: '3.3.25' } },
});

/** Cause, hosts, and the steps of the first diagnosis. */
function first(changes: readonly Change[], absent: readonly string[] = [], hasSiblings = false) {
  const [found] = diagnose({ ...cluster({ ...changes }, absent), hasSiblings });
  return found && [[found.cause, ...found.hosts].join(' '), ...found.remedy];
}

describe('what the doctor sends to a verb', () => {
  it.each<[string, readonly Change[], readonly string[], (readonly string[])?]>([
    ['lost its data', [WORKS, WORKS, LOST], ['lost-data etcd03', `${MEMBERS} --replace etcd03`]],
    ['has a damaged log', [WORKS, WORKS, BROKEN], ['corrupt-wal etcd03', `${MEMBERS} --replace etcd03`]],
    [
      'differs from its peers',
      [hashes(1), hashes(1), hashes(2)],
      ['corrupt etcd03', `${MEMBERS} --replace etcd03`],
    ],
    [
      'has the data of another cluster',
      [WORKS, WORKS, { reading: foreign }],
      ['cluster-id etcd03', `${MEMBERS} --replace etcd03`],
    ],
    [
      'has the data of another cluster, and is not listed',
      [lists(LIST.slice(0, 2)), lists(LIST.slice(0, 2)), { reading: foreign }],
      ['cluster-id etcd03', `${MEMBERS} --replace etcd03`],
    ],
    [
      'has the data of another cluster, and was never started in this one',
      [lists(withThird({ clientUrls: [] })), lists(withThird({ clientUrls: [] })), { reading: foreign }],
      ['cluster-id etcd03', `${SITE} --set-aside-data etcd03`, MEMBERS],
    ],
    [
      'was removed',
      [lists(LIST.slice(0, 2)), lists(LIST.slice(0, 2)), { ...RESTS, facts: { formed: FORMED } }],
      ['removed etcd03', `${MEMBERS} --replace etcd03`],
    ],
    [
      'is bare, and not listed',
      [lists(LIST.slice(0, 2)), lists(LIST.slice(0, 2)), { ...DOWN, reading: SICK, evidence: EMPTY }],
      ['not-a-member etcd03', MEMBERS],
    ],
    [
      'has data that nobody has a record of, and is not listed',
      [lists(LIST.slice(0, 2)), lists(LIST.slice(0, 2)), RESTS],
      ['not-a-member etcd03', `${MEMBERS} --replace etcd03`],
    ],
    [
      'is known at another address',
      [
        lists(withThird({ peerUrls: ['https://10.0.0.7:2380'] })),
        lists(withThird({ peerUrls: ['https://10.0.0.7:2380'] })),
        { ...RESTS, facts: { formed: FORMED } },
      ],
      ['peer-url etcd03', `where the inventory is right: ${MEMBERS}`],
    ],
    [
      'is known at another address, and has lost its data',
      [
        lists(withThird({ peerUrls: ['https://10.0.0.7:2380'] })),
        lists(withThird({ peerUrls: ['https://10.0.0.7:2380'] })),
        LOST,
      ],
      ['peer-url etcd03', `${MEMBERS} --replace etcd03`],
    ],
    [
      'was added and never started',
      [lists(withThird({ name: '', clientUrls: [] })), lists(withThird({ clientUrls: [] })), LOST],
      ['unstarted etcd03', MEMBERS],
    ],
    [
      'is a learner still',
      [lists(withThird({ learner: true })), lists(withThird({ learner: true })), WORKS],
      ['learner etcd03', MEMBERS],
    ],
    [
      'is on a host that does not answer',
      [WORKS, WORKS, WORKS],
      [
        'host-down etcd03',
        'ping -c 3 10.0.0.3; switch etcd03 on, or mend its network',
        DOCTOR,
        `with a new machine in its place: ${MEMBERS} --replace etcd03`,
      ],
      ['etcd03'],
    ],
  ])('a member that %s', (_what, changes, wanted, absent) => {
    expect(first(changes, absent)).toEqual(wanted);
  });

  it.each<[string, readonly ListedMember[], string, string]>([
    ['by its name', stranger(), 'not-in-inventory', 'etcd09'],
    ['by its ID where it has none', stranger({ name: '', learner: true }), 'learner', 'f9'],
    ['by its ID where others have its name', stranger({ name: 'etcd02' }), 'not-in-inventory', 'f9'],
    ['by its ID where that is not a word', stranger({ name: 'a,etcd01' }), 'not-in-inventory', 'f9'],
  ])('one that the inventory does not have, %s', (_how, list, cause, word) => {
    const found = first([lists(list), lists(list), lists(list)]);
    expect([found?.[0], found?.at(-1)?.split(': ').at(-1)]).toEqual([cause, `${MEMBERS} --remove ${word}`]);
  });

  it('all that are beyond repair, in one line: what waits for one of them is refused', () => {
    const found = diagnose(cluster({ 0: WORKS, 1: BROKEN, 2: LOST }));
    expect(found.map(({ cause, remedy }) => [cause, ...remedy])).toEqual([
      ['lost-data', `${MEMBERS} --replace etcd02,etcd03`],
      ['corrupt-wal', `${MEMBERS} --replace etcd02,etcd03`],
    ]);
  });

  it('one that rests comes up first, alone: the other must not be started as it is', () => {
    const found = diagnose(cluster({ 0: WORKS, 1: RESTS, 2: LOST }));
    expect(found.map(({ cause, remedy }) => [cause, remedy[0]])).toEqual([
      ['lost-data', `${SITE} -l etcd02`],
      ['stopped', `${SITE} -l etcd02 starts it`],
    ]);
    expect(found[0]?.remedy[1]).toBe(`${MEMBERS} --replace etcd03`);
  });

  it('all that rest come up together: each alone is not a quorum', () => {
    const found = diagnose(cluster({ 0: RESTS, 1: RESTS, 2: LOST }));
    const stopped = found.find(({ cause }) => cause === 'stopped');
    expect(stopped?.remedy[0]).toBe(`${SITE} -l etcd01,etcd02 starts it`);
  });

  it('of one, on 3.3: the second one pauses the cluster', () => {
    const alone = LIST.slice(0, 1);
    const bare = { ...DOWN, reading: SICK, evidence: EMPTY };
    const found = diagnose(cluster({ 0: old(alone), 1: bare, 2: bare }));
    expect(found[0]?.remedy).toEqual([`${MEMBERS} --accept-downtime`]);
  });

  it('an alarm of one that is not a member any more is taken back', () => {
    const alarms = [{ memberId: 'f9', alarm: 'CORRUPT' }];
    const found = first([{ reading: { ...WELL, alarms } }, WORKS, WORKS]);
    expect(found).toEqual(['corrupt', expect.stringMatching(/^on etcd02: \S*etcdctl .* alarm disarm$/)]);
  });

  it('alarms of a cluster that is closed to clients are taken back where each member listens', () => {
    const askedAt = 'https://127.0.0.1:2379';
    const closed = (memberId: string) => ({
      reading: { ...WELL, askedAt, alarms: [{ memberId, alarm: 'NOSPACE' }] },
    });
    const url = `--endpoints=${askedAt}`;
    const stray = first([closed('f9'), closed('f9'), closed('f9')]);
    expect(stray).toEqual(['quota', expect.stringMatching(`^on etcd02: .* ${url} alarm disarm$`)]);
    const full = first([closed('b2'), closed('b2'), closed('b2')]);
    expect(full?.slice(1, 6)).toEqual([
      expect.stringMatching(`^on etcd01: .* ${url} compact \\d+$`),
      ...[1, 2, 3].map((i) => expect.stringMatching(`^on etcd0${i}: .* ${url} defrag$`)),
      expect.stringMatching(`^on etcd01: .* ${url} alarm disarm$`),
    ]);
  });

  it.each<[string, number, number, readonly RegExp[]]>([
    [
      'needs more room where it is in use, since clients write on',
      4_100_000,
      4_000_000,
      [
        /^set quota-backend-bytes: 8388608 in etcd_settings/,
        /site/,
        /alarm disarm$/,
        /compact 7$/,
        /defrag$/,
      ],
    ],
    ['gives back its free pages', 4_100_000, 100_000, [/defrag$/, /alarm disarm$/]],
    ['has room again: the alarm is all that is left', 1_000_000, 900_000, [/alarm disarm$/]],
  ])('a database that reached its quota %s', (_what, dbSize, inUse, steps) => {
    const reading = {
      ...WELL,
      status: { ...STATUS, dbSize, inUse },
      quota: 4_194_304,
      alarms: [{ memberId: 'b2', alarm: 'NOSPACE' }],
    };
    const found = first([{ reading }, { reading }, { reading }]);
    expect(found).toEqual(['quota etcd02', ...steps.map((step) => expect.stringMatching(step))]);
  });

  const FULL_ONE: MemberReading = {
    ...WELL,
    status: { ...STATUS, dbSize: 4_100_000, inUse: 4_000_000 },
    quota: 2 ** 22,
    alarms: [{ memberId: 'b3', alarm: 'NOSPACE' }],
  };
  const dropIn = (line: string): Partial<EtcdFacts> => ({
    unit: {
      dropIns: [{ path: '/etc/systemd/system/etcd.service.d/x.conf', lines: [line] }],
      dropInDigest: 'd',
    },
  });
  const sets = (bytes: number) => new RegExp(`^set quota-backend-bytes: ${bytes} in etcd_settings`);
  it.each<[string, others: number | undefined, given: number | undefined, RegExp, Partial<EtcdFacts>?]>([
    ['is given its room by a run where the inventory has it', undefined, 2 ** 31, /site/],
    ['the same where the inventory sets no end', 2 ** 22, Number.POSITIVE_INFINITY, /site/],
    ['gets more than the others have', 2 ** 30, 2 ** 22, sets(2 ** 31)],
    ['gets more than etcd takes, as the others run', undefined, 2 ** 22, sets(2 ** 32)],
    ['gets more than what the inventory has where that is full, too', 2 ** 22, 5_000_000, sets(10_000_000)],
    ['gets a number also where another has no end', -1, 2 ** 22, sets(2 ** 23)],
    [
      'gets more than the others have where a drop-in is in the way of the inventory',
      2 ** 31,
      2 ** 31,
      sets(2 ** 32),
      dropIn('Environment=ETCD_QUOTA_BACKEND_BYTES=4194304'),
    ],
    ['is given its room whatever else a drop-in says', 2 ** 31, 2 ** 31, /site/, dropIn('UMask=0027')],
  ])('a full member that has less room than others %s', (_what, quota, given, step, facts = {}) => {
    const { quota: _, ...reading } = FULL_ONE;
    const other = { reading: { ...reading, clientUrl: 'x', ...(quota && { quota }) } };
    const scene = cluster({ 0: other, 1: other, 2: { reading: FULL_ONE, facts } });
    const quotas = new Map(scene.members.flatMap(({ host }) => (given ? [[host, given]] : [])));
    const [found] = diagnose({ ...scene, quotas });
    expect(found?.cause).toBe('quota');
    expect(found?.remedy[0]).toMatch(step);
    expect(found?.remedy.join('\n')).toMatch(/site.*\n.*alarm disarm\n/);
  });

  it('names the cluster where the inventory has others', () => {
    expect(first([WORKS, WORKS, LOST], [], true)?.[1]).toBe(`${MEMBERS} --cluster c --replace etcd03`);
    expect(first([RESTS, LOST, LOST], [], true)?.[1]).toBe(`${RECOVER} --cluster c --from etcd01`);
  });
});

describe('without a quorum', () => {
  const BACKUPS = `${commandLine('backup')} --list shows the snapshots`;
  const RESTORE = `${commandLine('restore')} --from FILE`;
  it.each<[string, readonly Change[], readonly string[], (readonly string[])?]>([
    [
      'most have lost their data: made of the copy that is left',
      [RESTS, LOST, LOST],
      ['majority-lost etcd02 etcd03', `${RECOVER} --from etcd01`],
    ],
    ['all have: of a snapshot', [LOST, LOST, LOST], ['majority-lost etcd01 etcd02 etcd03', BACKUPS, RESTORE]],
    [
      'one has lost its data, and the others rest: they make a quorum',
      [RESTS, RESTS, LOST],
      ['lost-data etcd03', `${SITE} -l etcd01,etcd02`, `${MEMBERS} --replace etcd03`],
    ],
    [
      'one has, and a host is away that may have it',
      [RESTS, WORKS, LOST],
      ['host-down etcd02', 'ping -c 3 10.0.0.2; switch etcd02 on, or mend its network', DOCTOR],
      ['etcd02'],
    ],
    [
      'most logs are damaged: those members are beyond repair',
      [newer(5), BROKEN, BROKEN],
      ['corrupt-wal etcd02 etcd03', `${RECOVER} --from etcd01 --lost etcd02,etcd03`],
    ],
  ])('%s', (_what, changes, wanted, absent) => {
    expect(first(changes, absent)).toEqual(wanted);
  });

  it('shows the choices where there are several, and takes the one that was written last', () => {
    const names = ['etcd01', 'etcd02', 'etcd03', 'etcd04', 'etcd05'];
    const five = names.map((name, i) => {
      const [one] = cluster({ 0: i < 2 ? newer(i + 1) : LOST }).all;
      const member = { ...one!.member, host: name, name, peerUrl: `https://10.0.0.${i + 1}:2380` };
      return { ...one!, member };
    });
    const scene = { ...cluster(), all: five, members: five.map(({ member }) => member) };
    expect(diagnose(scene)[0]?.remedy).toEqual([
      `${RECOVER} --check shows what each host and snapshot has`,
      `${RECOVER} --from etcd02`,
    ]);
  });

  it('is up to a person where no majority says whose data is right', () => {
    expect(first([hashes(1), hashes(2), hashes(3)])).toEqual(['corrupt', BACKUPS, RESTORE]);
  });
});

import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { type Printed, type Question, readAnswer } from '../../../../../lib/etcd/facts/etcdctl/answers.ts';
import { authenticationOf, isDenied, storeOf } from '../../../../../lib/etcd/facts/etcdctl/words.ts';
import { STATUS, UNKNOWN_SHAPES } from './unknown-shapes.ts';

/** What etcdctl of each version printed, by `test/lab/recordAnswers.ts`: member `a` of a, b and c was asked. */
const DIR = new URL('answers', import.meta.url).pathname;
const VERSIONS = readdirSync(DIR).map((file) => file.replace(/\.json$/, ''));

interface Recorded {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

const A = '667880157b8812c8';

describe.each(VERSIONS)('etcdctl %s', (version) => {
  const recorded = JSON.parse(readFileSync(join(DIR, `${version}.json`), 'utf8')) as Record<string, Recorded>;
  const printed = (name: string): Printed => {
    const { code, stdout, stderr } = recorded[name] as Recorded;
    return { code, out: stdout.trim(), err: stderr.trim() };
  };
  const value = <Q extends Question>(name: string, question: Q) => {
    const read = readAnswer(question, printed(name), version);
    return 'value' in read ? read.value : read.unanswered;
  };

  it('tells its status', () => {
    expect(value('status', 'endpoint status')).toEqual({
      clusterId: 'af7538cf084b8688',
      memberId: A,
      leaderId: expect.stringMatching(/^(667880157b8812c8|484727eb11cfa5f2|e6dde4ad28b02657)$/),
      version,
      dbSize: expect.toSatisfy((size: number) => size >= 20_480),
      ...(!version.startsWith('3.3.') && { inUse: expect.toSatisfy((size: number) => size >= 16_384) }),
      revision: 3,
      raftTerm: expect.toSatisfy((term: number) => term >= 2),
      raftIndex: expect.toSatisfy((index: number) => index >= 10),
      learner: false,
      ...(!/^3\.[3-5]\./.test(version) && {
        storageVersion: `${version.slice(0, 3)}.0`,
        quota: 1_048_576,
      }),
    });
  });

  it('tells the same with a variable that it warns of', () => {
    const name = 'status with ETCDCTL_API=3';
    expect(value(name, 'endpoint status')).toEqual(value('status', 'endpoint status'));
    expect(printed(name).err !== '').toBe(!/^3\.[3-5]\./.test(version));
  });

  it('lists members', () => {
    const members = value('members', 'member list') as readonly { readonly name: string }[];
    expect([...members].sort((one, two) => one.name.localeCompare(two.name))).toEqual(
      (
        [
          [A, 'a', 42380, 42379],
          ['484727eb11cfa5f2', 'b', 42390, 42389],
          ['e6dde4ad28b02657', 'c', 42400, 42399],
        ] as const
      ).map(([id, name, peer, client]) => ({
        id,
        name,
        peerUrls: [`http://127.0.0.1:${peer}`],
        clientUrls: [`http://127.0.0.1:${client}`],
        learner: false,
      })),
    );
  });

  it('hashes the key space, alike in all versions', () => {
    const hash = 1_204_665_518;
    expect(value('hash', 'endpoint hashkv')).toEqual({ hash, revision: 3, compacted: -1 });
    expect(value('hash at 2', 'endpoint hashkv')).toMatchObject({ hash: 333_530_967, compacted: -1 });
    expect(value('hash after a compaction', 'endpoint hashkv')).toEqual({
      hash: 998_470_895,
      revision: 3,
      compacted: 3,
    });
  });

  it.each([
    ['hash at a compacted revision', 'required revision has been compacted'],
    ['hash at a revision to come', 'required revision is a future revision'],
  ])('has no %s, and says why', (name, reason) => {
    expect(value(name, 'endpoint hashkv')).toEqual({
      question: 'endpoint hashkv',
      kind: 'refused',
      said: `Error: etcdserver: mvcc: ${reason}`,
    });
  });

  it('lists no alarm, and every alarm', () => {
    expect(value('no alarm', 'alarm list')).toEqual([]);
    const alarms = value('alarm NOSPACE', 'alarm list') as readonly { readonly alarm: string }[];
    expect(alarms.length).toBeGreaterThan(0);
    expect(alarms).toContainEqual({ memberId: A, alarm: 'NOSPACE' });
    expect(new Set(alarms.map(({ alarm }) => alarm))).toEqual(new Set(['NOSPACE']));
    expect(value('status under NOSPACE', 'endpoint status')).toMatchObject({ memberId: A });
  });

  it('tells what is in a snapshot', () => {
    expect(value('snapshot status', 'snapshot status')).toEqual({
      hash: expect.toSatisfy((hash: number) => hash > 0),
      revision: 4,
      keys: expect.toSatisfy((keys: number) => keys > 0),
    });
    expect(value('snapshot status of no file', 'snapshot status')).toMatchObject({ kind: 'refused' });
  });

  it('gets keys, and counts them', () => {
    const key = { key: 'k/a', value: 'one' };
    expect(value('get of a key', 'get')).toEqual({ revision: 2, count: 1, keys: [key] });
    expect(value('get of no key', 'get')).toEqual({ revision: 2, count: 0, keys: [] });
    expect(value('count of no key', 'get')).toMatchObject({ revision: 1, count: 0 });
    expect(value('count of two keys', 'get')).toMatchObject({ count: 2, keys: [{ key: 'k/a' }] });
  });

  it('tells whether a transaction held, and what a watch has seen', () => {
    expect(value('txn that holds', 'txn')).toBe(true);
    expect(value('txn that does not', 'txn')).toBe(false);
    const { code, ...seen } = printed('watch');
    expect(code).toBe(124);
    const read = readAnswer('watch', { ...seen, code: 0 }, version);
    expect('value' in read && read.value.map((one) => `${one.key} ${one.value}`)).toEqual([
      'k/a one',
      'k/a two',
      'k/b 1',
    ]);
  });

  it('grants a lease, and tells how long it runs', () => {
    expect(value('lease grant', 'lease grant')).toEqual({
      id: expect.stringMatching(/^[0-9a-f]{15,16}$/),
      revision: 4,
    });
    expect(value('lease timetolive', 'lease timetolive')).toBeGreaterThan(50);
    expect(value('lease timetolive of one that ended', 'lease timetolive')).toBe(0);
  });

  it('tells whether users of etcd are in force', () => {
    expect(authenticationOf(printed('get as a user, without authentication'))).toBe('off');
    expect(authenticationOf(printed('get as a user that is none'))).toBe('on');
    expect(authenticationOf(printed('status of nobody'))).toBe(undefined);
    const { out, err } = printed('get as nobody');
    expect(isDenied(err || out)).toBe(true);
  });

  it.runIf(version.startsWith('3.5.'))('tells of data of API 2, where it can', () => {
    const found = ['', ' with a key', ' of no data'].map((which) =>
      storeOf(printed(`check v2store${which}`)),
    );
    expect(found).toEqual(version === '3.5.30' ? ['empty', 'used', undefined] : Array(3).fill(undefined));
  });

  it('fails where nobody answers, and where leadership goes to nobody', () => {
    expect(value('status of nobody', 'endpoint status')).toMatchObject({ kind: 'refused' });
    expect(printed('move-leader').code).toBe(0);
    expect(printed('move-leader to nobody').code).not.toBe(0);
  });
});

describe('an answer in a shape of no version known here', () => {
  it.each(UNKNOWN_SHAPES)('is said as that: %s, %s', (question, _what, json) => {
    const out = json === undefined ? 'all is well' : JSON.stringify(json);
    const tool = question === 'snapshot status' ? 'etcdutl' : 'etcdctl';
    expect(readAnswer(question, { code: 0, out, err: '' }, '3.9.0')).toEqual({
      unanswered: {
        question,
        kind: 'unknown',
        said: `${tool} 3.9.0 answered \`${question}\` in a shape not known here`,
      },
    });
  });

  it('is not: fields that came since, zeroes that are left out, an alarm that is new', () => {
    const read = (question: Question, json: unknown) =>
      readAnswer(question, { code: 0, out: JSON.stringify(json), err: 'a warning' }, '');
    expect(read('endpoint status', [{ Status: { ...STATUS, news: 1 } }])).toMatchObject({
      value: { leaderId: '', dbSize: 0, revision: 0, learner: false },
    });
    expect(read('alarm list', { alarms: [{ memberID: 255, alarm: 3 }] })).toEqual({
      value: [{ memberId: 'ff', alarm: '3' }],
    });
  });
});

it.each([
  ['etcd_02.prod-a', 'etcd_02.prod-a'],
  [`etcd02'\nETCD_CLIENT_CERT_AUTH=false\nX='"`, ''],
  ['etcd02=https://10.0.0.9:2380,x', ''],
])('takes a name from the cluster only where a file may hold it, else its ID counts: %j', (said, name) => {
  const urls = [
    'https://10.0.0.2:2380',
    'https://[fd00::2]:2380',
    'https://a_b.lan:2380',
    'unix://localhost:1',
  ];
  const out = JSON.stringify({ members: [{ ID: 26, name: said, peerURLs: urls }] });
  expect(readAnswer('member list', { code: 0, out, err: '' }, '3.7.3')).toEqual({
    value: [{ id: '1a', name, peerUrls: urls, clientUrls: [], learner: false }],
  });
});

describe('a downgrade under way', () => {
  const status = {
    header: { cluster_id: 1, member_id: 2 },
    version: '3.7.3',
    raftTerm: 2,
    raftIndex: 3,
    storageVersion: '3.7.0',
  };
  it.each([
    ['none', {}, undefined],
    ['one', { enabled: true, targetVersion: '3.6.0' }, '3.6.0'],
  ] as const)('%s', (_what, downgradeInfo, wanted) => {
    const out = JSON.stringify([{ Status: { ...status, downgradeInfo } }]);
    const read = readAnswer('endpoint status', { code: 0, out, err: '' }, '3.7.3');
    expect('value' in read && read.value.goingDownTo).toBe(wanted);
  });
});

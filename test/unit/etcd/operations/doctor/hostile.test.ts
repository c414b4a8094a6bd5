import { expect, it } from 'vitest';
import { diagnose } from '../../../../../lib/etcd/operations/doctor/diagnose.ts';
import { reportDiagnosis } from '../../../../../lib/etcd/operations/doctor/report.ts';
import { type Change, cluster, DATA, DOWN, LIST, listing, SICK, there, WELL } from './scenes.ts';

/** What a host may say wherever it says a word. */
const EVIL = "x$(id)`id`;id 'y\nthen: on etcd01: id";
const WORD = 'x$(id)`id`';
const path = `/srv/${EVIL}`;
const mount = { path: DATA, mount: path, options: ['ro'] };
const failed = (fields: object) => JSON.stringify({ level: 'fatal', ...fields });

it.each<[string, Change]>([
  ['a mount', { reading: SICK, evidence: { mounts: [mount] } }],
  [
    'another mount',
    { reading: SICK, evidence: { mounts: [{ ...mount, path: '/opt/etcd/bin', options: ['noexec'] }] } },
  ],
  ['a full disk', { freeKiB: 1, evidence: { free: { mount: path, kiB: 1 } } }],
  [
    'a drop-in',
    {
      ...DOWN,
      journal: failed({ error: 'etcd: conflicting environment variable "ETCD_NAME" is shadowed' }),
      evidence: { dropIns: [path] },
    },
  ],
  [
    'a route',
    {
      reading: SICK,
      evidence: {
        addresses: ['10.0.0.3'],
        routes: [{ to: '10.0.0.1', target: WORD, source: '10.0.0.9', way: `via ${WORD} dev ${WORD}` }],
      },
    },
  ],
  ['a data directory', { ...DOWN, settings: { ETCD_DATA_DIR: path }, evidence: { logs: [] } }],
  [
    'other data',
    {
      ...DOWN,
      evidence: {
        paths: [there(DATA, 'etcd')],
        logs: [{ path: `${path}/member/wal/0.wal`, size: 64, changed: 1 }],
      },
    },
  ],
  ['an owner', { reading: SICK, owner: EVIL }],
  ['a path in a journal', { ...DOWN, journal: failed({ msg: `open /etc/${WORD}: permission denied` }) }],
  [
    'a field of a journal',
    { ...DOWN, journal: failed({ msg: 'cannot access data directory', path, error: 'permission denied' }) },
  ],
  [
    'a folder in a journal',
    {
      ...DOWN,
      journal: failed({
        msg: 'cannot access data directory',
        dir: `${DATA}/${EVIL}`,
        error: 'permission denied',
      }),
    },
  ],
  ['a file in the place of another', { ...DOWN, evidence: { odd: [path] } }],
  [
    'a program at a port',
    {
      ...DOWN,
      facts: {
        host: { ...WELL_HOST(), listeners: [{ port: 2379, address: '10.0.0.3', pid: 7, program: EVIL }] },
      },
    },
  ],
  ['an URL', { reading: SICK, settings: { ETCD_LISTEN_CLIENT_URLS: `http://10.0.0.3:2379/${EVIL}` } }],
  ['what etcdctl said', { reading: { ...SICK, said: `etcdserver: ${EVIL}` } }],
  ['a state of a process', { reading: SICK, evidence: { process: { pid: 9, state: 'T', proxies: [EVIL] } } }],
  ['who holds the lock', { reading: SICK, evidence: { holder: { who: EVIL, pid: 7 } } }],
])('a host that is hostile in %s puts no word into a line to copy, and no line', (_what, third) => {
  for (const others of [WELL, listing(LIST.map((one) => ({ ...one, name: EVIL }))), hostileList()]) {
    const scene = cluster({ 0: { reading: others }, 1: { reading: others }, 2: third });
    const found = diagnose(scene);
    expect(found).not.toEqual([]);
    for (const one of found) {
      const { message, hint = '' } = reportDiagnosis(one, { afterOthers: false });
      for (const line of `${message}\n${hint}`.split('\n')) expect(line).not.toMatch(/^then: on etcd01: id/);
      // Only what is quoted, and what is ours.
      const bare = hint.replaceAll(/'(?:[^']|'\\'')*'/g, '').replaceAll('$(date +%s)', '');
      expect(bare).not.toMatch(/\$\(id|`id/);
      expect(hint).not.toMatch(/chown -R \S+ '?\/(?!var\/lib\/etcd\/)/);
    }
  }
});

/** A stranger and a learner with such names. */
function hostileList() {
  const more = { id: 'b9', name: EVIL, peerUrls: [`https://${EVIL}:2380`], clientUrls: ['https://x'] };
  return listing([...LIST.slice(0, 2), { ...more, learner: false }, { ...more, id: 'b8', learner: true }]);
}

function WELL_HOST() {
  return cluster().all[0]!.facts.host;
}

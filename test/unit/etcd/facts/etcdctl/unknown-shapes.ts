import type { Question } from '../../../../../lib/etcd/facts/etcdctl/answers.ts';

/** What a status needs. */
export const STATUS = {
  header: { cluster_id: 1, member_id: 2 },
  version: '3.9.0',
  raftTerm: 2,
  raftIndex: 9,
};

const CONTENT = { hash: 7, revision: 3, totalKey: 5, totalSize: 20480 };

/** Answers in a shape of no version known here, each with what is strange in it; undefined is not JSON. */
export const UNKNOWN_SHAPES: readonly (readonly [question: Question, what: string, json: unknown])[] = [
  ['endpoint status', 'no JSON', undefined],
  ['endpoint status', 'nothing', null],
  ['endpoint status', 'nobody', []],
  ['endpoint status', 'no list', { Endpoint: 'x', Status: STATUS }],
  ['endpoint status', 'two endpoints', [{ Status: STATUS }, { Status: STATUS }]],
  ['endpoint status', 'another name', [{ status: STATUS }]],
  ['endpoint status', 'without a header', [{ Status: { ...STATUS, header: undefined } }]],
  ['endpoint status', 'without a version', [{ Status: { ...STATUS, version: undefined } }]],
  ['endpoint status', 'an ID in hex', [{ Status: { ...STATUS, leader: '0xabc' } }]],
  ['member list', 'without members', { header: {} }],
  ['member list', 'a member without an ID', { members: [{ name: 'a', peerURLs: [] }] }],
  ['member list', 'URLs in one text', { members: [{ ID: 1, peerURLs: 'https://x' }] }],
  ['member list', 'a URL that ends a line', { members: [{ ID: 1, peerURLs: [`https://x:1'\nA=b`] }] }],
  ['member list', 'a host like a flag', { members: [{ ID: 1, peerURLs: ['https://-x:1'] }] }],
  ['member list', 'a URL without a port', { members: [{ ID: 1, peerURLs: ['https://x'] }] }],
  ['endpoint hashkv', 'another name', [{ hashKV: { hash: 1 } }]],
  ['endpoint hashkv', 'without a hash', [{ HashKV: { header: { revision: 3 }, compact_revision: 1 } }]],
  ['endpoint hashkv', 'a hash in hex', [{ HashKV: { header: { revision: 3 }, hash: 'abc' } }]],
  ['alarm list', 'a list', []],
  ['alarm list', 'alarms by another name', { header: {}, activeAlarms: [{ memberID: 1, alarm: 1 }] }],
  ['alarm list', 'an alarm of nobody', { alarms: [{ alarm: 1 }] }],
  ['alarm list', 'an alarm by name', { alarms: [{ memberID: 1, alarm: 'NOSPACE' }] }],
  ['snapshot status', 'no JSON', undefined],
  ['snapshot status', 'a list', [CONTENT]],
  ['snapshot status', 'without a hash', { ...CONTENT, hash: undefined }],
  ['snapshot status', 'keys by another name', { ...CONTENT, totalKey: undefined, totalKeys: 5 }],
  ['snapshot status', 'a revision in words', { ...CONTENT, revision: 'three' }],
  ['get', 'without a header', { kvs: [], count: 0 }],
  ['get', 'keys by another name', { header: { revision: 3 }, keys: [] }],
  ['get', 'a key that is a number', { header: { revision: 3 }, count: 1, kvs: [{ key: 1 }] }],
  ['txn', 'without a header', {}],
  ['txn', 'success by another name', { header: {}, success: true }],
  ['watch', 'events by another name', { Header: {}, events: [] }],
  ['watch', 'an event without a key', { Events: [{ key: 'a' }] }],
  ['lease grant', 'an ID in hex', { revision: 3, ID: '0xabc' }],
  ['lease grant', 'without a revision', { ID: 12 }],
  ['lease timetolive', 'another name', { TTL: 3 }],
];

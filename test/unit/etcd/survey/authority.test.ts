import { beforeAll, describe, expect, it } from 'vitest';
import { QuorateError } from '../../../../lib/errors.ts';
import type { EtcdFacts } from '../../../../lib/etcd/facts/index.ts';
import { NOTHING_KEPT } from '../../../../lib/etcd/facts/kept.ts';
import { caOfHosts, caProblems } from '../../../../lib/etcd/survey/authority.ts';
import { fingerprints, openPki } from '../../../../lib/pki/index.ts';
import { surveyedOf } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';

let good: string;
let evil: string;
beforeAll(async () => {
  const make = async () => {
    const options = { caExpiry: '87600h', certExpiry: '87600h', renewBefore: '720h', addresses: [] };
    const pki = await openPki({
      dir: scratch(),
      cluster: 'etcd',
      caName: 'etcd etcd CA',
      keyType: 'ecdsa-256',
      ...options,
    });
    return (await pki.ensureCa()).pem;
  };
  [good, evil] = await Promise.all([make(), make()]);
});

const print = (pem: string) => fingerprints(pem).join(' ');
const has = (caPem: string | undefined): Partial<EtcdFacts> => ({ caPem, data: 'present' });
const recorded = (pem: string): Partial<EtcdFacts> => ({
  data: 'present',
  kept: { ...NOTHING_KEPT, trusted: fingerprints(pem) },
});

describe('the CA of hosts', () => {
  const chosen = (...hosts: readonly (Partial<EtcdFacts> | undefined)[]) => {
    const found = caOfHosts(surveyedOf(hosts, { etcd_pki_dir: '/x/pki' }));
    return found instanceof QuorateError ? `${found.exitCode} ${found.message}` : found;
  };
  const none = (said: string, of = 3, needed = 2) =>
    `3 etcd: there is no CA in /x/pki, and fewer than ${needed} of its ${of} members have the same one: ${said}`;

  it('is that of a majority of all members', () => {
    expect(chosen(has(good), has(good), has(good))).toBe(good);
    expect(chosen(has(`${good}${evil}`), has(good), has(good))).toBe(good);
    expect(chosen(has(good), has(good), undefined)).toBe(good);
    expect(chosen(has(`${good}${evil}`), has(`${evil}${good}`), has(good))).toBe(`${good}${evil}`);
    expect(chosen(has(good))).toBe(good);
  });

  it('is nobody’s where one more was added on one of two that were reached', () => {
    expect(chosen(has(`${good}${evil}`), has(good), undefined)).toBe(
      none(`${print(good + evil)} on etcd01; ${print(good)} on etcd02`),
    );
  });

  it('is not that of a minority', () => {
    expect(chosen(has(good), undefined, undefined)).toBe(none(`${print(good)} on etcd01`));
    expect(chosen(has(good), has(undefined), has(undefined))).toBe(none(`${print(good)} on etcd01`));
    expect(chosen(has(good), has(good), has(evil), has(evil))).toBe(
      none(`${print(good)} on etcd01, etcd02; ${print(evil)} on etcd03, etcd04`, 4, 3),
    );
    expect(chosen(has(undefined))).toBe(none('none has any', 1, 1));
  });

  it('is refused where a host was set up with another', () => {
    const of = (...hosts: readonly Partial<EtcdFacts>[]) =>
      caProblems(surveyedOf(hosts), good).map(({ exitCode, host }) => `${exitCode} ${host}`);
    expect(of(has(good), recorded(good))).toEqual([]);
    expect(of(has(evil), recorded(evil))).toEqual(['3 etcd01', '3 etcd02']);
    // The record is root's, the file may be anybody's: it is put right.
    expect(of({ ...recorded(good), caPem: evil })).toEqual([]);
    expect(of({ ...recorded(evil), caPem: good })).toEqual(['3 etcd01']);
    expect(of({ ...recorded(`${good}${evil}`), caPem: good })).toEqual(['3 etcd01']);
    expect(of({ formed: [], caPem: evil }, { caPem: evil })).toEqual(['3 etcd01']);
  });
});

import { describe, expect, it } from 'vitest';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { letsInRevoked } from '../../../../lib/etcd/health/revoked.ts';
import { memberReading, surveyedOf } from '../../support/fake-cluster.ts';

const [NEW, OLD] = ['2', '1'];
const bornOf = (list: Buffer) => Number(list.toString());
const has = (list: string | undefined, checks = true) => ({
  kept: { ...ORDINARY.kept, crl: list === undefined ? undefined : Buffer.from(list) },
  reading: memberReading(checks ? { checksList: true } : {}),
});
const listsOf = (facts: Parameters<typeof surveyedOf>[0]) => facts.flatMap((one) => one?.kept?.crl ?? []);
const said = (...facts: Parameters<typeof surveyedOf>[0]) =>
  letsInRevoked(surveyedOf(facts).hosts, listsOf(facts), bornOf).map(({ message }) =>
    message.replace(/ revoked cert.*/, ''),
  );

describe('a member that lets in whose certificate was revoked', () => {
  it('is none where there is no list, where all look at it, or where nothing runs', () => {
    expect(said(has(undefined, false), has(undefined, false))).toEqual([]);
    expect(said(has(NEW), has(NEW))).toEqual([]);
    expect(said(has(NEW), { kept: ORDINARY.kept })).toEqual([]);
  });

  it('has no list, was not started with it, or has an older one', () => {
    expect(said(has(NEW), has(undefined, false))).toEqual(['etcd02 does not look at the list of']);
    expect(said(has(NEW), has(NEW, false))).toEqual(['etcd02 does not look at the list of']);
    expect(said(has(NEW), has(OLD))).toEqual(['etcd02 has an older list of']);
  });

  it('is none for a list that does not count, whatever its time', () => {
    const { hosts } = surveyedOf([has(OLD), has(OLD), has('9')]);
    expect(letsInRevoked(hosts, [Buffer.from(OLD)], bornOf)).toEqual([]);
    expect(letsInRevoked(hosts, [], bornOf)).toEqual([]);
  });

  it('goes by the list of control, too', () => {
    const { hosts } = surveyedOf([has(OLD)]);
    expect(letsInRevoked(hosts, [Buffer.from(NEW)], bornOf)).toMatchObject([
      { host: 'etcd01', hint: expect.stringContaining('--revoke NAME') },
    ]);
  });
});

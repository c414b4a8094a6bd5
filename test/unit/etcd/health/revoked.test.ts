import { describe, expect, it } from 'vitest';
import { ORDINARY } from '../../../../lib/etcd/facts/index.ts';
import { letsInRevoked } from '../../../../lib/etcd/health/revoked.ts';
import { memberReading, surveyedOf } from '../../support/fake-cluster.ts';

const [LONG, SHORT] = ['x'.repeat(99), 'x'.repeat(60)];
const has = (list: string | undefined, checks = true) => ({
  kept: { ...ORDINARY.kept, crl: list === undefined ? undefined : Buffer.from(list) },
  reading: memberReading(checks ? { checksList: true } : {}),
});
const said = (...facts: Parameters<typeof surveyedOf>[0]) =>
  letsInRevoked(surveyedOf(facts).hosts).map(({ message }) => message.replace(/ revoked cert.*/, ''));

describe('a member that lets in whose certificate was revoked', () => {
  it('is none where there is no list, where all look at it, or where nothing runs', () => {
    expect(said(has(undefined, false), has(undefined, false))).toEqual([]);
    expect(said(has(LONG), has(LONG))).toEqual([]);
    expect(said(has(LONG), has('x'.repeat(97)))).toEqual([]);
    expect(said(has(LONG), { kept: ORDINARY.kept })).toEqual([]);
  });

  it('has no list, was not started with it, or has one that lacks some', () => {
    expect(said(has(LONG), has(undefined, false))).toEqual(['etcd02 does not look at the list of']);
    expect(said(has(LONG), has(LONG, false))).toEqual(['etcd02 does not look at the list of']);
    expect(said(has(LONG), has(SHORT))).toEqual(['etcd02 lacks some of the']);
  });

  it('goes by the list of control, too', () => {
    const { hosts } = surveyedOf([has(SHORT)]);
    expect(letsInRevoked(hosts, Buffer.from(LONG))).toMatchObject([
      { host: 'etcd01', hint: expect.stringContaining('--revoke NAME') },
    ]);
  });
});

import { describe, expect, it } from 'vitest';
import {
  compareVersions,
  isTooNew,
  minorOf,
  securityFaults,
  securityWarning,
  unsafeReason,
} from '../../../../lib/etcd/model/versions.ts';

describe('versions', () => {
  it('are in order of their numbers, and a pre-release comes before its release', () => {
    const order = [
      '3.3.25',
      '3.4.0-rc.1',
      '3.4.0',
      '3.7.0-alpha.0',
      '3.7.0-beta.0',
      '3.7.0-rc.0',
      '3.7.0-rc.10',
    ];
    const all = [...order, '3.7.0', '3.7.3', '3.10.0', '4.0.0'];
    expect([...all].reverse().sort(compareVersions)).toEqual(all);
    expect(compareVersions('3.7.3', '3.7.3')).toBe(0);
  });

  it.each([
    ['3.3.25', '3.3', false],
    ['3.7.3', '3.7', false],
    ['3.7.99', '3.7', false],
    ['3.7.0-rc.0', '3.7', false],
    ['3.8.0-alpha.0', '3.8', true],
    ['3.8.0', '3.8', true],
    ['3.10.1', '3.10', true],
    ['4.0.0', '4.0', true],
  ])('%s is of %s, and newer than what is known here: %s', (version, minor, tooNew) => {
    expect([minorOf(version), isTooNew(version)]).toEqual([minor, tooNew]);
  });
});

describe('versions with a known data bug', () => {
  const cases: readonly (readonly [string, RegExp | undefined])[] = [
    ['3.3.25', /no longer maintained/],
    ['3.4.23', /revision go back.*pull\/17864$/],
    ['3.4.37', /defragmentation.*pull\/20659$/],
    ['3.4.38', undefined],
    ['3.5.1', /corrupt.*pull\/13908$/],
    ['3.5.5', /defragmentation.*pull\/14733$/],
    ['3.5.13', /revision go back.*pull\/17865$/],
    ['3.5.16', /defragmentation.*pull\/20653$/],
    ['3.5.23', undefined],
    ['3.5.30', undefined],
    ['3.6.4', /defragmentation.*pull\/20650$/],
    ['3.6.5', undefined],
    ['3.5.3-rc.0', /corrupt/],
    ['3.6.5-rc.0', /defragmentation/],
    ['3.7.3', undefined],
  ];
  it.each(cases)('%s', (version, reason) => {
    if (reason === undefined) expect(unsafeReason(version)).toBeUndefined();
    else expect(unsafeReason(version)).toMatch(reason);
  });
});

describe('published security faults', () => {
  const AUTH = ['CVE-2026-33413, GHSA-q8m4-xhhv-38mg', 'CVE-2026-33343, GHSA-rfx7-8w68-q57q'];
  const TXN = 'CVE-2026-44283, GHSA-x35m-3gp4-4fh5';
  const CRL = 'CVE-2026-59818, GHSA-3wh4-j44w-pg92';
  const JULY = ['GHSA-xg4h-6gfc-h4m8', 'GHSA-6vch-q96h-7gc3'];
  it.each<[string, readonly string[]]>([
    ['3.3.25', ['CVE-2021-28235', ...AUTH, TXN, ...JULY]],
    ['3.4.24', ['CVE-2021-28235', ...AUTH, TXN, ...JULY]],
    ['3.4.41', [...AUTH, TXN, ...JULY]],
    ['3.4.43', [TXN, ...JULY]],
    ['3.4.45', JULY],
    ['3.5.7', ['CVE-2021-28235', ...AUTH, TXN, ...JULY]],
    ['3.5.28', [TXN, ...JULY]],
    ['3.5.30', JULY],
    ['3.5.33', []],
    ['3.6.5', [...AUTH, TXN, ...JULY]],
    ['3.6.9', [TXN, ...JULY]],
    ['3.6.13', JULY],
    ['3.6.14', []],
    ['3.7.0', JULY],
    ['3.7.0-rc.0', JULY],
    ['3.7.1', []],
    ['3.8.0', []],
  ])('of %s are %j', (version, ids) => {
    expect(securityFaults(version).map(({ id }) => id)).toEqual(ids);
  });

  it('that need a setting count where it is set', () => {
    const settings = { 'listen-client-http-urls': 'https://10.0.0.1:2381' };
    const ids = (version: string) => securityFaults(version, settings).map(({ id }) => id);
    expect(ids('3.6.12')).toContain(CRL);
    expect(ids('3.6.13')).not.toContain(CRL);
    expect(ids('3.7.3')).toEqual([]);
  });

  it.each([
    ['3.7.3', undefined],
    [
      '3.7.0',
      'has published security faults, mended in 3.7.1: a watch on one key may show the keys behind it (GHSA-xg4h-6gfc-h4m8); connections that never finish their TLS handshake use up its memory (GHSA-6vch-q96h-7gc3)',
    ],
    ['3.6.10', expect.stringMatching(/, mended in 3\.6\.14: .*CVE-2026-44283/)],
    ['3.4.45', expect.stringMatching(/no release of 3\.4 mends all of them/)],
  ])('of %s are said in one line', (version, said) => {
    expect(securityWarning(version, securityFaults(version))).toEqual(said);
  });
});

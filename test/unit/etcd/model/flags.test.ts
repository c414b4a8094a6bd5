import { describe, expect, it } from 'vitest';
import { flagsOf, settingsEnvironment, settingsProblems } from '../../../../lib/etcd/model/flags.ts';
import { unsafeReason } from '../../../../lib/etcd/model/versions.ts';

describe('the flags of a version', () => {
  const cases: readonly (readonly [string, string, boolean])[] = [
    ['3.3.25', 'ca-file', true],
    ['3.4.23', 'ca-file', false],
    ['3.3.25', 'logger', false],
    ['3.4.23', 'logger', true],
    ['3.4.45', 'debug', true],
    ['3.5.30', 'debug', false],
    ['3.4.23', 'tls-min-version', false],
    ['3.4.25', 'tls-min-version', true],
    ['3.5.7', 'tls-min-version', false],
    ['3.5.8', 'tls-min-version', true],
    ['3.5.30', 'enable-v2', true],
    ['3.6.14', 'enable-v2', false],
    ['3.6.14', 'quota-backend-bytes', true],
    ['3.4.23', 'listen-client-http-urls', false],
    ['3.4.31', 'next-cluster-version-compatible', false],
    ['3.4.32', 'next-cluster-version-compatible', true],
  ];
  it.each(cases)('%s: %s is known: %s', (version, flag, known) => {
    expect(flagsOf(version).has(flag)).toBe(known);
  });
});

describe('etcd_settings', () => {
  it('become environment variables', () => {
    expect(settingsEnvironment({ 'quota-backend-bytes': 8589934592, 'log-level': 'warn' }, '3.5.30')).toEqual(
      [
        ['ETCD_QUOTA_BACKEND_BYTES', '8589934592'],
        ['ETCD_LOG_LEVEL', 'warn'],
      ],
    );
  });

  const refused: readonly (readonly [Record<string, unknown>, string, string])[] = [
    [{ quota_backend_bytes: 1 }, '3.5.30', 'etcd_settings: etcd 3.5.30 has no setting quota_backend_bytes'],
    [{ 'snapshot-cuont': 1 }, '3.5.30', 'etcd_settings: etcd 3.5.30 has no setting snapshot-cuont'],
    [{ name: 'x' }, '3.5.30', 'etcd_settings: name is set by etcd_member_name'],
    [
      { 'auto-tls': true },
      '3.5.30',
      'etcd_settings: auto-tls is set by always off: the certificates are our own',
    ],
    [
      { 'distributed-tracing-service-name': `a"b'c` },
      '3.6.14',
      `etcd_settings: the value of distributed-tracing-service-name has quotes of both kinds, a backslash, dollar, backtick or newline: "a\\"b'c"`,
    ],
    [{ logger: 'zap' }, '3.9.0', 'etcd 3.9.0 is not one of the versions known here: 3.3, 3.4, 3.5, 3.6'],
  ];
  it.each(refused)('%j on %s is refused', (settings, version, message) => {
    expect(() => settingsEnvironment(settings, version)).toThrow(message);
  });

  const hints: readonly (readonly [setting: string, version: string | undefined, hint: string])[] = [
    ['snapshot-cuont', '3.5.30', 'did you mean snapshot-count?'],
    ['ETCD_SNAPSHOT_COUNT', '3.3.25', 'did you mean snapshot-count?'],
    ['corrupt-check-time', '3.5.30', 'did you mean experimental-corrupt-check-time?'],
    ['experimental-compaction-sleep-interval', '3.4.23', '3.5, 3.6 have it'],
    ['logger', '3.3.25', '3.4, 3.5, 3.6 have it'],
    ['ca-file', '3.5.16', '3.3 has it'],
    ['log-output', '3.4.23', 'did you mean log-outputs?'],
    ['tls-min-version', '3.4.23', 'it came with 3.4.25'],
    ['nothing-like-it', '3.5.30', 'names are those of etcd --help, without dashes in front'],
    ['loger', undefined, 'did you mean logger?'],
  ];
  it.each(hints)('%s on %s: %s', (setting, version, hint) => {
    expect(settingsProblems({ [setting]: 1 }, version)).toMatchObject([{ hint }]);
    if (version !== undefined)
      expect(() => settingsEnvironment({ [setting]: 1 }, version)).toThrow(
        expect.objectContaining({ hint, exitCode: 1 }),
      );
  });

  it('are all looked at, and before a version is known only for names that none has', () => {
    const settings = { 'log-output': 'stdout', logger: 'zap', name: 'x', 'log-level': 'a\nb' };
    expect(
      settingsProblems(settings, '3.5.30').map(({ message }) => message.split(' ').slice(-1)[0]),
    ).toEqual(['log-output', 'etcd_member_name', '"a\\nb"']);
    expect(settingsProblems(settings, undefined)).toHaveLength(2);
  });
});

describe('versions with a known data bug', () => {
  const cases: readonly (readonly [string, RegExp | undefined])[] = [
    ['3.3.25', /no longer maintained/],
    ['3.4.23', /revision go back/],
    ['3.4.37', /defragmentation/],
    ['3.4.38', undefined],
    ['3.5.1', /corrupt/],
    ['3.5.5', /defragmentation/],
    ['3.5.13', /revision go back/],
    ['3.5.16', /defragmentation/],
    ['3.5.23', undefined],
    ['3.5.30', undefined],
    ['3.6.4', /defragmentation/],
    ['3.6.5', undefined],
  ];
  it.each(cases)('%s', (version, reason) => {
    if (reason === undefined) expect(unsafeReason(version)).toBeUndefined();
    else expect(unsafeReason(version)).toMatch(reason);
  });
});

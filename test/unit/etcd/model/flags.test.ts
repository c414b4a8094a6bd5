import { describe, expect, it } from 'vitest';
import { flagsOf } from '../../../../lib/etcd/model/flag-catalogue.ts';
import { settingsEnvironment, settingsProblems } from '../../../../lib/etcd/model/flags.ts';

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
    ['3.5.13', 'experimental-snapshot-catchup-entries', false],
    ['3.5.14', 'experimental-snapshot-catchup-entries', true],
    ['3.5.30', 'experimental-snapshot-catchup-entries', true],
    ['3.6.16', 'experimental-snapshot-catchup-entries', true],
    ['3.6.16', 'experimental-corrupt-check-time', true],
    ['3.7.3', 'experimental-corrupt-check-time', false],
    ['3.7.3', 'corrupt-check-time', true],
    ['3.7.0-rc.0', 'corrupt-check-time', true],
    // Listed by its help, and not there.
    ['3.7.3', 'discovery', false],
    ['3.7.3', 'discovery-proxy', false],
    ['3.7.3', 'discovery-srv', true],
    ['3.7.99', 'feature-gates', true],
    // What nobody here knows is taken for the newest that is known.
    ['3.8.0-alpha.0', 'feature-gates', true],
    ['4.0.0', 'experimental-corrupt-check-time', false],
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
    [
      { logger: 'zap' },
      '3.2.32',
      'etcd 3.2.32 is not one of the versions known here: 3.3, 3.4, 3.5, 3.6, 3.7',
    ],
    [
      { 'experimental-corrupt-check-time': '5s', 'corrupt-check-time': '5s' },
      '3.6.16',
      'experimental-corrupt-check-time and corrupt-check-time are the same, and etcd 3.6.16 does not start with both',
    ],
    [
      {
        'experimental-initial-corrupt-check': true,
        'feature-gates': 'AllBeta=true,InitialCorruptCheck=true',
      },
      '3.6.16',
      'experimental-initial-corrupt-check and feature-gates: InitialCorruptCheck are the same, and etcd 3.6.16 does not start with both',
    ],
    [
      { 'feature-gates': 'InitialCorruptChecks=true' },
      '3.7.3',
      'etcd 3.7.3 has no feature gate InitialCorruptChecks',
    ],
    [
      { 'feature-gates': 'PriorityRequest=true' },
      '3.6.16',
      'etcd 3.6.16 has no feature gate PriorityRequest',
    ],
    [{ 'feature-gates': 'AllBeta=yes' }, '3.7.3', 'feature gate AllBeta is true or false, found "yes"'],
  ];
  it.each(refused)('%j on %s is refused', (settings, version, message) => {
    expect(() => settingsEnvironment(settings, version)).toThrow(message);
  });

  it.each([
    [{ 'feature-gates': 'InitialCorruptCheck=true,PriorityRequest=false' }, '3.7.3'],
    [{ 'experimental-initial-corrupt-check': true, 'feature-gates': 'CompactHashCheck=true' }, '3.6.16'],
    [{ 'experimental-snapshot-catchup-entries': 5000 }, '3.5.30'],
    [{ 'corrupt-check-time': '5s', 'feature-gates': 'PriorityRequest=true' }, '3.8.0'],
  ])('%j on %s is fine', (settings, version) => {
    expect(settingsProblems(settings, version)).toEqual([]);
  });

  it('that have no effect are said, and stop nobody', () => {
    const settings = { 'v2-deprecation': 'write-only' };
    expect(settingsProblems(settings, '3.5.30')).toEqual([]);
    expect(settingsProblems(settings, '3.7.3')).toEqual([
      {
        message: 'etcd 3.7.3 takes v2-deprecation and does nothing with it',
        hint: 'take it out',
        level: 'warning',
      },
    ]);
    expect(settingsEnvironment(settings, '3.7.3')).toEqual([['ETCD_V2_DEPRECATION', 'write-only']]);
  });

  it.each([
    ['experimental-initial-corrupt-check', true, undefined, 'feature-gates: "InitialCorruptCheck=true"'],
    ['experimental-compact-hash-check-enabled', true, undefined, 'feature-gates: "CompactHashCheck=true"'],
    ['experimental-enable-lease-checkpoint', true, undefined, 'feature-gates: "LeaseCheckpoint=true"'],
    [
      'experimental-enable-lease-checkpoint-persist',
      true,
      undefined,
      'feature-gates: "LeaseCheckpointPersist=true"',
    ],
    [
      'experimental-txn-mode-write-with-shared-buffer',
      false,
      undefined,
      'feature-gates: "TxnModeWriteWithSharedBuffer=false"',
    ],
    [
      'experimental-stop-grpc-service-on-defrag',
      true,
      'AllBeta=true',
      'feature-gates: "AllBeta=true,StopGRPCServiceOnDefrag=true"',
    ],
    ['experimental-corrupt-check-time', '5s', undefined, 'did you mean corrupt-check-time?'],
  ])('%s: %s beside gates %s has its place on 3.7: %s', (name, value, gates, hint) => {
    const settings = { [name]: value, ...(gates !== undefined && { 'feature-gates': gates }) };
    expect(settingsProblems(settings, '3.7.3')).toEqual([
      { message: `etcd 3.7.3 has no setting ${name}`, hint },
    ]);
  });

  const hints: readonly (readonly [setting: string, version: string | undefined, hint: string])[] = [
    ['snapshot-cuont', '3.5.30', 'did you mean snapshot-count?'],
    ['ETCD_SNAPSHOT_COUNT', '3.3.25', 'did you mean snapshot-count?'],
    ['corrupt-check-time', '3.5.30', 'did you mean experimental-corrupt-check-time?'],
    ['experimental-compaction-sleep-interval', '3.4.23', '3.5, 3.6 have it'],
    ['experimental-compaction-sleep-interval', '3.5.15', 'it came with 3.5.16'],
    ['discovery-proxy', '3.7.3', '3.3, 3.4, 3.5, 3.6 have it'],
    ['logger', '3.3.25', '3.4, 3.5, 3.6, 3.7 have it'],
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

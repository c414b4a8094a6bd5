import { describe, expect, it } from 'vitest';
import { translateSettings } from '../../../../lib/etcd/model/translate-settings.ts';

describe('settings, told to another version', () => {
  it.each([
    [{ 'snapshot-count': 5000 }, '3.5.33', { 'snapshot-count': 5000 }],
    [{ 'corrupt-check-time': '12h' }, '3.5.33', { 'experimental-corrupt-check-time': '12h' }],
    [{ 'experimental-corrupt-check-time': '12h' }, '3.6.16', { 'experimental-corrupt-check-time': '12h' }],
    [{ 'experimental-corrupt-check-time': '12h' }, '3.7.3', { 'corrupt-check-time': '12h' }],
    [
      { 'experimental-initial-corrupt-check': true },
      '3.7.3',
      { 'feature-gates': 'InitialCorruptCheck=true' },
    ],
    [
      { 'feature-gates': 'InitialCorruptCheck=true,LeaseCheckpoint=false' },
      '3.5.33',
      { 'experimental-initial-corrupt-check': 'true', 'experimental-enable-lease-checkpoint': 'false' },
    ],
    [
      { 'feature-gates': 'CompactHashCheck=true', 'experimental-initial-corrupt-check': true },
      '3.7.3',
      { 'feature-gates': 'CompactHashCheck=true,InitialCorruptCheck=true' },
    ],
  ])('%j to %s', (settings, version, wanted) => {
    expect(translateSettings(settings, version)).toEqual({ settings: wanted, left: [] });
  });

  it('leaves out what came later, and says so', () => {
    const later = { 'max-learners': 2, 'feature-gates': 'FastLeaseKeepAlive=true', 'snapshot-count': 7 };
    expect(translateSettings(later, '3.5.33')).toEqual({
      settings: { 'snapshot-count': 7 },
      left: ['max-learners', 'feature-gates: FastLeaseKeepAlive'],
    });
  });

  it('names what has gone, and has no other name', () => {
    expect(translateSettings({ 'enable-v2': true }, '3.6.16').problem?.message).toContain(
      'no setting enable-v2',
    );
    expect(translateSettings({ debug: true }, '3.5.33').problem?.message).toContain('no setting debug');
  });
});

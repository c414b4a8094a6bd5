import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/probe.ts';
import { World } from '../../../lib/dsl/world.ts';
import { withEntry } from '../../../lib/resources/fstab.ts';
import { type MountOptions, mount } from '../../../lib/resources/mount.ts';

const entry = (more = {}) => ({
  source: '/dev/sdb1',
  path: '/data',
  type: 'ext4',
  options: 'noatime',
  dump: 0,
  pass: 0,
  ...more,
});
const LINE = '/dev/sdb1 /data ext4 noatime 0 0\n';

describe('a line of the table', () => {
  it.each<[string, before: string, wanted: ReturnType<typeof entry> | undefined, after: string]>([
    ['comes at the end', 'LABEL=x / ext4 defaults 0 1', entry(), `LABEL=x / ext4 defaults 0 1\n${LINE}`],
    ['is there', `# a\n${LINE}`, entry(), `# a\n${LINE}`],
    [
      'is there with tabs, fewer fields and a comment',
      '/dev/sdb1\t/data\text4  noatime # ours',
      entry(),
      '/dev/sdb1\t/data\text4  noatime # ours',
    ],
    [
      'is there with its options in another order',
      LINE.replace('noatime', 'nodev,ro'),
      entry({ options: 'ro,nodev' }),
      LINE.replace('noatime', 'nodev,ro'),
    ],
    [
      'changes where it stands, and keeps its comment',
      `${LINE.trim()} # ours\nx /y z\n`,
      entry({ type: 'xfs' }),
      '/dev/sdb1 /data xfs noatime 0 0 # ours\nx /y z\n',
    ],
    [
      'leaves those without a mount point',
      '/swap1 none swap sw 0 0\n/swap2 none swap sw 0 0\n',
      entry(),
      `/swap1 none swap sw 0 0\n/swap2 none swap sw 0 0\n${LINE}`,
    ],
    [
      'writes spaces as it must',
      '',
      entry({ source: '//nas/my share' }),
      '//nas/my\\040share /data ext4 noatime 0 0\n',
    ],
    [
      'reads spaces as it must',
      '//nas/my\\040share /data ext4 noatime 0 0',
      entry({ source: '//nas/my share' }),
      '//nas/my\\040share /data ext4 noatime 0 0',
    ],
    ['goes', `a /b c\n/dev/sdb1 /data ext4\n`, undefined, 'a /b c\n'],
    ['is gone', '#/dev/sdb1 /data ext4\n', undefined, '#/dev/sdb1 /data ext4\n'],
  ])('%s', (_name, before, wanted, after) => {
    expect(withEntry(before, '/data', wanted)).toBe(after);
    expect(withEntry(after, '/data', wanted)).toBe(after);
  });

  it('that stands twice is not chosen from', () => {
    expect(() => withEntry(LINE + LINE, '/data', entry())).toThrow(/has 2 lines for \/data$/);
  });
});

/** What the probe prints. */
function observed(table: string, live?: string, device = '/dev/sdb1'): string {
  return [
    'stat directory|755|root|root|1|0|0|/data',
    `stat regular file|644|root|root|1|0|0|/etc/fstab\ntext\n${Buffer.from(table).toString('base64')}`,
    'above directory /',
    [...(live === undefined ? [] : [`live ${live}`]), `device ${device}`].join('\n'),
  ].join(`\n${MARK}\n`);
}
const plan = (options: Partial<MountOptions>, out: string) =>
  mount('/data', { source: '/dev/sdb1', type: 'ext4', options: 'noatime', ...options })
    .diff({ code: 0, out }, new World())
    .map(({ kind, property, before, after }) => `${kind} ${property}: ${before} → ${after}`);
const LIVE = 'rw,noatime shared:1 - ext4 /dev/sdb1 rw';

describe('a mount', () => {
  it.each<[string, Partial<MountOptions>, out: string, found: string[]]>([
    ['is there', {}, observed(LINE, LIVE), []],
    ['is missing', {}, observed(''), ['start mounted: no → yes', `update at boot: null → ${LINE.trim()}`]],
    ['is in the table only', {}, observed(LINE), ['start mounted: no → yes']],
    ['may be in the table only', { options: 'noauto' }, observed(LINE.replace('noatime', 'noauto')), []],
    ['is mounted, and not in the table', {}, observed('', LIVE), [`update at boot: null → ${LINE.trim()}`]],
    [
      'lacks an option that is in the table',
      {},
      observed(LINE, LIVE.replace(',noatime', '')),
      ['update options: rw → noatime'],
    ],
    [
      'is read-only, and is to be written',
      { options: 'rw' },
      observed(LINE.replace('noatime', 'rw'), 'ro - ext4 /dev/sdb1 ro'),
      ['update options: ro,ro → rw'],
    ],
    [
      'gets other options',
      { options: 'ro' },
      observed(LINE, LIVE),
      [
        'update options: rw,noatime → ro',
        `update at boot: ${LINE.trim()} → ${LINE.trim().replace('noatime', 'ro')}`,
      ],
    ],
    [
      'goes',
      { state: 'absent' },
      observed(LINE, LIVE),
      ['stop mounted: yes → no', `update at boot: ${LINE.trim()} → null`],
    ],
    ['goes where it is mounted only', { state: 'absent' }, observed('', LIVE), ['stop mounted: yes → no']],
    ['is gone', { state: 'absent' }, observed(''), []],
  ])('%s', (_name, options, out, found) => {
    expect(plan(options, out)).toEqual(found);
  });

  it('of something else is not mounted over', () => {
    expect(() => plan({}, observed(LINE, LIVE.replace('/dev/sdb1', '/dev/sdc1')))).toThrow(
      /\/dev\/sdc1 \(ext4\) is mounted there$/,
    );
    expect(() => plan({}, observed(LINE, LIVE.replace('ext4', 'xfs')))).toThrow(/\(xfs\) is mounted there$/);
  });

  it.each([{ source: '' }, { options: 'a, b' }, { type: '' }])('%j is refused before any contact', (more) => {
    expect(() => mount('/data', { source: 'x', ...more })).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it('is unmounted first, and its folder stays', () => {
    const task = mount('/data', { source: '/dev/sdb1', state: 'absent' });
    const script = task.apply(task.diff({ code: 0, out: observed(LINE, LIVE) }, new World()), {}).text;
    expect(script.indexOf('umount')).toBeLessThan(script.indexOf('q_write'));
    expect(script).not.toMatch(/\brm\b|rmdir/);
    expect(spawnSync('sh', ['-n'], { input: script }).status).toBe(0);
  });
});

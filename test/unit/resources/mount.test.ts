import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../lib/dsl/shell/prelude.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import type { Change } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { withEntry } from '../../../lib/resources/mount/fstab.ts';
import { type MountOptions, mount } from '../../../lib/resources/mount/index.ts';

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
function observed(table: string | Buffer, live?: string, wanted = 'device /dev/sdb1'): string {
  const device = / - \S+ (\/dev\/\S+)/.exec(live ?? '')?.[1]?.replace('/dev/mapper/vg-data', '/dev/dm-3');
  return [
    'stat directory|755|root|root|1|0|0|/data',
    `stat regular file|644|root|root|1|0|0|/etc/fstab\ntext\n${Buffer.from(table).toString('base64')}`,
    'above directory /',
    [
      ...(live === undefined ? [] : [`live ${live}`]),
      ...(device === undefined ? [] : [`live-device ${device}`]),
      wanted,
    ].join('\n'),
  ].join(`\n${MARK}\n`);
}
const plan = (options: Partial<MountOptions>, out: string) =>
  mount('/data', { source: '/dev/sdb1', type: 'ext4', options: 'noatime', ...options })
    .diff({ code: 0, out }, new World())
    .map(({ kind, property, before, after }) => `${kind} ${property}: ${before} → ${after}`);
const LIVE = 'rw,noatime shared:1 - ext4 /dev/sdb1 rw';

describe('a mount', () => {
  it('goes by its place alone', () => {
    const task = mount('/data', { state: 'absent' });
    expect(
      task.diff({ code: 0, out: observed(LINE, LIVE) }, new World()).map(({ property }) => property),
    ).toEqual(['mounted', 'at boot']);
  });

  it.each<[string, Partial<MountOptions>, out: string, isRemounted: boolean]>([
    ['is to be mounted', {}, observed(''), true],
    ['is there', {}, observed(LINE, LIVE), false],
    ['is to be in the table', {}, observed('', LIVE), false],
    ['is to be unmounted', { state: 'absent' }, observed(LINE, LIVE), true],
  ])('that %s says so of what lies below', (_, options, out, isRemounted) => {
    const world = new World();
    mount('/data', { source: '/dev/sdb1', type: 'ext4', options: 'noatime', ...options }).diff(
      { code: 0, out },
      world,
    );
    const paths = ['/data', '/data/db/VERSION', '/database', '/'];
    expect(paths.map((path) => world.isRemounted(path))).toEqual([isRemounted, isRemounted, false, false]);
    expect(world.forProof().isRemounted('/data')).toBe(false);
  });

  it.each<[string, Partial<MountOptions>, out: string, found: string[]]>([
    ['is there', {}, observed(LINE, LIVE), []],
    [
      'waits for its first use',
      { options: 'x-systemd.automount,_netdev' },
      observed(
        LINE.replace('noatime', 'x-systemd.automount,_netdev'),
        'rw,relatime shared:1 - autofs systemd-1 rw,fd=51,direct',
      ),
      [],
    ],
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
      'is read-only, as a disk that fails leaves it',
      {},
      observed(LINE, 'rw,noatime - ext4 /dev/sdb1 ro'),
      ['update options: rw,noatime,ro → rw,noatime'],
    ],
    [
      'can be read alone',
      { type: 'auto' },
      observed(LINE.replace('ext4', 'auto'), 'ro,noatime - iso9660 /dev/sdb1 ro'),
      [],
    ],
    [
      'is an overlay of lower layers alone',
      { source: 'overlay', type: 'overlay', options: 'lowerdir=/a:/b' },
      observed('overlay /data overlay lowerdir=/a:/b 0 0\n', 'ro - overlay overlay ro,lowerdir=/a:/b', ''),
      [],
    ],
    [
      'is an overlay that is to be written',
      { source: 'overlay', type: 'overlay', options: 'lowerdir=/a,upperdir=/b,workdir=/c' },
      observed(
        'overlay /data overlay lowerdir=/a,upperdir=/b,workdir=/c 0 0\n',
        'ro - overlay overlay ro,lowerdir=/a,upperdir=/b,workdir=/c',
        '',
      ),
      ['update options: ro,ro → rw,lowerdir=/a,upperdir=/b,workdir=/c'],
    ],
    [
      'is a folder of what is read-only',
      { source: '/srv/data', type: 'none', options: 'bind' },
      observed('/srv/data /data none bind 0 0\n', 'rw - ext4 /dev/sdb1 ro', 'same'),
      [],
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
    [
      'has another name for its device',
      { source: '/dev/vg/data' },
      observed(
        LINE.replace('/dev/sdb1', '/dev/vg/data'),
        LIVE.replace('/dev/sdb1', '/dev/mapper/vg-data'),
        'device /dev/dm-3',
      ),
      [],
    ],
    [
      'is told by a label',
      { source: 'LABEL=data' },
      observed(LINE.replace('/dev/sdb1', 'LABEL=data'), LIVE),
      [],
    ],
    [
      'is a folder that is seen there',
      { source: '/srv/data', type: 'none', options: 'bind' },
      observed('/srv/data /data none bind 0 0\n', LIVE, 'same'),
      [],
    ],
    [
      'is what a server gives, told with a slash at its end',
      { source: 'nas:/data/', type: 'nfs' },
      observed('nas:/data/ /data nfs noatime 0 0\n', 'rw,noatime - nfs4 nas:/data rw', ''),
      [],
    ],
    [
      'is a part of a file system',
      { source: '/dev/sdb1', type: 'btrfs', options: 'subvol=@data' },
      observed(
        '/dev/sdb1 /data btrfs subvol=@data 0 0\n',
        'rw - btrfs /dev/sdb1 rw,subvolid=5,subvol=/@data',
      ),
      [],
    ],
    ['has its place told with a slash at its end', {}, observed(LINE.replace('/data', '/data/'), LIVE), []],
  ])('%s', (_name, options, out, found) => {
    expect(plan(options, out)).toEqual(found);
  });

  it('that cannot be written says the way out, where that fails', () => {
    const failed = (options: string, before: string) => {
      const change: Change = {
        resource: 'mount:/data',
        kind: 'update',
        property: 'options',
        before,
        after: options,
        certainty: 'certain',
      };
      const { text } = mount('/data', { source: '/dev/sdb1', options }).apply([change], {});
      return spawnSync('sh', ['-c', `mount() { echo write-protected; return 32; }\n${text}`], {
        encoding: 'utf8',
      });
    };
    const shut = failed('defaults', 'ro,noatime');
    expect([shut.status, shut.stdout]).toEqual([
      1,
      "write-protected\nif nobody is to write to it, say so: options 'ro'\n",
    ]);
    for (const [options, before] of [
      ['noatime', 'rw'],
      ['ro', 'rw,errors=remount-ro'],
    ] as const)
      expect(failed(options, before)).toMatchObject({ status: 32, stdout: 'write-protected\n' });
  });

  it('of something else is not mounted over', () => {
    const others: readonly (readonly [Partial<MountOptions>, live: string, wanted?: string])[] = [
      [{}, LIVE.replace('/dev/sdb1', '/dev/sdc1')],
      [{}, LIVE.replace('ext4', 'xfs')],
      [{ source: 'UUID=ab-cd' }, LIVE, 'device /dev/sdc1'],
      [{ source: '/srv/data', type: 'none', options: 'bind' }, LIVE, ''],
      [{ source: 'nas:/new', type: 'nfs' }, 'rw - nfs4 nas:/old rw', ''],
      [{ type: 'btrfs', options: 'subvol=@new' }, 'rw - btrfs /dev/sdb1 rw,subvol=/@old'],
    ];
    for (const [options, live, wanted] of others)
      expect(() => plan(options, observed('', live, wanted))).toThrow(/ is mounted there$/);
  });

  it.each<[string, Partial<MountOptions>, out: string, message: RegExp]>([
    ['without its device', {}, observed('', undefined, 'missing'), /: the host has no \/dev\/sdb1$/],
    [
      'without its device, where another is mounted',
      { source: 'LABEL=new' },
      observed('', LIVE, 'missing'),
      /: the host has no LABEL=new$/,
    ],
    [
      'with another below it',
      { state: 'absent' },
      observed('', LIVE, 'below /data/my\\040disk'),
      /cannot unmount \/data: \/data\/my disk is mounted below it$/,
    ],
    [
      'whose table is not UTF-8',
      {},
      observed(Buffer.from([0x23, 0xe4, 0x0a]), LIVE),
      /cannot edit \/etc\/fstab: it is not UTF-8 text$/,
    ],
  ])('%s is an error, in a check too', (_name, options, out, message) => {
    expect(() => plan(options, out)).toThrow(message);
  });

  it('may have a device that an earlier task makes', () => {
    const world = new World();
    world.expectAnything();
    expect(
      mount('/data', { source: 'LABEL=data' }).diff(
        { code: 0, out: observed('', undefined, 'missing') },
        world,
      )[0],
    ).toMatchObject({ kind: 'start', certainty: 'conditional' });
  });

  it('goes after what is mounted below it', () => {
    const world = new World();
    mount('/data/in', { source: 'x', state: 'absent' }).diff({ code: 0, out: observed('', LIVE) }, world);
    expect(
      mount('/data', { source: 'x', state: 'absent' }).diff(
        { code: 0, out: observed('', LIVE, 'below /data/in') },
        world,
      ),
    ).toHaveLength(1);
  });

  it('of a share of another machine needs no such path here', () => {
    const { probe } = mount('/data', {
      source: '//nas/share',
      type: 'cifs',
      options: 'credentials=/root/.smb',
    });
    const { stdout } = spawnSync('sh', ['-c', `${PRELUDE}\n${probe?.text}`], { encoding: 'utf8' });
    expect(stdout).not.toMatch(/^missing$/m);
    expect(stdout).toMatch(/^above directory/m);
  });

  it.each(['password=x', 'ro,pass=x', 'user=ann,passwd=x'])('with %s is refused, and not told', (options) => {
    expect(() => mount('/data', { source: '//nas/share', type: 'cifs', options })).toThrow(
      expect.objectContaining({ exitCode: 1, message: expect.not.stringContaining('=x') }),
    );
  });

  it.each([{ source: '' }, { options: 'a, b' }, { type: '' }, { pass: -3 }])(
    '%j is refused before any contact',
    (more) => {
      expect(() => mount('/data', { source: 'x', ...more })).toThrow(
        expect.objectContaining({ exitCode: 1 }),
      );
    },
  );

  it('is unmounted first, and its folder stays', () => {
    const task = mount('/data', { source: '/dev/sdb1', state: 'absent' });
    const script = task.apply(task.diff({ code: 0, out: observed(LINE, LIVE) }, new World()), {}).text;
    expect(script.indexOf('umount')).toBeLessThan(script.indexOf('q_write'));
    expect(script).not.toMatch(/\brm\b|rmdir/);
    expect(spawnSync('sh', ['-n'], { input: script }).status).toBe(0);
  });
});

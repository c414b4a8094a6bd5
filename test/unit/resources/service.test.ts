import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Change, Task } from '../../../lib/dsl/task.ts';
import { UNKNOWN, World } from '../../../lib/dsl/world/world.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { assert } from '../../../lib/resources/assert.ts';
import { command } from '../../../lib/resources/command.ts';
import { file } from '../../../lib/resources/file.ts';
import { gitCheckout } from '../../../lib/resources/git-checkout/index.ts';
import { line } from '../../../lib/resources/line.ts';
import { link } from '../../../lib/resources/link.ts';
import { packages } from '../../../lib/resources/packages/index.ts';
import { type ServiceOptions, service } from '../../../lib/resources/service/index.ts';
import { systemdUnit } from '../../../lib/resources/systemd-unit.ts';
import { user } from '../../../lib/resources/user/index.ts';

const digest = (letter: string) => letter.repeat(64);
const conf = file('/etc/site.conf', { content: 'x' });
const plain = (options: ServiceOptions = {}) => service('site', options);
const reloads = service('site', { reloadOn: [conf] });
const restarts = service('site', { restartOn: [conf] });

interface Found {
  readonly load?: string;
  readonly state?: string;
  readonly sub?: string;
  readonly unitFile?: string;
  readonly fragment?: string;
  readonly stale?: 'yes' | 'no';
  readonly onDisk?: string;
  /** Of the start that runs, and of the one that was recorded with what it has read. */
  readonly start?: string;
  readonly recorded?: string;
  readonly read?: string;
  /** Seconds after the boot: when it was started, and when the file was last written. */
  readonly since?: number;
  readonly written?: number;
  /** What the probe says besides. */
  readonly more?: string;
}

function observed(found: Found, reads: boolean): string {
  const { load = 'loaded', state = 'active', sub = 'x', unitFile = 'enabled', onDisk = 'a' } = found;
  const { start = 'one', recorded = 'one', read = 'a', since = 100, written = 50 } = found;
  const { fragment = '/lib/systemd/system/site.service', stale = 'no' } = found;
  return [
    `LoadState=${load}\nActiveState=${state}\nSubState=${sub}\nUnitFileState=${unitFile}\nFragmentPath=${fragment}`,
    `NeedDaemonReload=${stale}\nInvocationID=${start}\nActiveEnterTimestampMonotonic=${since * 1e6}\nbtime 1000`,
    `recorded=${recorded}\nread ${digest(read)} /etc/site.conf`,
    reads ? `mark ${digest(onDisk)} ${1000 + written} /etc/site.conf` : '',
    found.more ?? '',
  ].join('\n');
}

function plan(task: ReturnType<typeof service>, found: Found, world = new World()) {
  const reads = task === reloads || task === restarts;
  return task
    .diff({ code: 0, out: observed(found, reads) }, world)
    .map(({ kind, property, before, after }) => `${kind} ${property}: ${before} → ${after}`);
}

const READ = 'has read another /etc/site.conf';

describe('a service', () => {
  it('tells why it does not run, where it is to run', () => {
    expect(plain().explain?.text).toContain('systemctl show -p ActiveState');
    expect([plain({ state: 'stopped' }).explain, plain({ state: 'any' }).explain]).toEqual([
      undefined,
      undefined,
    ]);
  });

  it('that does its work and ends is not one that runs, before and after it was started', () => {
    const over = { state: 'inactive', more: 'Type=oneshot\nRemainAfterExit=no' };
    for (const world of [new World(), new World(new World(), true)])
      expect(() => plan(plain(), over, world)).toThrow(
        expect.objectContaining({
          message: expect.stringMatching(/^cannot keep site running: it does its work and ends/),
          hint: expect.stringContaining("state: 'any'"),
        }),
      );
  });

  it.each<[string, Found, ((world: World) => unknown)?]>([
    [
      'a unit',
      {},
      (world) =>
        systemdUnit('site.service', { content: 'x' }).diff(
          {
            code: 0,
            out: `
${MARK}
NeedDaemonReload=no`,
          },
          world,
        ),
    ],
    ['what systemd has not read', { stale: 'yes' }],
    ['what shell may bring', {}, (world) => world.expectAnything()],
    ['what packages may bring', {}, (world) => world.package('site').willBe({ version: '2' })],
  ])('that does its work and ends is started, where it is another by then: by %s', (_by, found, before) => {
    const world = new World();
    before?.(world);
    const over = { ...found, state: 'inactive', more: 'Type=oneshot\nRemainAfterExit=no' };
    expect(plan(plain(), over, world)).toEqual(['start state: stopped → running']);
  });

  it.each<[string, ReturnType<typeof service>, Found, string[]]>([
    ['that runs', plain(), {}, []],
    ['that is stopped', plain(), { state: 'inactive' }, ['start state: stopped → running']],
    ['whose state is left to others', plain({ state: 'any', enabled: true }), { state: 'inactive' }, []],
    [
      'that is to be enabled alone',
      plain({ state: 'any', enabled: true }),
      { state: 'inactive', unitFile: 'disabled', more: 'Type=oneshot\nRemainAfterExit=no' },
      ['update enabled: disabled → enabled'],
    ],
    ['that stays when its work is done', plain(), { more: 'Type=oneshot\nRemainAfterExit=yes' }, []],
    ['that has failed', plain(), { state: 'failed' }, ['start state: failed → running']],
    ['that is disabled', plain(), { unitFile: 'disabled' }, ['update enabled: disabled → enabled']],
    ['that others start', plain(), { unitFile: 'static', more: 'WantedBy=multi-user.target' }, []],
    ['that D-Bus starts', plain(), { unitFile: 'static', more: 'BusName=org.example\nbus starts it' }, []],
    [
      'that is enabled by another unit, which is not',
      plain(),
      { unitFile: 'indirect', more: 'also disabled' },
      ['update enabled: indirect → enabled'],
    ],
    ['that is enabled by another unit', plain(), { unitFile: 'indirect', more: 'also enabled' }, []],
    ['that has an alias', plain(), { unitFile: 'indirect' }, []],
    ['that runs and is not to', plain({ state: 'stopped' }), {}, ['stop state: running → stopped']],
    [
      'in a crash loop, which is not to run',
      plain({ state: 'stopped' }),
      { state: 'activating', sub: 'auto-restart' },
      ['stop state: in a crash loop → stopped'],
    ],
    [
      'in a crash loop of a newer systemd, to be masked',
      plain({ masked: true }),
      { state: 'activating', sub: 'auto-restart-queued' },
      ['update masked: enabled → masked', 'stop state: in a crash loop → stopped'],
    ],
    [
      'in a crash loop, which is to run',
      plain(),
      { state: 'activating', sub: 'auto-restart' },
      ['start state: failed → running'],
    ],
    [
      'that has failed for good, and is not to run',
      plain({ state: 'stopped' }),
      { state: 'failed', sub: 'failed' },
      [],
    ],
    [
      'that is not there and not to run',
      plain({ state: 'stopped' }),
      { load: 'not-found', state: 'inactive', unitFile: '' },
      [],
    ],
    ['that is not to start at boot', plain({ enabled: false }), {}, ['update enabled: enabled → disabled']],
    ['that is not to start at boot, and does not', plain({ enabled: false }), { unitFile: 'static' }, []],
    [
      'to be masked',
      plain({ masked: true }),
      {},
      ['update masked: enabled → masked', 'stop state: running → stopped'],
    ],
    ['that is masked', plain({ masked: true }), { unitFile: 'masked', state: 'inactive' }, []],
    [
      'that is masked and stopped, as wanted',
      plain({ state: 'stopped', enabled: false }),
      { unitFile: 'masked', state: 'inactive' },
      [],
    ],
    [
      'to be unmasked',
      plain({ masked: false }),
      { unitFile: 'masked', state: 'inactive' },
      [
        'update masked: masked → unmasked',
        'update enabled: masked → enabled',
        'start state: stopped → running',
      ],
    ],
    [
      'to be masked for good, and not until the next boot',
      plain({ masked: true }),
      { unitFile: 'masked-runtime', state: 'inactive' },
      ['update masked: masked-runtime → masked'],
    ],
    ['that a script starts at boot', plain(), { unitFile: 'generated', more: 'by script enabled' }, []],
    [
      'of a script that does not start at boot',
      plain(),
      { unitFile: 'generated', more: 'by script disabled' },
      ['update enabled: disabled → enabled'],
    ],
    [
      'of a script that is not to start at boot',
      plain({ enabled: false }),
      { unitFile: 'generated', more: 'by script enabled' },
      ['update enabled: enabled → disabled'],
    ],
    [
      'to be masked, so that no socket starts it',
      plain({ masked: true }),
      { unitFile: 'static', more: 'socket site.socket' },
      ['update masked: static → masked', 'stop state: running → stopped'],
    ],
    ['whose unit was edited', plain(), { stale: 'yes' }, ['update unit: another → read again']],
    ['that has read what is wanted', restarts, {}, []],
    [
      'that we have started on something else',
      restarts,
      { read: 'e' },
      [`restart files: ${READ} → restarted`],
    ],
    [
      'that we have started on something else, and can tell it',
      reloads,
      { read: 'e' },
      [`run files: ${READ} → reloaded`],
    ],
    [
      'that is to read something else, and cannot without a restart',
      reloads,
      { read: 'e', more: 'CanReload=no' },
      [`restart files: ${READ} → restarted`],
    ],
    [
      'that somebody else has started since, after the file was written',
      restarts,
      { start: 'two', read: 'e' },
      [],
    ],
    [
      'that somebody else has started since, before the file was written',
      restarts,
      { start: 'two', written: 150 },
      [`restart files: ${READ} → restarted`],
    ],
    [
      'that somebody else has started in the same second',
      restarts,
      { start: 'two', written: 100 },
      [`restart files: ${READ} → restarted`],
    ],
  ])('%s', (_name, task, found, differences) => {
    expect(plan(task, found)).toEqual(differences);
  });

  const START = ['start state: stopped → running'];
  const NOBODY = /^cannot have site start at boot: its unit has no \[Install\], and no other unit starts it$/;
  it('that nothing starts at boot is an error, in a check and in a run', () => {
    for (const world of [new World(), new World(new World(), true)])
      expect(() => plan(plain(), { unitFile: 'static', more: 'WantedBy=\nTriggeredBy=' }, world)).toThrow(
        NOBODY,
      );
    expect(plan(plain({ enabled: false }), { unitFile: 'static' })).toEqual([]);
  });

  it.each<[string, content: string, beside: string[], string[] | RegExp]>([
    ['that has an [Install]', '[Service]\n[Install]\n', [], ['update enabled: null → enabled', ...START]],
    ['that has none', '[Service]\n', [], NOBODY],
    ['that has none, beside a socket', '[Service]\n', ['site.socket=[Socket]\n'], START],
    ['that has none, beside another', '[Service]\n', ['other.service=[Unit]\nAfter=site.service\n'], NOBODY],
    [
      'that has none, beside a drop-in of another',
      '[Service]\n',
      ['other.service.d/x.conf=[Unit]\n'],
      NOBODY,
    ],
    [
      'that another wants',
      '[Service]\n',
      ['other.service=[Unit]\nWants=a.service \\\n site.service\n'],
      START,
    ],
    [
      'that a drop-in wants',
      '[Service]\n',
      ['other.service.d/x.conf=[Unit]\nRequires=site.service\n'],
      START,
    ],
  ])('is started from a unit to come %s', (_, content, beside, found) => {
    const world = new World();
    const out = `\n${MARK}\nNeedDaemonReload=no`;
    for (const [one = '', text = ''] of [`site.service=${content}`, ...beside].map((all) =>
      all.split(/=(.*)/s),
    ))
      systemdUnit(one, { content: text }).diff({ code: 0, out }, world);
    const check = () =>
      plan(plain(), { load: 'not-found', state: 'inactive', unitFile: '', fragment: '' }, world);
    if (found instanceof RegExp) expect(check).toThrow(found);
    else expect(check()).toEqual(found);
  });

  it('with a name on the bus is started by it only where there is a file for that', () => {
    const named = { unitFile: 'static', state: 'inactive', more: 'BusName=org.example' };
    expect(() => plan(plain(), named)).toThrow(NOBODY);
    const world = new World();
    world.path('/usr/share/dbus-1/system-services/org.example.service').willBe({ type: 'file' });
    expect(plan(plain(), named, world)).toEqual(START);
  });

  it('is left to the proof where an earlier task brings what systemd starts it for', () => {
    const world = new World();
    world.path('/etc/rc.local').willBe({ type: 'file', text: '#!/bin/sh\n' });
    const found = { unitFile: 'static', state: 'inactive' };
    expect(plan(service('rc-local'), found, world)).toEqual(START);
    expect(() => plan(plain(), found, world)).toThrow(NOBODY);
    expect(() => plan(service('rc-local'), found, world.forProof())).toThrow(/^cannot have rc-local start/);
  });

  it('is enabled once its unit has got an [Install]', () => {
    const world = new World();
    const content = '[Service]\n[Install]\nWantedBy=multi-user.target\n';
    systemdUnit('site.service', { content }).diff({ code: 0, out: `\n${MARK}\nNeedDaemonReload=no` }, world);
    const found = { unitFile: 'static', fragment: '/etc/systemd/system/site.service' };
    expect(plan(plain(), found, world)).toContain('update enabled: static → enabled');
  });

  it('is due when an earlier task writes what it has read', () => {
    const world = new World();
    world.path('/etc/site.conf').willBe({ sha256: digest('b') });
    expect(plan(reloads, {}, world)).toEqual([`run files: ${READ} → reloaded`]);
    expect(plan(reloads, {}, world.forProof())).toEqual([]);
    const same = new World();
    same.path('/etc/site.conf').willBe({ sha256: digest('a') });
    expect(plan(reloads, {}, same)).toEqual([]);
  });

  const AGAIN = 'update unit: another → read again';
  const DROP_IN = '/etc/systemd/system/site.service.d/x.conf';
  const there = (path: string) => `stat regular file|644|root|root|1|0|0|${path}`;
  const gone = `\n${MARK}\nabove directory /etc/systemd/system/site.service.d`;
  it.each<[string, task: Task, out: string, ServiceOptions, string[]]>([
    ['a drop-in goes', absent(DROP_IN), there(DROP_IN), {}, [AGAIN]],
    ['a drop-in is there no more already', absent(DROP_IN), gone, {}, []],
    [
      'a drop-in is written as a file, and it is told to read that',
      file(DROP_IN, { content: 'x' }),
      gone,
      { reloadOn: [file(DROP_IN, { content: 'x' })] },
      [`run files: has read another ${DROP_IN} → reloaded`, AGAIN],
    ],
    [
      'it starts on it anyway',
      file(DROP_IN, { content: 'x' }),
      gone,
      { restartOn: [file(DROP_IN, { content: 'x' })] },
      [`restart files: has read another ${DROP_IN} → restarted`],
    ],
    ['its unit is a link', link('/usr/lib/systemd/system/site.service', { to: '/srv/x' }), '', {}, [AGAIN]],
    ['the drop-in is of all services', absent('/run/systemd/system/service.d'), there('x'), {}, [AGAIN]],
    ['the drop-in is of another', absent('/etc/systemd/system/sit.service.d/x'), there('x'), {}, []],
    ['systemdUnit has it read', systemdUnit('site.service', { content: 'x' }), 'Version=1', {}, []],
  ])('whose definition systemd has not read, or has: %s', (_case, task, out, options, differences) => {
    const world = new World();
    task.diff({ code: 0, out: out.startsWith('Version') ? `\n${MARK}\nNeedDaemonReload=no` : out }, world);
    expect(plan(plain(options), {}, world)).toEqual(differences);
  });

  it('whose definition changes once more, behind what has systemd read it, is read again', () => {
    const world = new World();
    const drop = (path: string) => absent(path).diff({ code: 0, out: there(path) }, world);
    drop(DROP_IN);
    expect(plan(service('other', { state: 'stopped', enabled: false }), {}, world)).not.toContain(AGAIN);
    expect(plan(plain(), { stale: 'yes' }, world)).toEqual([]);
    drop('/etc/systemd/system/site.service.d/y.conf');
    expect(plan(plain(), {}, world)).toEqual([AGAIN]);
    expect(plan(plain(), {}, world)).toEqual([]);
  });

  it('that packages may bring is started, perhaps', () => {
    const world = new World();
    world.package('site').willBe({ version: '1' });
    const [enable, start] = restarts.diff(
      { code: 0, out: observed({ load: 'not-found', state: 'inactive', unitFile: '' }, true) },
      world,
    );
    expect([enable, start]).toMatchObject([
      { property: 'enabled', certainty: 'conditional' },
      { kind: 'start', certainty: 'conditional' },
    ]);
  });

  it.each<[string, ServiceOptions, Found, RegExp]>([
    [
      'that is not there',
      {},
      { load: 'not-found', state: 'inactive' },
      /cannot start site: systemd knows no site.service$/,
    ],
    [
      'that somebody has masked',
      {},
      { unitFile: 'masked', state: 'inactive' },
      /cannot start site: it is masked$/,
    ],
    [
      'to be masked by another name of it',
      { masked: true },
      { more: 'Id=web.service' },
      /cannot mask site: it is another name of web.service$/,
    ],
    [
      'that a socket would start again',
      { state: 'stopped' },
      { more: 'socket site.socket' },
      /cannot keep site stopped: site.socket listens, and starts it again$/,
    ],
    [
      'whose unit is the administrator’s, to be masked',
      { masked: true },
      { fragment: '/etc/systemd/system/site.service' },
      /cannot mask site: its unit lies in/,
    ],
  ])('%s is an error, in a check too', (_name, options, found, message) => {
    expect(() => plan(plain(options), found)).toThrow(message);
  });

  it('is stopped after the socket that starts it', () => {
    const world = new World();
    service('site.socket', { state: 'stopped' }).diff({ code: 0, out: observed({}, false) }, world);
    expect(plan(plain({ state: 'stopped' }), { more: 'socket site.socket' }, world)).toHaveLength(1);
  });

  it('that lets us in is asked whether it takes its files, before it ends', () => {
    for (const [options, kind] of [
      [{ restartOn: [conf] }, 'restart'],
      [{ reloadOn: [conf] }, 'run'],
    ] as const) {
      const sshd = service('ssh', options);
      const changes = sshd.diff({ code: 0, out: observed({ read: 'e' }, true) }, new World());
      expect(changes.map((change) => change.kind)).toEqual([kind]);
      const script = sshd.apply(changes, {}).text;
      expect(script.indexOf('-t 2>&1')).toBeGreaterThan(-1);
      expect(script.indexOf('-t 2>&1')).toBeLessThan(script.search(/systemctl (restart|reload-or-restart)/));
    }
    const start = service('ssh').diff({ code: 0, out: observed({ state: 'inactive' }, false) }, new World());
    expect(service('ssh').apply(start, {}).text).not.toContain('-t 2>&1');
  });

  it('has one name', () => {
    expect(service('site.service').resource).toBe(service('site').resource);
  });

  it.each(['', 'a b', 'a*', '-a', 'a/b', 'app@', 'app@.service', 'app@.timer'])(
    '%j is not a name',
    (name) => {
      expect(() => service(name)).toThrow(expect.objectContaining({ exitCode: 1 }));
    },
  );

  it('needs a host with systemd', () => {
    expect(() => plain().diff({ code: 127, out: '' }, new World())).toThrow(/systemd does not answer/);
  });

  it.each<[string, ServiceOptions]>([
    ['masked and running', { masked: true, state: 'running' }],
    ['hanging on a command', { restartOn: [command('x', { run: sh`:`, unless: sh`:` })] }],
    ['hanging on an assertion', { reloadOn: [assert('x', { that: sh`:`, message: 'x' })] }],
  ])('%s is refused before any contact', (_name, options) => {
    expect(() => plain(options)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });

  it('hangs on a line of a file as on a whole one', () => {
    expect(service('site', { restartOn: [line('/etc/x', { line: 'a' })] }).wish).toMatchObject({
      reads: [{ name: '/etc/x', due: 'restart' }],
    });
  });

  it('starts by a restart, whatever an earlier task may have started meanwhile', () => {
    const changes = restarts.diff({ code: 0, out: observed({ state: 'inactive' }, true) }, new World());
    expect(restarts.apply(changes, {}).text).toContain('systemctl restart  site.service');
  });
});

describe('what a service can have read of a task', () => {
  const update = (property: string, after: string | null): Change => {
    return { resource: 'x', kind: 'update', property, before: 'x', after, certainty: 'certain' };
  };
  it.each<[string, Task, Change[], (string | undefined)[]]>([
    ['packages that stay', packages('web tls'), [], [undefined, undefined]],
    ['packages, one of which is updated', packages('web tls'), [update('tls', '3.1')], [undefined, '3.1']],
    ['a package that goes', packages('web', { state: 'absent' }), [update('web', null)], ['gone']],
    ['a user who stays', user('web'), [], [undefined]],
    ['a user in another group', user('web', { groups: ['tls'] }), [update('groups', 'tls')], [UNKNOWN]],
    [
      'a checkout from another place, at the same commit',
      gitCheckout('/srv/x', { repository: 'https://x', version: 'v1' }),
      [update('remote', 'https://x')],
      [undefined],
    ],
  ])('%s', (_name, { marks = [] }, changes, after) => {
    expect(marks.map((mark) => mark.after?.(changes))).toEqual(after);
  });
});

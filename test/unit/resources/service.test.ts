import { describe, expect, it } from 'vitest';
import { PART } from '../../../lib/dsl/probe.ts';
import { World } from '../../../lib/dsl/world.ts';
import { service } from '../../../lib/resources/service/index.ts';

const digest = (letter: string) => letter.repeat(64);
const task = service('nginx', {
  manager: 'systemd',
  loads: [{ path: '/etc/nginx.conf', digest: digest('a') }],
});

interface Found {
  readonly state?: string;
  readonly unitFile?: string;
  readonly onDisk?: string;
  /** Of the start that runs, and of the one that was recorded with what it loaded. */
  readonly start?: string;
  readonly recorded?: string;
  readonly loaded?: string;
  /** Seconds after the boot: when it was started, and when the file was last written. */
  readonly since?: number;
  readonly written?: number;
}

function observed({
  state = 'active',
  unitFile = 'enabled',
  onDisk = 'a',
  start = 'one',
  recorded = 'one',
  loaded = 'a',
  since = 100,
  written = 50,
}: Found) {
  return [
    `stat regular file|644|root|root|9|/x\nsha256 ${digest(onDisk)}\n`,
    `ActiveState=${state}\nUnitFileState=${unitFile}\nNeedDaemonReload=no\nInvocationID=${start}\nActiveEnterTimestampMonotonic=${since * 1e6}\nbtime 1000\n`,
    `ActiveState=active\nInvocationID=${recorded}\nloaded ${digest(loaded)}\n`,
    `${1000 + written}\n`,
  ].join(`${PART}\n`);
}

describe('a service', () => {
  it.each<[string, Found, string[]]>([
    ['that runs on what is wanted', {}, []],
    ['that we have started on something else', { loaded: 'x' }, ['restart loaded: other nginx.conf']],
    ['that somebody else has started since, after the file was written', { start: 'two', loaded: 'x' }, []],
    [
      'that somebody else has started since, before the file was written',
      { start: 'two', written: 150 },
      ['restart loaded: other nginx.conf'],
    ],
    [
      'that somebody else has started on another file',
      { start: 'two', onDisk: 'x' },
      ['restart loaded: other nginx.conf'],
    ],
    ['that does not run', { state: 'inactive', start: '' }, ['start state: stopped']],
    ['without [Install]', { unitFile: 'static' }, []],
    ['that is disabled', { unitFile: 'disabled' }, ['update enabled: disabled']],
  ])('%s', (_what, found, expected) => {
    const changes = task.diff({ code: 0, out: observed(found) }, new World());
    expect(changes.map(({ kind, property, before }) => `${kind} ${property}: ${before}`)).toEqual(expected);
  });

  const masked = (unitFile: string, world = new World()) =>
    task.diff({ code: 0, out: observed({ unitFile, state: 'inactive' }) }, world);

  it('that is masked is refused in a check, with how to take that back', () => {
    expect(() => masked('masked')).toThrow('nginx.service is masked: nothing may start it');
    const hint = expect.stringContaining('systemctl unmask --runtime nginx.service');
    let error: unknown;
    try {
      masked('masked-runtime');
    } catch (thrown) {
      error = thrown;
    }
    expect(error).toMatchObject({
      exitCode: 2,
      message: 'nginx.service is masked until the next boot: nothing may start it',
      hint,
    });
  });

  it('that is masked in /run gets going by a unit in /etc, which goes before it', () => {
    const world = new World();
    world.path('/etc/systemd/system/nginx.service').willBe({ type: 'file' });
    expect(masked('masked-runtime', world).map(({ kind }) => kind)).toContain('start');
    expect(() => masked('masked', world)).toThrow('masked');
  });
});

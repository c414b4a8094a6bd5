import { describe, expect, it } from 'vitest';
import { MARK } from '../../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { World } from '../../../../lib/dsl/world/world.ts';
import { memberService } from '../../../../lib/etcd/files/member-service.ts';

const UNIT = '/etc/systemd/system/etcd.service';
const digest = (letter: string) => letter.repeat(64);
const task = memberService('etcd', {
  service: {
    manager: 'systemd',
    unitPath: UNIT,
    loads: [
      { path: '/opt/etcd/cfg/etcd.conf', digest: digest('a') },
      { path: UNIT, digest: digest('b'), alike: [digest('c')] },
    ],
    ready: { until: sh`true`, timeout: 60 },
  },
  record: '/run/etcd/loaded',
  bootstrap: { path: '/run/quorate-etcd.env', content: undefined },
});

const WANTED = ['a', 'b'];

/** What the probe prints: the record of the start, what is on disk, and what systemd says. */
function observed(
  state: string,
  {
    recorded = WANTED as readonly string[] | null,
    onDisk = WANTED,
    enabled = 'enabled',
    reload = 'no',
    left = false,
  },
) {
  const stat = 'stat regular file|644|root|root|9|/x\n';
  const text = recorded?.map((letter) => `${digest(letter)}  -\n`).join('') ?? '';
  return [
    recorded ? `${stat}text\n${Buffer.from(text).toString('base64')}\n` : '',
    left ? stat : '',
    ...onDisk.map((letter) => `${stat}sha256 ${digest(letter)}\n`),
    `ActiveState=${state}\nUnitFileState=${enabled}\nNeedDaemonReload=${reload}\n`,
  ].join(`${MARK}\n`);
}

describe('the service of a member', () => {
  it.each<[string, string, Parameters<typeof observed>[1], string[]]>([
    ['runs on the wanted files', 'active', {}, []],
    [
      'runs on another configuration',
      'active',
      { recorded: ['x', 'b'] },
      ['restart loaded: other etcd.conf'],
    ],
    [
      'runs, and nobody knows on what',
      'active',
      { recorded: null },
      ['restart loaded: other etcd.conf, etcd.service'],
    ],
    ['is stopped', 'inactive', { recorded: null }, ['start state: stopped']],
    ['failed', 'failed', {}, ['start state: failed']],
    ['waits for its peers on the wanted files', 'activating', {}, ['start state: starting']],
    [
      'waits for its peers on other files',
      'activating',
      { recorded: ['x', 'b'] },
      ['start state: starting', 'start loaded: other etcd.conf'],
    ],
    ['is not started at boot', 'active', { enabled: 'disabled' }, ['update enabled: disabled']],
    [
      'was loaded before its unit was reloaded',
      'active',
      { reload: 'yes' },
      ['restart loaded: other etcd.service'],
    ],
    [
      'has a unit that was edited and never loaded',
      'active',
      { onDisk: ['a', 'x'], reload: 'yes' },
      ['update unit: another'],
    ],
    [
      'was started by a unit that makes the same process, which is replaced',
      'active',
      { recorded: ['a', 'c'], onDisk: ['a', 'c'] },
      ['update unit: another'],
    ],
    ['was started by such a unit, since replaced', 'active', { recorded: ['a', 'c'] }, []],
    ['has its bootstrap behind it', 'active', { left: true }, ['remove bootstrap: present']],
  ])('%s', (_what, state, found, expected) => {
    const changes = task.diff({ code: 0, out: observed(state, found) }, new World());
    expect(changes.map(({ kind, property, before }) => `${kind} ${property}: ${before}`)).toEqual(expected);
  });

  it('is left to its start where that is on the wanted files, and started anew where it is not', () => {
    const script = (found: Parameters<typeof observed>[1]) =>
      task.apply(task.diff({ code: 0, out: observed('activating', found) }, new World()), {}).text;
    expect(script({})).not.toContain('systemctl restart');
    expect(script({ recorded: ['x', 'b'] })).toContain('systemctl restart --no-block etcd.service');
  });
});

import { describe, expect, it } from 'vitest';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { authorizedKeys } from '../../../lib/resources/authorized-keys/index.ts';
import { certificate } from '../../../lib/resources/certificate.ts';
import { hostname } from '../../../lib/resources/hostname.ts';
import { hostsEntry } from '../../../lib/resources/hosts-entry.ts';
import { line } from '../../../lib/resources/line.ts';
import { mount } from '../../../lib/resources/mount/index.ts';
import { systemdUnit } from '../../../lib/resources/systemd-unit.ts';
import { textBlock } from '../../../lib/resources/text-block.ts';
import { timer } from '../../../lib/resources/timer.ts';

const FILE = `stat regular file|644|root|root|2|0|0|/x\ntext\n${Buffer.from('a\n').toString('base64')}`;
const FOLDER = 'stat directory|700|ann|ann|2|1|1|/x';
const KEY = 'ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIAf0zm7/Fdb59ASfIBBvKMXDd8rmYiG79eO69JdeKT1V ann';
const NEW_PAIR = { key: '/etc/ssl/k.pem', names: ['x'] };

/** `%` is the nearest folder above the file in question. */
const EDITS: readonly (readonly [name: string, Task, found: readonly string[]])[] = [
  ['line', line('/etc/x', { line: 'b' }), [FILE, '%']],
  ['textBlock', textBlock('/etc/x', { name: 'b', content: 'b' }), [FILE, '%']],
  ['hostsEntry', hostsEntry('db', { address: '10.0.0.7' }), [FILE, '%']],
  ['hostname', hostname('web'), [FILE, '%', 'live web']],
  ['systemdUnit', systemdUnit('x.service', { content: 'b' }), [FILE, '%', 'NeedDaemonReload=no']],
  [
    'timer',
    timer('x', { calendar: 'daily', run: sh`true` }),
    [FILE, FILE, '%/systemd/system', 'NeedDaemonReload=no\nActiveState=active\nUnitFileState=enabled'],
  ],
  [
    'mount',
    mount('/data', { source: 'nas:/x', type: 'nfs' }),
    [FOLDER, FILE, 'above directory /', '%', 'live rw - nfs nas:/x rw'],
  ],
  [
    'authorizedKeys',
    authorizedKeys('ann', { keys: [KEY] }),
    ['passwd ann 1:1::/x:/bin/sh', 'home /x', FOLDER, FILE.replaceAll('root', 'ann'), '%'],
  ],
  ['certificate', certificate('/etc/x.pem', NEW_PAIR), ['', '', '%', 'above directory /etc/ssl', '']],
  [
    'the key of a certificate',
    certificate('/etc/x.pem', NEW_PAIR),
    ['', '', 'above directory /etc', '%/ssl', ''],
  ],
];

describe('a check knows that nothing can be written', () => {
  const plan = (task: Task, found: readonly string[], above: string) => {
    const parts = found.map((part) => part.replace(/^%/, above));
    return task.diff({ code: 0, out: parts.join(`\n${MARK}\n`) }, new World());
  };
  it.each(EDITS)('%s', (_name, task, found) => {
    expect(plan(task, found, 'above directory /etc')).not.toEqual([]);
    expect(() => plan(task, found, 'above sealed /etc')).toThrow(/: nothing can be written in \/etc/);
  });
});

describe('a certificate', () => {
  const plan = (found: readonly string[], world = new World()) =>
    certificate('/etc/x.pem', { key: '/etc/ssl/k.pem', names: ['x'] })
      .diff({ code: 0, out: found.join(`\n${MARK}\n`) }, world)
      .map(({ kind, property }) => `${kind} ${property}`);
  const ABOVE = ['above directory /etc', 'above directory /etc'];
  it('needs the folder of its key', () => {
    expect(() => plan(['', '', ...ABOVE, ''])).toThrow(
      /cannot make \/etc\/ssl\/k.pem: \/etc\/ssl is missing$/,
    );
    const world = new World();
    world.path('/etc/ssl').willBe({ type: 'directory' });
    expect(plan(['', '', ...ABOVE, ''], world)).toEqual(['create x.pem', 'create k.pem']);
  });

  it('is made anew where an earlier task takes it away', () => {
    const world = new World();
    for (const path of ['/etc/x.pem', '/etc/ssl/k.pem']) world.path(path).willBeAbsent();
    const there = [FILE, FILE, 'above directory /etc', 'above directory /etc/ssl', ''];
    expect(plan(there)).not.toContain('create k.pem');
    expect(plan(there, world)).toEqual(['create x.pem', 'create k.pem']);
  });
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { handOver } from '../../../lib/cli/start/handed.ts';
import { jobLine, playbookNamed } from '../../../lib/fleet/line.ts';
import type { Order } from '../../../lib/fleet/order.ts';
import { PLAYBOOKS } from '../../../lib/root.ts';
import { scratch } from '../support/scratch.ts';

const home = process.cwd();
const { argv } = process;
let folder = '';
const order = (playbook: Order['playbook']): Order => ({
  run: 'R',
  playbook,
  name: 'site',
  words: ['-l', 'web', '--', 'x'],
  check: true,
  yes: true,
  message: 'nightly',
  waves: ['100%'],
  errors: 0,
  ...{ attempts: 3, backoff: 1, patience: 1, who: 'lena', from: 'laptop' },
});
const JOB = { cluster: 'c1', inventory: 'c1.yaml', shard: '1/2' };
const TAIL = [
  ...['-i', 'c1.yaml', '--output', 'json', '--shard', '1/2', '--check', '--detailed-exitcode', '--yes'],
  ...['--message', 'nightly', '-l', 'web', '--', 'x'],
];

beforeEach(() => {
  folder = scratch();
  writeFileSync(join(folder, 'mine.ts'), '');
  process.chdir(folder);
});
afterEach(() => {
  process.chdir(home);
  process.argv = argv;
});

describe('the playbook of a fleet', () => {
  it.each([
    ['site', { own: 'site' }],
    [join(PLAYBOOKS, 'site.ts'), { own: 'site' }],
    ['mine.ts', { file: 'mine.ts' }],
    ['./mine', { file: 'mine.ts' }],
    ['mine', { file: 'mine.ts' }],
    ['./site', { file: 'site.ts' }],
    ['site.ts', { file: 'site.ts' }],
  ])('%s is %j, where a file is called site.ts', (word, playbook) => {
    writeFileSync(join(folder, 'site.ts'), '');
    expect(playbookNamed(word)).toEqual(playbook);
  });

  it.each([
    ['none', 'there is no playbook none'],
    ['/etc/hostname', '/etc/hostname lies outside of this folder'],
  ])('%s: %s', (word, message) => {
    expect(() => playbookNamed(word)).toThrow(message);
  });
});

describe('the command line of a job', () => {
  it('is this program, with the playbook in place of the fleet', () => {
    const start = [process.execPath, ...process.execArgv];
    expect(jobLine(JOB, order({ own: 'site' }))).toEqual([...start, join(PLAYBOOKS, 'site.ts'), ...TAIL]);
    expect(jobLine(JOB, order({ file: 'mine.ts' }))).toEqual([...start, join(folder, 'mine.ts'), ...TAIL]);
  });

  it('is that of the command where that was started', () => {
    process.argv = ['node', '/opt/quorate.js', 'fleet'];
    handOver('/opt/fleet.js', [], 'npx quorate');
    const start = [process.execPath, ...process.execArgv, '/opt/quorate.js'];
    expect(jobLine(JOB, order({ own: 'site' }))).toEqual([...start, 'site', ...TAIL]);
    expect(jobLine(JOB, order({ file: 'mine.ts' }))).toEqual([...start, 'run', 'mine.ts', ...TAIL]);
  });
});

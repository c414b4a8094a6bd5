import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from 'vitest';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../../lib/dsl/task.ts';
import { archive } from '../../../../lib/resources/archive/index.ts';
import { certificate } from '../../../../lib/resources/certificate.ts';
import { command } from '../../../../lib/resources/command.ts';
import { file } from '../../../../lib/resources/file.ts';
import { tree } from '../../../../lib/resources/tree/index.ts';
import { dry, run } from '../../support/cycle.ts';
import { loopHost } from '../../support/loop-host.ts';
import { recorder } from '../../support/recorder.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

const isRoot = process.getuid?.() === 0;

describe.each(SHELLS)('files that are sent, under %s', (name, ...shell) => {
  let dir: string;
  const at = (path: string) => join(dir, path);
  beforeEach(() => {
    dir = scratch();
    chmodSync(dir, 0o755);
    mkdirSync(at('site'));
    writeFileSync(at('site/logo.png'), Buffer.from([0, 1, 2]));
    execFileSync('tar', ['-cf', at('site.tar'), 'site'], { cwd: dir });
  });
  const logo = (path: string, more = {}) => file(at(path), { source: at('site/logo.png'), ...more });
  const packed = (path: string, more = {}) =>
    archive(at(path), { source: at('site.tar'), creates: 'site/logo.png', ...more });
  const site = (path: string) => tree(at(path), { source: at('site') });

  it.each<[string, (path: string) => Task]>([
    ['a file', (path) => logo(`${path}/logo.png`)],
    ['an archive', (path) => packed(`${path}/site`)],
    ['a tree', (path) => site(`${path}/site`)],
  ])('%s makes no folder before the task that makes it', async (_, sent) => {
    // As `useradd --create-home`: what is there already is not filled.
    const home = command('home', {
      run: sh`mkdir ${at('home')} && mkdir ${at('home/skel')}`,
      creates: at('home/skel'),
    });
    await run([home, sent('home')], { dir, shell });
    expect(readdirSync(at('home'))).toContain('skel');
  });

  it('wait in a folder of ours, of which nothing is left', async () => {
    const host = loopHost({ dir, sink: recorder(), shell });
    await host.makePlan([{ role: 'role', task: logo('logo.png') }]);
    const { send } = host.host;
    const targets: string[] = [];
    host.host.send = (source, target, progress) => {
      targets.push(target);
      return send(source, target, progress);
    };
    mkdirSync(at('state/incoming/killed/0123'), { recursive: true });
    await host.apply(() => true);
    expect(targets).toEqual([expect.stringMatching(/\/state\/incoming\/[^/]+\/[0-9a-f]+\/file$/)]);
    expect(existsSync(at('state/incoming'))).toBe(false);
    expect(readdirSync(dir)).toContain('logo.png');
  });

  it('are sent again where the task is tried again', async () => {
    const broken = packed('at', {
      retries: 1,
      delay: 0.1,
      environment: { PATH: `${at('bin')}:${process.env.PATH}` },
    });
    mkdirSync(at('bin'));
    const unpack = `#!/bin/sh\n[ -e ${at('tried')} ] || { : >${at('tried')}; exit 1; }\nPATH=\${PATH#*:}\nexec tar "$@"\n`;
    writeFileSync(at('bin/tar'), unpack, { mode: 0o755 });
    await run([broken], { dir, shell });
    expect(readFileSync(at('at/site/logo.png'))).toHaveLength(3);
  });

  // The root directory that busybox has here knows no other user.
  describe.runIf(isRoot && name !== 'busybox')('for a task that acts as another user', () => {
    beforeEach(() => {
      mkdirSync(at('theirs'));
      execFileSync('chown', ['nobody', at('theirs')]);
    });

    it.each<[string, () => Task, string]>([
      ['a file', () => logo('theirs/logo.png', { becomeUser: 'nobody' }), 'theirs/logo.png'],
      ['an archive', () => packed('theirs/at', { becomeUser: 'nobody' }), 'theirs/at/site/logo.png'],
      [
        'a certificate',
        () =>
          certificate(at('theirs/cert.pem'), {
            key: at('theirs/key.pem'),
            names: ['www.example.org'],
            becomeUser: 'nobody',
          }),
        'theirs/key.pem',
      ],
    ])('%s is that user’s', async (_, task, made) => {
      await run([task()], { dir, shell });
      expect(statSync(at(made)).uid).toBe(statSync(at('theirs')).uid);
      expect(existsSync(at('state/incoming'))).toBe(false);
      expect(readdirSync(at('theirs')).filter((one) => one.startsWith('.'))).toEqual([]);
      expect(await dry([task()], { dir, shell })).toEqual([]);
    });
  });
});

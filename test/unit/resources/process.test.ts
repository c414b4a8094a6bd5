import { spawnSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { emptyEnvironment, exportEnvironment } from '../../../lib/resources/service/process.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

it.each(SHELLS)(
  'a plain process gets the environment of its files, and of ours the way to programs, under %s',
  (_, file, ...args) => {
    const path = join(scratch(), 'one.conf');
    writeFileSync(path, 'ETCD_NAME="one"\n');
    const ours = {
      PATH: process.env.PATH,
      HOME: '/root',
      SHLVL: '1',
      ETCD_QUOTA: '7',
      https_proxy: 'http://x:1',
      ODD: 'a\nb=c',
    };
    const { stdout } = spawnSync(
      file,
      [...args, '-c', `${emptyEnvironment.text}\n${exportEnvironment([path]).text}\nenv`],
      {
        encoding: 'utf8',
        env: ours,
      },
    );
    const names = stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => line.split('=')[0]);
    expect(names.filter((name) => !/^(?:_|PWD|OLDPWD|SHLVL)$/.test(name ?? '')).sort()).toEqual([
      'ETCD_NAME',
      'HOME',
      'PATH',
    ]);
  },
);

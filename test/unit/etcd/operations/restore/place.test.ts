import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../../lib/dsl/shell/prelude.ts';
import type { Sh } from '../../../../../lib/dsl/shell/sh.ts';
import { clearHost } from '../../../../../lib/etcd/operations/common/left-over.ts';
import {
  keptIn,
  nextDir,
  prepare,
  progressFacts,
  type RestorePlace,
} from '../../../../../lib/etcd/operations/restore/shell.ts';
import { placeData } from '../../../../../lib/etcd/operations/restore/swap.ts';
import { fakeCluster } from '../../../support/fake-cluster.ts';
import { memberBelow } from '../../../support/member-below.ts';
import { scratch } from '../../../support/scratch.ts';
import { SHELLS } from '../../../support/shells.ts';

const RUN = '20261127T100000Z-aaaaaa';

describe.each(SHELLS)('restored data that is put in place, by %s', (_name, file = 'sh', ...args) => {
  function host() {
    const root = scratch();
    const member = { ...memberBelow(root).member, stateDir: `${root}/state` };
    const place: RestorePlace = { member, run: RUN, verb: 'restore' };
    const next = nextDir(place);
    for (const dir of [`${member.dataDir}/member`, `${next}/member`, member.stateDir])
      mkdirSync(dir, { recursive: true });
    writeFileSync(`${member.dataDir}/member/which`, 'old');
    writeFileSync(`${next}/member/which`, 'restored');
    writeFileSync(`${next}/ready`, '');
    const run = ({ text }: Sh) =>
      execFileSync(file, [...args, '-c', `${PRELUDE}\nq_state=${member.stateDir}\n${text}`], {
        encoding: 'utf8',
      });
    const progress = () =>
      ['prepared', 'placed', 'moved', 'left'].filter((what) =>
        new RegExp(`${what}$`, 'm').test(run(progressFacts(place))),
      );
    return { member, place, next, run, progress };
  }

  it.each<[what: string, moved: boolean, killed: (one: ReturnType<typeof host>) => void]>([
    ['all of it', false, () => {}],
    [
      'killed when the old data was aside',
      true,
      ({ member, place }) => {
        mkdirSync(keptIn(place), { recursive: true });
        renameSync(`${member.dataDir}/member`, `${keptIn(place)}/member`);
      },
    ],
    [
      'killed with the data in place of none',
      true,
      ({ member, next }) => {
        rmSync(`${member.dataDir}/member`, { recursive: true });
        renameSync(`${next}/member`, `${member.dataDir}/member`);
        writeFileSync(`${member.dataDir}/member/which`, 'restored');
      },
    ],
    [
      'killed between the swap and its record',
      true,
      ({ member, place, next }) => {
        mkdirSync(keptIn(place), { recursive: true });
        renameSync(`${member.dataDir}/member`, `${keptIn(place)}/member`);
        renameSync(`${next}/member`, `${member.dataDir}/member`);
      },
    ],
  ])('%s: is placed by its record only, and that outlives the folder', (what, moved, killed) => {
    const one = host();
    killed(one);
    expect(one.progress()).toEqual(['prepared', ...(moved ? ['moved'] : []), 'left']);
    one.run(placeData(one.place));
    const aside = what.includes('in place of none') ? [] : ['moved'];
    expect(one.progress()).toEqual(['placed', ...aside]);
    rmSync(one.next, { recursive: true, force: true });
    expect(one.progress()).toEqual(['placed', ...aside]);
    expect(readFileSync(`${one.member.dataDir}/member/which`, 'utf8')).toBe('restored');
    expect(existsSync(`${keptIn(one.place)}/member/which`)).toBe(aside.length > 0);
  });

  it('is restored where the disk with the data directory was lost', () => {
    const { member, place, next, run, progress } = host();
    rmSync(member.dataDir, { recursive: true });
    mkdirSync(member.binDir);
    const tool =
      '#!/bin/sh\ncase " $* " in *" snapshot restore "*--data-dir*) mkdir -p "$5/member" ;; esac\n';
    writeFileSync(`${member.binDir}/etcdutl`, tool, { mode: 0o755 });
    writeFileSync(`${member.stateDir}/restore.db`, 'snapshot');
    const { cluster } = fakeCluster([{}]);
    run(prepare(place, cluster, createHash('sha256').update('snapshot').digest('hex')));
    expect([progress(), existsSync(`${next}/member`)]).toEqual([['prepared', 'left'], true]);
  });

  it('goes where it is not wanted any more, of whatever run, and the data of the member stays', () => {
    const { member: own, next, run, progress } = host();
    const member = { ...own, walDir: `${own.stateDir}/wal` };
    const aside = keptIn({ member: own, run: '20261126T100000Z-aaaaaa', verb: 'restore' });
    const others = [
      next.replace('.restore-', '.recover-'),
      `${next.replace(RUN, '20261126T100000Z-bbbbbb')}.copy`,
      `${member.walDir}.restore-${RUN}`,
    ];
    for (const dir of [...others, aside]) mkdirSync(dir);
    for (const file of ['restore.db', '.restore.db.quorate-part'])
      writeFileSync(`${member.stateDir}/${file}`, '');
    expect(progress()).toEqual(['prepared', 'left']);
    run(clearHost(member));
    expect(progress()).toEqual([]);
    expect([next, ...others].filter(existsSync)).toEqual([]);
    expect(readdirSync(member.stateDir)).toEqual([]);
    expect(existsSync(aside) && readFileSync(`${member.dataDir}/member/which`, 'utf8')).toBe('old');
  });
});

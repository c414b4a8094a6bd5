import { execFileSync } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../../lib/dsl/prelude.ts';
import type { Sh } from '../../../../../lib/dsl/sh.ts';
import {
  keptIn,
  nextDir,
  placeData,
  progressFacts,
  type RestorePlace,
} from '../../../../../lib/etcd/operations/restore/shell.ts';
import { memberBelow } from '../../../support/member-below.ts';
import { scratch } from '../../../support/scratch.ts';
import { SHELLS } from '../../../support/shells.ts';

describe.each(SHELLS)('restored data that is put in place, by %s', (_name, file = 'sh', ...args) => {
  function host() {
    const root = scratch();
    const member = { ...memberBelow(root).member, stateDir: `${root}/state` };
    const place: RestorePlace = { member, run: 'r1', verb: 'restore' };
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
      ['prepared', 'placed'].filter((what) => new RegExp(`${what}$`, 'm').test(run(progressFacts(place))));
    return { member, place, next, run, progress };
  }

  it.each<[what: string, killed: (one: ReturnType<typeof host>) => void]>([
    ['all of it', () => {}],
    [
      'killed when the old data was aside',
      ({ member, place }) => {
        mkdirSync(keptIn(place), { recursive: true });
        renameSync(`${member.dataDir}/member`, `${keptIn(place)}/member`);
      },
    ],
    [
      'killed between the swap and its record',
      ({ member, place, next }) => {
        mkdirSync(keptIn(place), { recursive: true });
        renameSync(`${member.dataDir}/member`, `${keptIn(place)}/member`);
        renameSync(`${next}/member`, `${member.dataDir}/member`);
      },
    ],
  ])('%s: is placed by its record only, and that outlives the folder', (_what, killed) => {
    const one = host();
    killed(one);
    expect(one.progress()).toEqual(['prepared']);
    one.run(placeData(one.place));
    expect(one.progress()).toEqual(['placed']);
    rmSync(one.next, { recursive: true, force: true });
    expect(one.progress()).toEqual(['placed']);
    expect(readFileSync(`${one.member.dataDir}/member/which`, 'utf8')).toBe('restored');
    expect(existsSync(`${keptIn(one.place)}/member/which`)).toBe(true);
  });
});

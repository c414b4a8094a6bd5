import { execFileSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PRELUDE } from '../../../../lib/dsl/shell/prelude.ts';
import { sh } from '../../../../lib/dsl/shell/sh.ts';
import { parseKeep, thinnedApart } from '../../../../lib/etcd/snapshots/thin.ts';
import { thinShell } from '../../../../lib/etcd/snapshots/thin-shell.ts';
import { scratch } from '../../support/scratch.ts';
import { SHELLS } from '../../support/shells.ts';

const name = (date: Date) => `prod-${date.toISOString().replace(/[-:]|\.\d+/g, '')}-r7.db`;
const dates = fc.date({ min: new Date('2023-12-20'), max: new Date('2025-01-10'), noInvalidDate: true });

describe.each(SHELLS)('what a host thins by itself, by %s', (_name, file = 'sh', ...args) => {
  it('is what control would thin, of each cluster ID alone', () => {
    const sets = fc.sample(
      fc.tuple(fc.uniqueArray(dates, { maxLength: 25 }), fc.nat(4), fc.nat(4), fc.nat(4), fc.nat(4)),
      {
        numRuns: 40,
        seed: 7,
      },
    );
    const root = scratch();
    const cases = sets.map(([some, h, d, w, m], i) => {
      const dir = join(root, `it's ${i}`);
      mkdirSync(dir);
      const kept = [...new Set(some.map(name))].map((file, at) => ({
        file,
        clusterId: at % 3 ? 'c0' : 'c0ffee',
        ...(at % 4 === 0 && { before: at % 8 ? 'members' : 'upgrade' }),
      }));
      const others = [
        'prod.db',
        'prod-20240101T000000Z-rx.db',
        'prod-a-20240101T000000Z-r1.db',
        'prod-2024-r1.db',
      ];
      const strange = [
        ...others.map((file) => ({ file, clusterId: 'c0' })),
        { file: 'prod-20200101T000000Z-r1.db', clusterId: '' },
        { file: 'prod-20200101T000001Z-r1.db', clusterId: '$(id) ../c0' },
        // A clock was wrong.
        { file: 'prod-20990101T000000Z-r1.db', clusterId: 'c0' },
        { file: 'prod-20990101T000001Z-r1.db', clusterId: 'c0', before: 'upgrade' },
      ];
      const all: readonly { file: string; clusterId: string; before?: string }[] = [...kept, ...strange];
      for (const { file, clusterId, before } of all) {
        writeFileSync(join(dir, file), '');
        writeFileSync(
          join(dir, file.replace('.db', '.json')),
          `{"time":"t","clusterId":"${clusterId}","keys":1${before ? `,"before":"${before}"` : ''}}\n`,
        );
      }
      // Never verified, and newer than all.
      writeFileSync(join(dir, 'prod-20290101T000000Z-r1.db'), '');
      const keep = parseKeep(`${h}h ${d}d ${w}w ${m}m`)!;
      const taken = kept.map(({ file }) => file).sort()[0] ?? '';
      const script = sh`q_dir=${dir} q_name=${taken.replace('.db', '')}
${thinShell('prod', keep)}
printf '%s\n' "$q_going"`;
      return { script: script.text, wanted: [...thinnedApart(kept, keep, { taken: [taken] })].sort() };
    });
    const all = `${PRELUDE}\n${cases.map(({ script }) => script).join('\n')}`;
    const out = execFileSync(file, [...args, '-c', all], { encoding: 'utf8' });
    const going = out.split('\n').map((line) =>
      line
        .split(' ')
        .filter((one) => one.endsWith('.db'))
        .sort(),
    );
    expect(going.slice(0, cases.length)).toEqual(cases.map(({ wanted }) => wanted));
  });
});

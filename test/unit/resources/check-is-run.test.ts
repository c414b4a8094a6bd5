import {
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Change, Task } from '../../../lib/dsl/task.ts';
import { QuorateError, QuorateErrors } from '../../../lib/errors.ts';
import { absent } from '../../../lib/resources/absent.ts';
import { command } from '../../../lib/resources/command.ts';
import { directory } from '../../../lib/resources/directory.ts';
import { file } from '../../../lib/resources/file.ts';
import { link } from '../../../lib/resources/link.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';

/** The same numbers every time: a case that fails can be run again by its seed. */
function dice(seed: number) {
  let state = seed;
  const roll = (sides: number) => {
    state = (Math.imul(state, 1_103_515_245) + 12_345) & 0x7fffffff;
    return (state >>> 16) % sides;
  };
  return { roll, pick: <T>(list: readonly T[]): T => list[roll(list.length)] as T };
}

const NAMES = ['a', 'a/b', 'a/b/c', 'd', 'd/e', 'f'];
const SEEDS = Array.from({ length: 60 }, (_, i) => i + 1);

/** Anything at a few paths. */
function litter(dir: string, { roll, pick }: ReturnType<typeof dice>): void {
  for (const name of NAMES) {
    const path = join(dir, name);
    try {
      const kind = roll(6);
      if (kind === 0) mkdirSync(path, { mode: pick([0o755, 0o700]) });
      if (kind === 1) writeFileSync(path, pick(['x\n', 'y\n']), { mode: pick([0o644, 0o600]) });
      if (kind === 2) symlinkSync(join(dir, pick([...NAMES, 'nowhere'])), path);
    } catch {
      // What is above is in the way.
    }
  }
}

function wishes(dir: string, { roll, pick }: ReturnType<typeof dice>): readonly Task[] {
  return Array.from({ length: 1 + roll(4) }, (_, i) => {
    const path = join(dir, pick(NAMES));
    const kind = roll(5);
    if (kind === 4) return link(path, { to: join(dir, pick(NAMES)) });
    if (kind === 0) return directory(path, { mode: pick(['0755', '0700']) });
    if (kind === 1) return absent(path);
    if (kind === 2) {
      const made = `${path}.made`;
      return command(`command ${i}`, {
        run: sh`cp ${path} ${made}`,
        unless: sh`[ ! -f ${path} ] || cmp -s ${path} ${made}`,
      });
    }
    return file(path, { content: pick(['x\n', 'y\n']), mode: pick(['0644', '0600']) });
  });
}

/**
 * All below a directory but the records, without a step through a link: how far a path leads through links that go in
 * circles differs from one time to the next where file systems are mounted meanwhile, as other tests do.
 */
function seen(dir: string, below = ''): readonly string[] {
  return readdirSync(join(dir, below))
    .sort()
    .flatMap((entry) => {
      const name = join(below, entry);
      if (name === 'state') return [];
      const path = join(dir, name);
      const stat = lstatSync(path);
      const content = stat.isFile()
        ? readFileSync(path, 'utf8')
        : stat.isSymbolicLink()
          ? readlinkSync(path)
          : '';
      const one = `${name} ${stat.mode.toString(8)} ${content}`;
      return stat.isDirectory() ? [one, ...seen(dir, name)] : [one];
    });
}

describe('whatever is there and whatever is wanted', () => {
  it.each(SEEDS)('what a check says is what a run does (%i)', async (seed) => {
    const [dir, random] = [scratch(), dice(seed)];
    litter(dir, random);
    const tasks = wishes(dir, random).map((task) => ({ role: 'role', task }));
    const before = seen(dir);
    const plan = async () => {
      const host = loopHost({ dir, sink: recorder() });
      await host.makePlan(tasks);
      return host;
    };
    let host: Awaited<ReturnType<typeof plan>>;
    try {
      host = await plan();
    } catch (error) {
      if (!(error instanceof QuorateError || error instanceof QuorateErrors)) throw error;
      expect([1, 2]).toContain(error.exitCode);
      expect(seen(dir)).toEqual(before);
      return;
    }
    expect(seen(dir)).toEqual(before);
    const changes = host.plan.flatMap((planned) => planned.changes);
    const isSure = changes.every(({ certainty }: Change) => certainty === 'certain');
    try {
      await host.apply(() => true);
    } catch (error) {
      // Only what was said to be unsure may fail, or a command that comes before what it looks at.
      if (isSure && !String(error).includes('is due again')) throw error;
      return;
    }
    if (changes.length > 0 && isSure) expect(seen(dir)).not.toEqual(before);
    if (changes.length === 0) expect(seen(dir)).toEqual(before);
    expect((await plan()).plan.flatMap((planned) => planned.changes)).toEqual([]);
  });
});

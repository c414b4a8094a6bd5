import { lstatSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { EXIT, QuorateError } from '../../lib/errors.ts';
import { file } from '../../lib/resources/file.ts';
import { loopHost } from '../unit/support/loop-host.ts';
import { batches, checkCanary, type Ground, type Kind, place, show, type Tally } from './ground.ts';
import { dice, hostile } from './strings.ts';

const BATCH = 40;

/** Path and content of one file. */
interface Wanted {
  readonly name: string;
  readonly content: string;
}

/**
 * The file resource through the runner's own loop and a real shell, on real files: what lies there afterwards is
 * read from outside. Names are what an inventory lets pass, contents anything.
 */
export const files: Kind = {
  name: 'files written and read back',
  share: 4,
  quick: 20,
  async run(cases, seed, ground) {
    const roll = dice(seed);
    const tally: Tally = { literal: 0, refused: 0 };
    for (const [i, length] of batches(cases, BATCH).entries()) {
      const folder = place(ground, `files-${i}`);
      const taken = new Set<string>();
      const all = Array.from({ length }, (): Wanted => {
        const content = hostile(roll, ground.canary, roll.pick(USUAL)).repeat(roll.chance(3) ? 5000 : 1);
        return { name: fileName(hostile(roll, ground.canary), taken), content };
      });
      const writable = all.filter(({ content }) => !content.includes('\0'));
      for (const wanted of all.filter((one) => !writable.includes(one))) await refuses(folder, wanted);
      tally.refused += all.length - writable.length;
      tally.literal += writable.length;
      await write(ground, folder, writable, roll.pick(ground.shells));
    }
    return tally;
  },
};

const USUAL = ['ETCD_NAME="etcd01"\n', '', 'text without a newline', '\n\n', '-n', '\\c', '%s'];

/** One that is new, fits into a folder, and has no control character: inventories let none pass. */
function fileName(raw: string, taken: Set<string>): string {
  let name = raw
    .replaceAll(/[\x00-\x1f\x7f-\x9f\u2028-\u202e\u2066-\u2069\ufeff/]|\p{Cs}|\p{Cn}/gu, '')
    .slice(0, 60);
  while (['', '.', '..'].includes(name) || taken.has(name)) name += `${taken.size}`;
  taken.add(name);
  return name;
}

async function write(
  ground: Ground,
  folder: string,
  all: readonly Wanted[],
  shell: readonly string[],
): Promise<void> {
  await loop(folder, all, shell).then((host) => host.apply(() => true));
  checkCanary(ground, `${shell}: files ${show(all.map(({ name }) => name))}`);
  for (const { name, content } of all) {
    const path = join(folder, name);
    const found = readFileSync(path);
    if (!found.equals(Buffer.from(content))) {
      throw new Error(`${shell}: ${show(path)} holds ${show(found.toString())}, wanted ${show(content)}`);
    }
    if ((lstatSync(path).mode & 0o7777) !== 0o640)
      throw new Error(`${shell}: ${show(path)} has another mode`);
  }
  const names = readdirSync(folder);
  if (names.length !== all.length)
    throw new Error(`${shell}: ${names.length} files instead of ${all.length}`);
  const again = await loop(folder, all, shell);
  const left = again.plan.filter(({ changes }) => changes.length > 0);
  if (left.length > 0)
    throw new Error(
      `${shell}: not the same when read again: ${show(left[0]?.task.resource)} ${show(left[0]?.changes)}`,
    );
}

/** NUL reaches no shell: refused before anything is read. */
async function refuses(folder: string, wanted: Wanted): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const failure = await loop(folder, [wanted], ['/bin/sh']).catch((error: unknown) => error);
  if (!(failure instanceof QuorateError && failure.exitCode === EXIT.usage)) {
    throw new Error(`${show(wanted.content)} was not refused: ${failure}`);
  }
}

async function loop(folder: string, all: readonly Wanted[], shell: readonly string[]) {
  const host = loopHost({ dir: `${folder}.state`, shell, sink: { emit() {}, progress() {} } });
  const tasks = all.map(({ name, content }) => file(join(folder, name), { content, mode: '0640' }));
  await host.makePlan(tasks.map((task) => ({ role: 'fuzz', task })));
  return host;
}

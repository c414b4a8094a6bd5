import { quote, sh } from '../../lib/dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../lib/errors.ts';
import {
  asUtf8,
  batches,
  checkCanary,
  type Ground,
  items,
  type Kind,
  runShell,
  show,
  type Tally,
} from './ground.ts';
import { dice, hostile } from './strings.ts';

const BATCH = 500;

/** A value interpolated into a script, and that into another one, as the runner does it, reaches a command as it is. */
export const words: Kind = {
  name: 'words in scripts',
  share: 28,
  quick: 2000,
  async run(cases, seed, ground) {
    const roll = dice(seed);
    const tally: Tally = { literal: 0, refused: 0 };
    for (const length of batches(cases, BATCH)) {
      const batch = Array.from({ length }, () => hostile(roll, ground.canary));
      const accepted = batch.filter((word) => !refused(word));
      tally.refused += batch.length - accepted.length;
      tally.literal += accepted.length;
      await reach(ground, accepted, roll.pick(ground.shells));
    }
    return tally;
  },
};

function refused(word: string): boolean {
  try {
    quote(word);
    return false;
  } catch (error) {
    if (error instanceof QuorateError && error.exitCode === EXIT.usage) return true;
    throw error;
  }
}

async function reach(ground: Ground, accepted: readonly string[], shell: readonly string[]): Promise<void> {
  const inner = sh`printf '%s\0' ${accepted}`;
  const script = sh`(eval ${inner.text})`;
  const seen = items(await runShell(ground, shell, script.text));
  const at = accepted.findIndex((word, i) => seen[i] !== asUtf8(word));
  if (at >= 0) throw new Error(`${shell}: sent ${show(accepted[at])}, got ${show(seen[at])}`);
  if (seen.length !== accepted.length)
    throw new Error(`${shell}: ${accepted.length} words became ${seen.length}`);
  checkCanary(ground, `${shell}: ${accepted.length} words`);
}

import { environments } from './environments.ts';
import { facts } from './facts.ts';
import { files } from './files.ts';
import { enterGround, type Kind, leaveGround, type Tally } from './ground.ts';
import { inventories } from './inventories.ts';
import { locations } from './locations.ts';
import { screens } from './screens.ts';
import { words } from './words.ts';

/** Every kind of case; their shares add up to a hundred. */
export const KINDS: readonly Kind[] = [words, inventories, environments, facts, files, screens, locations];

/** Runs the kinds' shares of `cases`; `told` hears of each that is done. Throws at the first that fails. */
export async function fuzz(
  cases: number,
  seed: number,
  kinds: readonly Kind[] = KINDS,
  told: (kind: Kind, tally: Tally, seconds: number) => void = () => {},
): Promise<Tally> {
  const total: Tally = { literal: 0, refused: 0 };
  const ground = enterGround();
  try {
    for (const kind of kinds) {
      const started = performance.now();
      const share = Math.ceil((cases * kind.share) / 100);
      const tally = await kind.run(share, seed, ground).catch((error: Error) => {
        throw new Error(`${kind.name}, seed ${seed}, ${share} cases: ${error.message}`, { cause: error });
      });
      total.literal += tally.literal;
      total.refused += tally.refused;
      told(kind, tally, (performance.now() - started) / 1000);
    }
    return total;
  } finally {
    leaveGround(ground);
  }
}

import { EXIT, QuorateError } from '../errors.ts';
import { batchesOf } from '../runner/batches.ts';

/** A number of clusters, or a part of all: `3`, `10%`. */
export type Share = number | `${number}%`;

/** `1,10%,100%`; throws exit code 1 for what is not a list of shares. */
export function parseWaves(text: string): readonly Share[] {
  return text.split(',').map((word) => {
    const share = shareOf(word.trim());
    if (share !== undefined && Number.parseFloat(String(share)) > 0) return share;
    throw new QuorateError(`--waves takes sizes of waves, as in 1,10%,100%, not ${JSON.stringify(text)}`, {
      exitCode: EXIT.usage,
      hint: 'each is a number of clusters or a part of all; the last is repeated until all have had their turn',
    });
  });
}

/** `--errors`: how many clusters of a wave may fail before the fleet is stopped. */
export function parseErrors(text: string): Share {
  const share = shareOf(text.trim());
  if (share !== undefined) return share;
  throw new QuorateError(
    `--errors takes a number of clusters or a part of a wave, as in 2 or 5%, not ${JSON.stringify(text)}`,
    {
      exitCode: EXIT.usage,
    },
  );
}

function shareOf(word: string): Share | undefined {
  const [, number = '', percent] = /^(\d{1,6}|\d{1,3}(?:\.\d+)?(?=%))(%?)$/.exec(word) ?? [];
  if (number === '' || (percent && Number(number) > 100)) return undefined;
  return percent ? `${Number(number)}%` : Number(number);
}

/** The waves: as `serial` of a play, each size is one wave, and the last is repeated. */
export function wavesOf<T>(clusters: readonly T[], sizes: readonly Share[]): readonly (readonly T[])[] {
  return batchesOf(clusters, sizes);
}

/** How many clusters of a wave of this size may fail. */
export function budgetOf(errors: Share, size: number): number {
  return typeof errors === 'number' ? errors : Math.floor((Number.parseFloat(errors) * size) / 100);
}

/** More have failed than may: nothing further of this wave is begun, and no later one. */
export function isStopped(failed: number, errors: Share, size: number): boolean {
  return failed > budgetOf(errors, size);
}

/** What comes after a wave whose jobs have all ended. */
export function nextStep(
  waves: readonly (readonly unknown[])[],
  begun: number,
  {
    failed,
    cancelled,
    errors,
  }: { readonly failed: number; readonly cancelled: boolean; readonly errors: Share },
): 'wave' | 'stop' | 'end' {
  if (begun >= waves.length) return 'end';
  const size = waves[begun - 1]?.length ?? 0;
  return cancelled || (begun > 0 && isStopped(failed, errors, size)) ? 'stop' : 'wave';
}

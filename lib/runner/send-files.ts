import { stat } from 'node:fs/promises';
import type { Transfer } from '../dsl/task.ts';
import type { Host } from '../transport/host.ts';

/** Sends files to a host side by side, each over a channel of its own; `doing` hears how far they are. */
export async function sendFiles(
  host: Host,
  transfers: readonly Transfer[],
  doing: (text: string) => void,
): Promise<void> {
  const sent = new Map<string, number>();
  // What is wrong with a file is for the one who sends it to say.
  const sizeOf = ({ source }: Transfer) =>
    stat(source).then(
      ({ size }) => size,
      () => 0,
    );
  const sizes = await Promise.all(transfers.map(sizeOf));
  const whole = inMegabytes(sizes.reduce((sum, one) => sum + one, 0));
  await Promise.all(
    transfers.map(({ source, target }) =>
      host.send(source, target, (bytes) => {
        sent.set(target, bytes);
        const total = [...sent.values()].reduce((sum, one) => sum + one, 0);
        doing(`sending ${inMegabytes(total)} of ${whole} MB`);
      }),
    ),
  );
}

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

import { stat } from 'node:fs/promises';
import type { Transfer } from '../../dsl/task.ts';
import type { Host } from '../../transport/host.ts';
import { Slots } from '../../transport/slots.ts';

/** Files on their way to a host at a time: sshd opens ten sessions on a connection, unless told otherwise. */
const CHANNELS = 6;

/** Sends files to a host, some side by side, each over a channel of its own; `doing` hears how far they are. */
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
  const slots = new Slots(CHANNELS);
  const sendOne = ({ source, target }: Transfer) =>
    host.send(source, target, (bytes) => {
      sent.set(target, bytes);
      const total = [...sent.values()].reduce((sum, one) => sum + one, 0);
      doing(`sending ${inMegabytes(total)} of ${whole} MB`);
    });
  await Promise.all(transfers.map((one) => slots.run(() => sendOne(one))));
}

function inMegabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

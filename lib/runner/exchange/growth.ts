import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Host } from '../../transport/host.ts';
import { exchange } from './exchange.ts';

/** How often it is told how far something is, in ms. */
const OFTEN = 10_000;

/** Seconds for a look, which nobody needs. */
const PATIENCE = 5;

/**
 * Waits for `work`, and tells every ten seconds how many MB it has made so far, as `120 MB so far`; nothing where that
 * cannot be seen.
 *
 * @param grows Shell words: the files and folders that it makes.
 */
export async function tellGrowth<T>(
  host: Host,
  { work, grows, stateDir }: { readonly work: Promise<T>; readonly grows: Sh; readonly stateDir: string },
  tell: (text: string) => void,
): Promise<T> {
  let isOver = false;
  let timer: NodeJS.Timeout | undefined;
  const look = async () => {
    const kib = sh`q_all=$(du -sck -- ${grows} 2>/dev/null | tail -n 1); echo "\${q_all%%[!0-9]*}"`;
    const fragment = { id: 'size', sh: kib, critical: false, patience: PATIENCE };
    const { readings } = await exchange(host, [fragment], { doing: 'looking how far it is', stateDir });
    const bytes = Number(readings.get('size')?.out) * 1024;
    if (!isOver && bytes > 0) tell(`${(bytes / 1e6).toFixed(0)} MB so far`);
  };
  const later = () => {
    timer = setTimeout(async () => {
      await look().catch(() => {});
      if (!isOver) later();
    }, OFTEN);
  };
  later();
  try {
    return await work;
  } finally {
    isOver = true;
    clearTimeout(timer);
  }
}

import { existsSync } from 'node:fs';
import { projectName } from '../../project-name.ts';
import { maskMessage } from '../../secret-texts.ts';
import { codeDigest, InventoryDigests, otherCode } from '../digest.ts';
import type { Job, Order } from '../order.ts';
import type { JobData } from './queues.ts';

/** Why this machine must not do the job: it has other code or another inventory. Undefined where it has the same. */
export async function refusalOf(order: Order, { inventory, digest }: Job): Promise<string | undefined> {
  const { code: wanted, project } = order;
  if (wanted === undefined || digest === undefined)
    return 'takes no job that does not say which code it means';
  const here = projectName();
  if (project !== here)
    return `is of project ${here ?? 'without a name'}, not ${project ?? 'of one without'}`;
  try {
    const code = otherCode(wanted, codeDigest(order.playbook, wanted.secrets));
    if (code !== undefined) return code;
    if (!existsSync(inventory)) return `has no ${inventory}`;
    const found = await new InventoryDigests(order, wanted).of({ inventory });
    return found === digest ? undefined : `has another ${inventory}, or other variables beside it`;
  } catch (error) {
    // A file that this machine alone cannot read, or that is a program here: another one may.
    return `cannot compare what is meant: ${maskMessage((error as Error).message)}`;
  }
}

type Refused = NonNullable<JobData['refused']>;

/** With one more that has refused. */
export function refusedBy(refused: Refused | undefined, worker: string, why: string, now: number): Refused {
  return { since: refused?.since ?? now, workers: { ...refused?.workers, [worker]: why } };
}

/** Nobody who is there has what is meant, and has not had it for long enough. */
export function isHopeless(
  { since, workers }: Refused,
  alive: readonly string[],
  patience: number,
  now: number,
): boolean {
  return now - since >= patience && alive.length > 0 && alive.every((name) => Object.hasOwn(workers, name));
}

export function hopeless({ workers }: Refused): string {
  const all = Object.entries(workers).map(([name, why]) => `${name} ${why}`);
  return `no worker has the code and the inventory that are meant: ${all.join('; ')}`;
}

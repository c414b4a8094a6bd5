import { SECRET } from '../../dsl/path.ts';
import { isDue, type PlannedTask } from '../../dsl/play.ts';
import { redact } from '../../dsl/secret.ts';
import { withoutOldSecret } from '../../report/redact-event.ts';
import type { PlannedBatch } from '../../runner/plan/review.ts';
import { MASK } from '../../secret-names.ts';
import { canonical } from './canonical.ts';
import type { PlanChange, PlanTask } from './format.ts';

/** A task with something to do, and what its digests are made of: none of that may leave the process. */
export interface Entry extends Omit<PlanTask, 'wanted' | 'observed'> {
  readonly wanted: string;
  readonly observed: string;
  readonly hasSecret: boolean;
}

/** What a batch is to change, in the order of its hosts and tasks. */
export function entriesOf({ play, hosts }: PlannedBatch): readonly Entry[] {
  return hosts.flatMap(({ name, plan }) => plan.filter(isDue).map((one) => entryOf(play, name, one)));
}

function entryOf(play: string, host: string, { role, task, changes, reading }: PlannedTask): Entry {
  const { text, hasSecret } = canonical({ wish: task.wish, words: task.words });
  const by = task.words?.delegateTo;
  return {
    play,
    host,
    role,
    task: redact(task.title),
    resource: redact(task.resource),
    ...(by !== undefined && by !== host && { by }),
    wanted: text,
    observed: `${reading?.code ?? ''} ${legible(reading?.out ?? '')}`,
    hasSecret: hasSecret || changes.some(isMasked),
    changes: changes.map(withoutOldSecret).map(({ kind, property, before, after, certainty }) => ({
      kind,
      property,
      before: before === null ? null : redact(before),
      after: after === null ? null : redact(after),
      certainty,
    })),
  };
}

/** With texts as they are, and not in Base64: a secret in them is to be seen as one. */
function legible(out: string): string {
  return out.replaceAll(/(?:^[A-Za-z0-9+/]{4,}={0,2}$\n?)+/gm, (lines) =>
    Buffer.from(lines, 'base64').toString('utf8'),
  );
}

/** What it says is not all: two of them that read the same may differ. */
export function isMasked({ before, after }: Pick<PlanChange, 'before' | 'after'>): boolean {
  return [before, after].some((text) => text !== null && (text === SECRET || redact(text).includes(MASK)));
}

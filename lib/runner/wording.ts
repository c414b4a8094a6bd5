import type { Change } from '../dsl/task.ts';
import { withoutHost } from '../errors.ts';

/** One change as a person reads it: `content: sha256:ab… → sha256:cd…`. */
export function describeChange(change: Change): string {
  const before = change.before ?? 'absent';
  const isGone = change.kind === 'remove' || (change.kind === 'update' && change.before !== null);
  const after = change.after ?? (isGone ? 'absent' : 'known after the run');
  return `${change.property}: ${before} → ${after}`;
}

/** A task ran, but its re-probe still differs; `why` is what the host says about it. */
export function unprovenMessage(host: string, title: string, left: readonly Change[], why = ''): string {
  const lines = left.map(
    (change) => `  ${change.property}: wanted ${change.after}, there is ${change.before}`,
  );
  const said = why.trim() === '' ? [] : [why.trim()];
  return [`${host}: ${title}: applied, but it did not stick`, ...lines, ...said].join('\n');
}

/** A guarded change was not confirmed by a new connection. */
export function cutOffMessage(host: string, why: string | undefined): string {
  const seen = why === undefined ? 'none got through in time' : withoutHost(why, host);
  return `${host}: the change would cut us off, and the host takes it back: a new connection was tried: ${seen}`;
}

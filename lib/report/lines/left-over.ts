import type { RunEvent } from '../../runner/events.ts';
import type { Colors } from '../colors.ts';
import { foldHosts } from '../hosts.ts';
import { oneLine } from '../text.ts';

export type LeftOverEvent = Extract<RunEvent, { event: 'left-over' }>;

/** What no role declares any more, the same of several hosts on one line; nothing where there is none. */
export function leftOverLines(events: readonly LeftOverEvent[], colors: Colors): readonly string[] {
  if (events.length === 0) return [];
  const hosts = new Map<string, string[]>();
  for (const { host, role, kind, name, from, stays } of events) {
    const whose = from === undefined ? '' : `, from ${from}, which is not here`;
    const why = stays === undefined ? '' : `, stays: ${stays}`;
    const line = oneLine(`${kind.padEnd(9)} ${name}  of role ${role}${whose}${why}`);
    hosts.set(line, [...(hosts.get(line) ?? []), host]);
  }
  const goes = events.some(({ stays }) => stays === undefined);
  return [
    '',
    `${colors.bold('left over')}: no role declares it any more${goes ? '; --prune takes it away' : ''}`,
    ...[...hosts].map(([line, names]) => `  ${line}  ${colors.dim(oneLine(foldHosts(names)))}`),
  ];
}

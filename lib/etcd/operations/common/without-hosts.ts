import { isBare, type Surveyed } from '../../surveyed.ts';
import { verbLine } from '../../verb-line.ts';

/** What became of hosts: out of reach, or at fault in a step, by whatever was told of it. */
const BACK = {
  missing: 'once it answers again, run the same line again: it goes on from there',
  failed: 'see above why; once that is put right, run the same line again: it goes on from there',
} as const;

/** How a verb goes on once hosts are lost, by name: with them, or without those that do not come back. */
export function withoutHosts(
  verb: string,
  surveyed: Surveyed,
  lost: readonly string[],
  how: keyof typeof BACK,
): string {
  const { cluster } = surveyed;
  const names = lost.join(',');
  const back = BACK[how];
  if (isBare(surveyed)) return `${back}; no host that was reached has a cluster, so those may have it`;
  if (verb === 'recover')
    return `${back}; where it does not come back, ${verbLine(verb, cluster)} goes on without it, or says what is left where it is made of that one's data`;
  if (verb === 'restore')
    return `${back}; where it is lost for good, take it out of the inventory and begin anew with --again`;
  const remove = verbLine('members', cluster, '--remove', names);
  const replace = verbLine('members', cluster, '--replace', names);
  return `${back}; where it is lost for good: ${remove}, or with a new machine under its name ${replace}`;
}

import { type NamedCluster, verbLine } from '../../verb-line.ts';

/** How a verb goes on once hosts are lost: with them, or without those that do not come back. */
export function withoutHosts(
  verb: string,
  cluster: NamedCluster,
  lost: readonly { readonly target: { readonly name: string } }[],
): string {
  const names = lost.map(({ target }) => target.name).join(',');
  const back = 'once it answers again, run the same line again: it goes on from there';
  if (verb === 'recover')
    return `${back}; where it does not come back, ${verbLine(verb, cluster)} goes on without it`;
  if (verb === 'restore')
    return `${back}; where it is lost for good, take it out of the inventory and begin anew with --again`;
  const remove = verbLine('members', cluster, '--remove', names);
  const replace = verbLine('members', cluster, '--replace', names);
  return `${back}; where it is lost for good: ${remove}, or with a new machine under its name ${replace}`;
}

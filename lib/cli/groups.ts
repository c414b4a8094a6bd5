import { EXIT, QuorateError } from '../errors.ts';
import type { Inventory } from '../inventory/index.ts';
import type { CommandLine } from './command-line.ts';

/**
 * The playbook with the groups that the user means: a play's `groupVariable` names another one by `-e`, or anywhere in
 * an inventory that has no group of the play's own name. `except` are the variables that were taken so.
 */
export function chosenGroups(
  given: CommandLine,
  inventory: Inventory,
): { readonly playbook: CommandLine; readonly except: ReadonlySet<string> } {
  const except = new Set<string>();
  const plays = given.plays.map((play) => {
    const { groupVariable: variable, hosts } = play;
    if (variable === undefined) return play;
    const group = inventory.groupNamedBy(variable, hosts);
    if (group !== undefined) {
      except.add(variable);
      return { ...play, hosts: group };
    }
    if (inventory.groups.has(hosts)) return play;
    throw new QuorateError(`there is no group ${hosts} in this inventory`, {
      exitCode: EXIT.usage,
      hint: `-e ${variable}=GROUP means another one, or a line ${variable}: GROUP in the inventory; groups: ${groupsIn(inventory)}`,
    });
  });
  return { playbook: { ...given, plays }, except };
}

function groupsIn({ groups }: Inventory): string {
  const names = [...groups]
    .filter(([name, hosts]) => name !== 'all' && hosts.length > 0)
    .map(([name]) => name);
  return names.length > 20
    ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
    : names.join(', ');
}

import { existsSync } from 'node:fs';
import { EXIT, QuorateError } from '../errors.ts';
import type { Inventory } from '../inventory/index.ts';
import type { PlaybookFile } from './start/playbook-file.ts';
import { isOurs, type Started } from './start/started.ts';

/**
 * The playbook with the groups that the user means: a play's `groupVariable` names another one by `-e`, or anywhere in
 * an inventory that has no group of the play's own name. `except` are the variables that were taken so.
 */
export function chosenGroups(
  given: PlaybookFile,
  inventory: Inventory,
  started: Started,
): { readonly playbook: PlaybookFile; readonly except: ReadonlySet<string> } {
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
      hint: `${ownPlaybookHint(given, started)}-e ${variable}=GROUP means another one, or a line ${variable}: GROUP in the inventory; groups: ${groupsIn(inventory)}`,
    });
  });
  return { playbook: { ...given, plays }, except };
}

/** Who has a playbook of the same name in this folder may have meant that one. */
function ownPlaybookHint({ name }: PlaybookFile, started: Started): string {
  const isTheirs = started.packaged && isOurs(started) && existsSync(`${name}.ts`);
  return isTheirs ? `${started.launcher} run ${name}.ts runs the playbook of this folder; ` : '';
}

function groupsIn({ groups }: Inventory): string {
  const names = [...groups]
    .filter(([name, hosts]) => name !== 'all' && hosts.length > 0)
    .map(([name]) => name);
  return names.length > 20
    ? `${names.slice(0, 20).join(', ')} and ${names.length - 20} more`
    : names.join(', ');
}

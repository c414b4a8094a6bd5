import { join } from 'node:path';
import type { Play } from './play.ts';
import type { HostData, Role } from './role.ts';
import { sh } from './sh.ts';

/**
 * A play of roles that need no facts, whose hosts go through their tasks free of each other. Records are kept in
 * `/var/lib/quorate/<name>` of a host; of this machine, where one may not be root, in `.quorate` beside the inventory.
 */
export function plainPlay(
  play: Pick<Play<null>, 'name' | 'hosts'> & { readonly roles: readonly Role<null>[] },
): Play<null> {
  const { name } = play;
  return {
    ...play,
    gather: { probe: () => sh`:`, parse: () => null, ordinary: null },
    strategy: {
      async converge(run) {
        await run.each(run.hosts, (host) => host.apply(() => true));
      },
    },
    stateDir: ({ name: host, vars }: HostData) =>
      vars.ansible_connection === 'local'
        ? join(String(vars.inventory_dir), '.quorate', name, host)
        : join('/var/lib/quorate', name),
    owner: () => `playbook ${name}`,
  };
}

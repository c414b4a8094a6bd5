import { numericAddress } from '../../addresses.ts';
import { formatPosition } from '../../errors.ts';
import type { Connection } from '../../transport/host.ts';
import type { SshOptions } from '../../transport/ssh/config/options.ts';
import { ConfigProblem } from '../../transport/ssh/config/problem.ts';
import type { SettledHost } from '../inventory.ts';
import type { Problems } from './problems.ts';

/**
 * Two names for one SSH address are one host that would be changed twice at the same time. What ssh would connect to
 * counts, by ssh_config and arguments: one address behind different jump hosts is two hosts.
 */
export async function refuseDuplicates(hosts: readonly SettledHost[], problems: Problems): Promise<void> {
  const overSsh = hosts.flatMap((host) =>
    host.connection?.kind === 'ssh' ? [{ host, connection: host.connection }] : [],
  );
  if (overSsh.length < 2) return;
  const { readOptions } = await import('../../transport/ssh/config/options.ts');
  const seen = new Map<string, SettledHost>();
  for (const { host, connection } of overSsh) {
    const machine = await readOptions(connection)
      .then((options) => machineOf(options, connection))
      .catch(ignoreProblem);
    if (machine === undefined) continue;
    const first = seen.get(machine.key);
    if (first) {
      problems.add(
        `${host.name} and ${first.name} (${formatPosition(first.position)}) have the same address: ${machine.shown}`,
        host.position,
        'a host has one name here; with a range, ansible_host cannot stand beside it',
        'same address',
      );
    } else seen.set(machine.key, host);
  }
}

/** What is wrong with ssh_config is told once the connections are checked. */
function ignoreProblem(error: unknown): undefined {
  if (!(error instanceof ConfigProblem)) throw error;
}

interface Machine {
  readonly key: string;
  readonly shown: string;
}

function machineOf(options: SshOptions, { sshConfigFile }: Connection): Machine {
  const { host, port } = options;
  // A zone says which link, not which host.
  const bare = numericAddress(host.replace(/%.*|\.$/g, '')).replace(/^::ffff:(?=\d+\.)/, '');
  const jumps = options.jumps();
  // The name of a jump host means what its file says.
  const way = jumps.length > 0 ? [...jumps, sshConfigFile] : [options.proxyCommand()];
  return { key: JSON.stringify([bare.toLowerCase(), port, way]), shown: `${host} port ${port}` };
}

import type { Playbook } from '../dsl/play.ts';
import { type Inventory, selectHosts } from '../inventory/index.ts';

/** The text of `--list-hosts`, `--list-tasks` and `--list-tags`: no host is contacted. */
export function listing(
  playbook: Playbook,
  inventory: Inventory,
  what: 'hosts' | 'tasks' | 'tags',
  limited: ReadonlySet<string> | undefined,
  includes: (role: string) => boolean,
): string {
  const lines = playbook.plays.flatMap((play) => {
    const hosts = selectHosts(inventory, play.hosts, 'the play').filter(
      ({ name }) => limited?.has(name) ?? true,
    );
    const roles = play.roles.filter(({ name }) => includes(name));
    const head = `play: ${play.name} (${play.hosts})`;
    if (what === 'hosts')
      return [head, `  hosts (${hosts.length}):`, ...hosts.map(({ name }) => `    ${name}`)];
    if (what === 'tags') return [head, `  tags: ${roles.map(({ name }) => name).join(', ')}`];
    return [head, ...roles.map(({ name, description }) => `  ${name.padEnd(10)} ${description}`)];
  });
  return `${lines.join('\n')}\n`;
}

import type { Play, Playbook, PlayInventoryHost } from '../dsl/play.ts';

export interface ListingOptions {
  readonly what: 'hosts' | 'tasks' | 'tags';
  /** The hosts of a pattern that are inside `--limit`. */
  readonly select: (pattern: string) => readonly PlayInventoryHost[];
  readonly includes: (role: string) => boolean;
}

/** The lines of `--list-hosts`, `--list-tasks` and `--list-tags`: no host is contacted. */
export function listing(playbook: Playbook, options: ListingOptions): readonly string[] {
  return playbook.plays.flatMap((play) => [`play: ${play.name} (${play.hosts})`, ...body(play, options)]);
}

function body<Facts>(play: Play<Facts>, { what, select, includes }: ListingOptions): readonly string[] {
  const hosts = select(play.hosts);
  const roles = play.roles.filter(({ name }) => includes(name));
  if (what === 'hosts') return [`  hosts (${hosts.length}):`, ...hosts.map(({ name }) => `    ${name}`)];
  if (what === 'tags') return [`  tags: ${roles.map(({ name }) => name).join(', ')}`];
  const [host] = hosts;
  const facts = play.gather.ordinary;
  if (!host || facts === undefined) return roles.map(({ name, description }) => `  ${name}: ${description}`);
  const hostvars = Object.fromEntries(hosts.map(({ name, vars }) => [name, vars]));
  const target = {
    name: host.name,
    vars: host.vars,
    hostvars,
    facts,
    fleet: { groups: {}, hostvars, hostfacts: {} },
  };
  return roles.flatMap((role) => [
    `  ${role.name}: ${role.description}`,
    ...role.tasks(target).map(({ title }) => `    ${title}`),
  ]);
}

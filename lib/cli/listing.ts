import type { Play, Playbook, PlayInventoryHost } from '../dsl/play.ts';
import type { Role } from '../dsl/role.ts';
import { withLoaded } from '../dsl/trace/lazy.ts';
import { EXIT } from '../errors.ts';
import { hangsOnFacts, type Unread } from '../runner/plan/faults.ts';
import { tasksOf } from '../runner/plan/tasks.ts';

export interface ListingOptions {
  readonly what: 'hosts' | 'tasks' | 'tags';
  /** The hosts of a pattern that are inside `--limit`. */
  readonly select: (pattern: string) => readonly PlayInventoryHost[];
  readonly includes: (role: string) => boolean;
  /** Groups of the inventory, with the names of their hosts. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

/**
 * The lines of `--list-hosts`, `--list-tasks` and `--list-tags`: no host is contacted. Throws what is wrong with a role
 * whose tasks are listed.
 */
export function listing(playbook: Playbook, options: ListingOptions): Promise<readonly string[]> {
  return withLoaded(() =>
    playbook.plays.flatMap((play) => [`play: ${play.name} (${play.hosts})`, ...body(play, options)]),
  );
}

function body<Facts>(
  play: Play<Facts>,
  { what, select, includes, groups }: ListingOptions,
): readonly string[] {
  const hosts = select(play.hosts);
  const roles = play.roles.filter(({ name }) => includes(name));
  if (what === 'hosts') return [`  hosts (${hosts.length}):`, ...hosts.map(({ name }) => `    ${name}`)];
  if (what === 'tags') return [`  tags: ${roles.map(({ name }) => name).join(', ')}`];
  const [host] = hosts;
  const hostvars = Object.fromEntries(hosts.map(({ name, vars }) => [name, vars]));
  const fleet = { groups: Object.fromEntries(groups), hostvars, hostfacts: {} };
  return roles.flatMap((role) => [
    `  ${role.name}: ${role.description}`,
    ...(host ? titles(role, { ...host, hostvars, fleet }, play.gather) : []).map((title) => `    ${title}`),
  ]);
}

/** Of the tasks of an ordinary host. */
function titles<Facts>(role: Role<Facts>, host: Unread, gather: Play<Facts>['gather']): readonly string[] {
  const { ordinary: facts } = gather;
  if (facts === undefined) return [];
  if (hangsOnFacts(role, host, gather)) return ['(which tasks hangs on what the host is like)'];
  const tasks = tasksOf([role], { ...host, facts }, EXIT.usage, { isWhole: false });
  return tasks.map(({ task }) => task.title);
}

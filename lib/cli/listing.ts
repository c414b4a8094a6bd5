import type { Play, Playbook, PlayInventoryHost } from '../dsl/play.ts';
import type { Fleet, Role, Vars } from '../dsl/role.ts';
import { withLoaded } from '../dsl/trace/lazy.ts';
import { EXIT } from '../errors.ts';
import { hangsOnFacts, type Unread } from '../runner/plan/faults.ts';
import { missingOf, tasksOf } from '../runner/plan/tasks.ts';

export interface ListingOptions {
  readonly what: 'hosts' | 'tasks' | 'tags';
  /** The hosts of a pattern, also those outside `limit`. */
  readonly select: (pattern: string) => readonly PlayInventoryHost[];
  readonly limit: (host: PlayInventoryHost) => boolean;
  readonly includes: (role: string) => boolean;
  /** Groups of the inventory, with the names of their hosts. */
  readonly groups: ReadonlyMap<string, readonly string[]>;
}

/**
 * The lines of `--list-hosts`, `--list-tasks` and `--list-tags`: no host is contacted. Throws what is wrong with a role
 * whose tasks are listed.
 */
export function listing(playbook: Playbook, options: ListingOptions): Promise<readonly string[]> {
  const named = playbook.plays.flatMap((play) => options.select(play.hosts));
  const fleet = { groups: Object.fromEntries(options.groups), hostvars: varsOf(named), hostfacts: {} };
  return withLoaded(() =>
    playbook.plays.flatMap((play) => [`play: ${play.name} (${play.hosts})`, ...body(play, fleet, options)]),
  );
}

function body<Facts>(
  play: Play<Facts>,
  fleet: Fleet,
  { what, select, limit, includes }: ListingOptions,
): readonly string[] {
  const all = select(play.hosts);
  const hosts = all.filter(limit);
  const roles = play.roles.filter(({ name }) => includes(name));
  if (what === 'hosts') return [`  hosts (${hosts.length}):`, ...hosts.map(({ name }) => `    ${name}`)];
  if (what === 'tags') return [`  tags: ${roles.map(({ name }) => name).join(', ')}`];
  const [host] = hosts;
  const hostvars = varsOf(all);
  return roles.flatMap((role) => [
    `  ${role.name}: ${role.description}`,
    ...(host ? titles(role, { ...host, hostvars, fleet }, play.gather) : []).map((title) => `    ${title}`),
  ]);
}

function varsOf(hosts: readonly PlayInventoryHost[]): Readonly<Record<string, Vars>> {
  return Object.fromEntries(hosts.map(({ name, vars }) => [name, vars]));
}

/** Tags of the tasks of an ordinary host; a variable that is given in a run alone (`-e`) may still be missing. */
function titles<Facts>(role: Role<Facts>, host: Unread, gather: Play<Facts>['gather']): readonly string[] {
  const { ordinary: facts } = gather;
  if (facts === undefined) return [];
  const missing = missingOf(role, host);
  if (missing !== undefined) return [`(${missing})`];
  if (hangsOnFacts(role, host, gather)) return ['(which tasks hangs on what the host is like)'];
  const tasks = tasksOf([role], { ...host, facts }, EXIT.usage, { isWhole: false });
  return tasks.map(({ task }) => task.title);
}

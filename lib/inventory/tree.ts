import type { Position } from '../errors.ts';
import type { Problems } from './checks/problems.ts';
import { type Raw, type Variable, Vaulted } from './variables/value.ts';

export interface Group {
  readonly name: string;
  readonly position: Position;
  readonly parents: Set<Group>;
  readonly children: Set<Group>;
  /** Its own, in the order of the files. */
  readonly hosts: Set<Host>;
  /** As they were written, the last of a name counts. */
  readonly vars: Variable[];
  /** `ansible_group_priority`: of two groups of one depth, the higher one counts. */
  priority: number;
}

export interface Host {
  readonly name: string;
  readonly position: Position;
  /** The groups that list it. */
  readonly groups: Set<Group>;
  readonly vars: Variable[];
}

/** The group that Ansible has without its being written. */
export const UNGROUPED = 'ungrouped';

/** Groups and hosts as the sources say them, without any variable resolved. Order is Ansible's. */
export class Tree {
  readonly groups = new Map<string, Group>();
  readonly hosts = new Map<string, Host>();
  readonly #problems: Problems;
  readonly #depths = new Map<Group, number>();
  readonly #above = new Map<Group, ReadonlySet<Group>>();
  readonly #members = new Map<Group, readonly Host[]>();

  constructor(problems: Problems, position: Position) {
    this.#problems = problems;
    const all = this.addGroup('all', position);
    this.addChild(all, this.addGroup(UNGROUPED, position), position);
  }

  get all(): Group {
    return this.groups.get('all') as Group;
  }

  get ungrouped(): Group {
    return this.groups.get(UNGROUPED) as Group;
  }

  addGroup(name: string, position: Position): Group {
    const known = this.groups.get(name);
    if (known) return known;
    const group: Group = {
      name,
      position,
      parents: new Set(),
      children: new Set(),
      hosts: new Set(),
      vars: [],
      priority: 1,
    };
    this.groups.set(name, group);
    return group;
  }

  addHost(name: string, group: Group, position: Position, port?: number): Host {
    let host = this.hosts.get(name);
    if (host === undefined) {
      if (name === '__proto__') this.#problems.add('no host can have this name', position);
      host = { name, position, groups: new Set(), vars: [] };
      this.hosts.set(name, host);
      if (port !== undefined)
        host.vars.push({ name: 'ansible_port', value: port, position, folder: undefined });
    }
    group.hosts.add(host);
    host.groups.add(group);
    this.#members.clear();
    return host;
  }

  addChild(parent: Group, child: Group, position: Position): void {
    if (parent.children.has(child)) return;
    if (parent === child || this.#isBelow(parent, child)) {
      if (child === this.all) {
        const hint = 'all is the outermost group: put it first';
        this.#problems.add(`group all is below ${parent.name}`, position, hint);
        return;
      }
      const what = parent === child ? 'itself' : `${parent.name}, which contains it`;
      const hint = 'groups go one way: parents, then children';
      this.#problems.add(`group ${child.name} contains ${what}`, position, hint);
      return;
    }
    parent.children.add(child);
    child.parents.add(parent);
    for (const memory of [this.#depths, this.#above, this.#members]) memory.clear();
  }

  setGroupVariable(group: Group, variable: Variable): void {
    if (variable.name !== 'ansible_group_priority') group.vars.push(variable);
    else if (/^-?\d+(\.0)?$/.test(textOf(variable.value))) group.priority = Number(textOf(variable.value));
    else
      this.#problems.note('ansible_group_priority is not a whole number, and counts as 1', variable.position);
  }

  /** Variables of a host; where a group of that name exists already, they are the group's, as in Ansible. */
  setHostVariables({ name, vars }: Host, variables: readonly Variable[]): void {
    const group = this.groups.get(name);
    if (group === undefined) vars.push(...variables);
    else for (const variable of variables) this.setGroupVariable(group, variable);
  }

  /** When all sources are read: groups without parents go below `all`, hosts without groups into `ungrouped`. */
  complete(): void {
    for (const group of this.groups.values())
      if (group !== this.all && group.parents.size === 0) this.addChild(this.all, group, group.position);
    for (const host of this.hosts.values()) {
      const others = [...host.groups].some((group) => group !== this.all && group !== this.ungrouped);
      if (others && host.groups.delete(this.ungrouped)) this.ungrouped.hosts.delete(host);
      if (others) continue;
      host.groups.add(this.ungrouped);
      this.ungrouped.hosts.add(host);
    }
  }

  /** Hosts of a group and of those below it, in Ansible's order: its own, its children's, theirs. */
  membersOf(group: Group): readonly Host[] {
    return memo(this.#members, group, () => {
      const members = new Set(group.hosts);
      const seen = new Set([group]);
      for (let level: readonly Group[] = [group]; level.length > 0; ) {
        const next = level.flatMap(({ children }) => [...children]);
        level = next.filter((child) => !seen.has(child) && seen.add(child));
        for (const { hosts } of level) for (const host of hosts) members.add(host);
      }
      return [...members];
    });
  }

  /** All groups of a host, by depth, then priority, then name: what a later one says counts. */
  groupsOf(host: Host): readonly Group[] {
    const groups = new Set<Group>([this.all]);
    for (const group of host.groups) {
      groups.add(group);
      for (const above of this.#ancestorsOf(group)) groups.add(above);
    }
    return [...groups].sort(
      (a, b) =>
        this.depthOf(a) - this.depthOf(b) ||
        a.priority - b.priority ||
        (a.name < b.name ? -1 : Number(a.name > b.name)),
    );
  }

  /** The longest way down from `all`. */
  depthOf(group: Group): number {
    return memo(this.#depths, group, () =>
      [...group.parents].reduce((most, parent) => Math.max(most, this.depthOf(parent) + 1), 0),
    );
  }

  #ancestorsOf(group: Group): ReadonlySet<Group> {
    return memo(this.#above, group, () => {
      const above = new Set<Group>();
      for (const parent of group.parents) {
        above.add(parent);
        for (const each of this.#ancestorsOf(parent)) above.add(each);
      }
      return above;
    });
  }

  /** Whether `group` is somewhere below `other`; asked while the tree grows, so nothing is kept. */
  #isBelow(group: Group, other: Group): boolean {
    if (other.children.size === 0) return false;
    const seen = new Set<Group>([group]);
    for (const each of seen) {
      if (each === other) return true;
      for (const parent of each.parents) seen.add(parent);
    }
    return false;
  }
}

function memo<K, V>(known: Map<K, V>, key: K, make: () => V): V {
  const before = known.get(key);
  if (before !== undefined) return before;
  const made = make();
  known.set(key, made);
  return made;
}

function textOf(value: Raw): string {
  return value instanceof Vaulted || typeof value === 'object' ? '' : String(value);
}

import type { TemplateWorld } from '../jinja/templar.ts';
import type { OpenVault } from '../text.ts';
import type { Host, Tree } from '../tree.ts';
import type { Variable } from './value.ts';
import type { Variables } from './variables.ts';

/** What templates may know of one host alone, as it is at this moment. */
export function frozenWorld(
  tree: Tree,
  variables: Variables,
  playbookFolder: string,
  openVault: OpenVault,
  host: string,
): TemplateWorld {
  const world = templateWorld(tree, variables, playbookFolder, openVault);
  const groups = world.groupsOf(host);
  // It keeps what it was asked for once.
  variables.of(tree.hosts.get(host) as Host);
  return {
    hosts: [host],
    groups: new Map(),
    variablesOf: world.variablesOf,
    groupsOf: () => groups,
    fileOf: world.fileOf,
    playbookFolder,
    alone: true,
    openVault,
  };
}

/** What templates may know of an inventory. */
export function templateWorld(
  tree: Tree,
  variables: Variables,
  playbookFolder: string,
  openVault: OpenVault,
): TemplateWorld {
  const hostNamed = (name: string) => tree.hosts.get(name) as Host;
  const counting = new Map<string, ReadonlyMap<string, Variable>>();
  const variablesOf = (name: string) => {
    // A file that cannot be read may have what counts.
    const [unread] = variables.unreadOf(hostNamed(name));
    if (unread) throw unread;
    const all = [...variables.of(hostNamed(name))];
    return new Map(all.map(([key, candidates]) => [key, candidates.at(-1) as Variable]));
  };
  return {
    get hosts() {
      return tree.membersOf(tree.all).map(({ name }) => name);
    },
    get groups() {
      return new Map(
        [...tree.groups.values()].map((group) => [group.name, tree.membersOf(group).map(({ name }) => name)]),
      );
    },
    variablesOf(name) {
      const known = counting.get(name) ?? variablesOf(name);
      counting.set(name, known);
      return known;
    },
    groupsOf: (name) =>
      tree
        .groupsOf(hostNamed(name))
        .filter((group) => group !== tree.all)
        .map((group) => group.name),
    fileOf: (name) => hostNamed(name).position.file,
    playbookFolder,
    openVault,
  };
}

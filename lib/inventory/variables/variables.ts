import type { QuorateError } from '../../errors.ts';
import type { Group, Host, Tree } from '../tree.ts';
import type { Variable } from './value.ts';
import type { FileVars, VarFolder } from './var-files.ts';

/** A variable that a host has, and who says it. */
export interface Candidate extends Variable {
  /** `group etcd`, `host etcd01` or `--extra-vars`. */
  readonly from: string;
}

/** What one place says; places stand in order of precedence. */
interface Layer {
  readonly candidates: readonly Candidate[];
  readonly unread: readonly QuorateError[];
}

/**
 * The variables of hosts as they are written, in Ansible's order of precedence: `all`, groups by depth, priority and
 * name, then files in the same order (beside the inventories before those beside the playbook), the host, its files,
 * `-e`.
 */
export class Variables {
  readonly #tree: Tree;
  readonly #folders: readonly VarFolder[];
  readonly #extra: Layer;
  readonly #known = new Map<Host, ReadonlyMap<string, readonly Candidate[]>>();
  readonly #groups = new Map<Group, Layers>();
  readonly #hosts = new Map<Host, readonly Layer[]>();

  /** `folders` from the lowest precedence up. */
  constructor(tree: Tree, folders: readonly VarFolder[], extra: readonly Variable[]) {
    this.#tree = tree;
    this.#folders = folders;
    this.#extra = layer('--extra-vars', extra);
  }

  /** All that is said of a host by name; the last one of each counts. */
  of(host: Host): ReadonlyMap<string, readonly Candidate[]> {
    const known = this.#known.get(host);
    if (known) return known;
    const all = byName(this.#layersOf(host));
    this.#known.set(host, all);
    return all;
  }

  /** All that is said of any of these hosts, each once. */
  ofAll(hosts: readonly Host[]): readonly Candidate[] {
    return [...new Set(hosts.flatMap((host) => this.#layersOf(host)))].flatMap(
      ({ candidates }) => candidates,
    );
  }

  /** What is said of a group itself by name; the last one of each counts. */
  ofGroup(group: Group): ReadonlyMap<string, readonly Candidate[]> {
    const { inline, files } = this.#groupLayers(group);
    return byName([inline, ...files.filter((one) => one !== undefined)]);
  }

  /** What is wrong with files about a host, and the encrypted ones that no password opens. */
  unreadOf(host: Host): readonly QuorateError[] {
    return this.#layersOf(host).flatMap(({ unread }) => unread);
  }

  #layersOf(host: Host): readonly Layer[] {
    const known = this.#hosts.get(host) ?? this.#collect(host);
    this.#hosts.set(host, known);
    return known;
  }

  #collect(host: Host): readonly Layer[] {
    const [all, ...groups] = this.#tree.groupsOf(host).map((group) => this.#groupLayers(group));
    const own = `host ${host.name}`;
    const files = (from: readonly Layers[]) =>
      this.#folders.flatMap((_, i) => from.flatMap((layers) => layers.files[i] ?? []));
    return [
      ...(all ? [all.inline] : []),
      ...groups.map(({ inline }) => inline),
      ...(all ? files([all]) : []),
      ...files(groups),
      ...(host.vars.length > 0 ? [layer(own, host.vars)] : []),
      ...this.#folders.flatMap(({ hosts }) => fileLayer(own, hosts.get(host.name)) ?? []),
      this.#extra,
    ];
  }

  #groupLayers(group: Group): Layers {
    const known = this.#groups.get(group);
    if (known) return known;
    const from = `group ${group.name}`;
    const files = this.#folders.map(({ groups }) => fileLayer(from, groups.get(group.name)));
    const layers = { inline: layer(from, group.vars), files };
    this.#groups.set(group, layers);
    return layers;
  }
}

/** A group's own, and what each folder has of it. */
interface Layers {
  readonly inline: Layer;
  readonly files: readonly (Layer | undefined)[];
}

function byName(layers: readonly Layer[]): ReadonlyMap<string, readonly Candidate[]> {
  const all = new Map<string, Candidate[]>();
  for (const { candidates } of layers)
    for (const candidate of candidates) {
      const before = all.get(candidate.name);
      if (before) before.push(candidate);
      else all.set(candidate.name, [candidate]);
    }
  return all;
}

function layer(from: string, variables: readonly Variable[], unread: readonly QuorateError[] = []): Layer {
  return { candidates: variables.map((variable) => ({ ...variable, from })), unread };
}

function fileLayer(from: string, vars: FileVars | undefined): Layer | undefined {
  return vars && layer(from, vars.variables, vars.unread);
}

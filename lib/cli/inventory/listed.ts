import type { Inventory } from '../../inventory/index.ts';
import { fromPlain } from '../../inventory/jinja/filters/data.ts';
import { textOf } from '../../inventory/jinja/values.ts';
import { isKept, listedValue } from '../../inventory/variables/value.ts';
import type { Candidate } from '../../inventory/variables/variables.ts';
import type { Show } from './masked.ts';

type Values = Readonly<Record<string, unknown>>;

/**
 * Names that Ansible gives values of its own, whatever an inventory says; `ansible-inventory` leaves them out
 * (`INTERNAL_STATIC_VARS` of `ansible/constants.py`).
 */
const ANSIBLES_OWN: ReadonlySet<string> = new Set(
  `ansible_async_path ansible_collection_name ansible_config_file ansible_dependent_role_names ansible_diff_mode
  ansible_facts ansible_forks ansible_inventory_sources ansible_limit ansible_play_batch ansible_play_hosts
  ansible_play_hosts_all ansible_play_role_names ansible_playbook_python ansible_role_name ansible_role_names
  ansible_run_tags ansible_skip_tags ansible_verbosity ansible_version group_names groups hostvars inventory_dir
  inventory_file inventory_hostname inventory_hostname_short play_hosts playbook_dir role_name role_names role_path
  role_uuid`.split(/\s+/),
);

/** What `ansible-inventory` shows: of these hosts, with values as they are written. */
export class Listed {
  readonly #inventory: Inventory;
  readonly #hosts: ReadonlySet<string>;
  readonly #show: Show;

  constructor(inventory: Inventory, hosts: Iterable<string>, show: Show) {
    this.#inventory = inventory;
    this.#hosts = new Set(hosts);
    this.#show = show;
  }

  /** `--host`: the variables of one host. */
  host(name: string): Values {
    return unmarked(this.#host(name));
  }

  /** `--list`: groups with their own hosts and children, and the variables of all hosts. */
  list(): Values {
    const hostvars = [...this.#hosts].map((name) => [name, this.#host(name)] as const);
    const groups = [...this.#inventory.tree].map(([name, { children }]) => {
      const hosts = this.#own(name);
      return [
        name,
        { ...(children.length > 0 && { children }), ...(hosts.length > 0 && { hosts }) },
      ] as const;
    });
    return {
      _meta: { hostvars: Object.fromEntries(hostvars.filter(([, vars]) => !isEmpty(vars))) },
      ...Object.fromEntries(groups.filter(([, group]) => !isEmpty(group))),
    };
  }

  /** `--list --yaml`: an inventory in YAML; a group, or a host's variables, stand where they are first named. */
  nested(): Values {
    const [groups, hosts] = [new Set<string>(), new Set<string>()];
    const group = (name: string): Values => {
      const children = this.#group(name).children.flatMap((child): readonly [string, Values][] => {
        if (groups.has(child)) return [[child, {}]];
        const inner = group(child);
        groups.add(child);
        return isEmpty(inner) ? [] : [[child, inner]];
      });
      const own = this.#own(name).map((host) => {
        const known = hosts.has(host);
        hosts.add(host);
        return [host, known ? {} : this.host(host)] as const;
      });
      return {
        ...(children.length > 0 && { children: Object.fromEntries(children) }),
        ...(own.length > 0 && { hosts: Object.fromEntries(own) }),
      };
    };
    const all = group('all');
    return isEmpty(all) ? {} : { all };
  }

  /** `--graph`: groups, their children and hosts, with `vars` also the variables of both. */
  graph(top: string, vars: boolean): readonly string[] {
    const group = (name: string, depth: number): readonly string[] => {
      const { children, variables } = this.#group(name);
      const hosts = this.#own(name).flatMap((host) => [
        branch(host, depth + 1),
        ...(vars ? braced(this.host(host), depth + 2) : []),
      ]);
      return [
        branch(`@${name}:`, depth),
        ...children.flatMap((child) => group(child, depth + 1)),
        ...hosts,
        ...(vars ? braced(this.#values(variables()), depth + 1) : []),
      ];
    };
    return group(top, 0);
  }

  #host(name: string): Values {
    return this.#values(this.#inventory.variablesOf(name));
  }

  #group(name: string) {
    const group = this.#inventory.tree.get(name);
    if (group === undefined) throw new Error(`no group ${name}`);
    return group;
  }

  /** A group's own hosts; those of `all` are below its children. */
  #own(name: string): readonly string[] {
    return name === 'all' ? [] : this.#group(name).hosts.filter((host) => this.#hosts.has(host));
  }

  #values(variables: ReadonlyMap<string, readonly Candidate[]>): Values {
    const said = [...variables].filter(([name]) => !ANSIBLES_OWN.has(name));
    return Object.fromEntries(
      said.map(([name, candidates]) => {
        const { value, secret = false } = candidates.at(-1) as Candidate;
        return [name, this.#show(name, listedValue(value), secret)];
      }),
    );
  }
}

function isEmpty(values: Values): boolean {
  return Object.keys(values).length === 0;
}

function branch(text: string, depth: number): string {
  return depth === 0 ? text : `${'  |'.repeat(depth)}--${text}`;
}

/** `{name = value}`, as Python prints values. */
function braced(values: Values, depth: number): readonly string[] {
  return Object.entries(values)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([name, value]) => branch(`{${name} = ${pythonText(unmarked(value))}}`, depth));
}

function pythonText(value: unknown): string {
  const vaulted = typeof value === 'object' && value !== null && '__ansible_vault' in value;
  return vaulted ? '(encrypted)' : textOf(fromPlain(value));
}

/** Text that is marked as unsafe, without its mark: `--list` alone has that. */
function unmarked<T>(value: T): T;
function unmarked(value: unknown): unknown {
  if (Array.isArray(value)) return value.map((item) => unmarked(item));
  if (typeof value !== 'object' || value === null || isKept(value)) return value;
  if ('__ansible_unsafe' in value) return value.__ansible_unsafe;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, unmarked(item)]));
}

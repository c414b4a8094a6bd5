import { dirname, resolve } from 'node:path';
import type { Position } from '../../errors.ts';
import type { Problems } from '../checks/problems.ts';
import type { Group, Tree } from '../tree.ts';
import { Numeral, type Variable } from '../variables/value.ts';
import { hostNames } from './host-names.ts';
import { LINE_END, SECTION } from './looks.ts';
import { pythonValue } from './python.ts';
import { words } from './words.ts';

/** Adds an INI inventory: `[group]` with hosts, `[group:vars]`, `[group:children]`. As Ansible's plugin `ini` reads it. */
export function addIni(tree: Tree, file: string, text: string, problems: Problems): void {
  const reader = new IniReader(tree, file, problems);
  text.split(LINE_END).forEach((line, i) => {
    reader.line(line, i + 1);
  });
  reader.end();
}

/** What Ansible takes for no host either. */
const OF_YAML: readonly (readonly [like: RegExp, found: { readonly problem: string }])[] = [
  [/^---$/, { problem: 'is how a YAML file starts' }],
  [/:$/, { problem: 'ends in a colon, after which a port is wanted' }],
];

interface Pending {
  readonly position: Position;
  readonly by: string;
  readonly parents: readonly Group[];
}

type State = 'hosts' | 'vars' | 'children';

class IniReader {
  readonly #tree: Tree;
  readonly #file: string;
  readonly #folder: string;
  readonly #problems: Problems;
  /** Groups that are spoken of before they are declared, with those that they will be children of. */
  readonly #pending = new Map<string, Pending>();
  #group: Group;
  #state: State = 'hosts';

  constructor(tree: Tree, file: string, problems: Problems) {
    this.#tree = tree;
    this.#file = file;
    this.#folder = resolve(dirname(file));
    this.#problems = problems;
    this.#group = tree.ungrouped;
  }

  line(written: string, number: number): void {
    const line = written.trim();
    if (line === '' || /^[#;]/.test(line)) return;
    const position = { file: this.#file, line: number, column: written.indexOf(line[0] as string) + 1 };
    const section = SECTION.exec(line);
    if (section) this.#section(section[1] as string, section[2] ?? 'hosts', position);
    else if (/^\[.*\]$/.test(line))
      this.#problems.add(
        'this section has a name that no group can have',
        position,
        'write [GROUP], [GROUP:vars] or [GROUP:children], without spaces',
      );
    else if (this.#state === 'vars') this.#variable(line, position);
    else if (this.#state === 'children') this.#child(line, position);
    else this.#host(line, position);
  }

  /** Groups that are children or have variables must be declared somewhere. */
  end(): void {
    for (const [name, { position, by }] of this.#pending)
      this.#problems.add(`${by} names group ${name}, which is not declared`, position, `write [${name}]`);
  }

  #section(name: string, state: string, position: Position): void {
    if (state !== 'hosts' && state !== 'vars' && state !== 'children') {
      const hint = 'a section is [GROUP], [GROUP:vars] or [GROUP:children]';
      this.#problems.add(`[${name}:${state}] is not a section`, position, hint);
      this.#state = 'hosts';
      return;
    }
    if (state === 'vars' && !this.#tree.groups.has(name) && !this.#pending.has(name))
      this.#pending.set(name, { position, by: `[${name}:vars]`, parents: [] });
    this.#state = state;
    this.#group = this.#tree.addGroup(name, position);
    if (state !== 'vars') this.#declare(name);
  }

  /** Children stand in the order in which they are declared, as in Ansible. */
  #declare(name: string): void {
    const pending = this.#pending.get(name);
    if (pending === undefined) return;
    this.#pending.delete(name);
    for (const parent of pending.parents) {
      this.#tree.addChild(parent, this.#tree.addGroup(name, pending.position), pending.position);
      this.#declare(parent.name);
    }
  }

  #variable(line: string, position: Position): void {
    const at = line.indexOf('=');
    if (at < 0) {
      this.#problems.add('this line is not a variable', position, 'write NAME=VALUE');
      return;
    }
    const variable = this.#read(line.slice(0, at).trim(), line.slice(at + 1).trim(), position);
    this.#tree.setGroupVariable(this.#group, variable);
  }

  #child(line: string, position: Position): void {
    const name = /^([^:\]\s]+)\s*(?:#.*)?$/.exec(line)?.[1];
    if (name === undefined) {
      this.#problems.add('this line is not the name of a group', position, 'one group a line');
      return;
    }
    const known = this.#tree.groups.get(name);
    if (known) {
      this.#tree.addChild(this.#group, known, position);
      return;
    }
    const by = `[${this.#group.name}:children]`;
    const pending = this.#pending.get(name) ?? { position, by, parents: [] };
    this.#pending.set(name, { ...pending, parents: [...pending.parents, this.#group] });
  }

  #host(line: string, position: Position): void {
    const [pattern, ...rest] = words(line) ?? [];
    if (pattern === undefined) {
      this.#problems.add('a quote in this line is not closed', position);
      return;
    }
    const found = OF_YAML.find(([like]) => like.test(pattern))?.[1] ?? hostNames(pattern);
    if ('problem' in found) {
      const hint = 'a range is [01:03] or [a:c], with a step as third part';
      this.#problems.add(`host ${JSON.stringify(pattern)}: ${found.problem}`, position, hint);
      return;
    }
    if (rest.some((word) => !word.includes('='))) {
      this.#problems.add(
        'after a host come NAME=VALUE, and here is something else',
        position,
        'a value with spaces is quoted; no space beside =',
      );
      return;
    }
    const vars = rest.map((word) => {
      const at = word.indexOf('=');
      return this.#read(word.slice(0, at), word.slice(at + 1), position);
    });
    for (const name of found.names)
      this.#tree.setHostVariables(this.#tree.addHost(name, this.#group, position, found.port), vars);
  }

  #read(name: string, text: string, position: Position): Variable {
    const value = pythonValue(text);
    const written = typeof value === 'number' || value instanceof Numeral ? { written: text } : {};
    return { name, value, position, folder: this.#folder, ...written };
  }
}

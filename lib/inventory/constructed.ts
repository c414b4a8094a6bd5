import { EXIT, QuorateError } from '../errors.ts';
import { Problems } from './checks/problems.ts';
import { rawOf } from './formats/plain-groups.ts';
import { entriesOf, type Source, variableOf } from './formats/yaml.ts';
import { fromPlain } from './jinja/filters/data.ts';
import { textOf } from './jinja/values.ts';
import type { OpenVault } from './text.ts';
import type { Group, Host, Tree } from './tree.ts';
import { Templates } from './variables/template.ts';
import { frozenWorld } from './variables/template-world.ts';
import { isRawMapping, keyText, Numeral, type Raw, type Variable } from './variables/value.ts';
import { readVarFolder, type VarFolder } from './variables/var-files.ts';
import { Variables } from './variables/variables.ts';

interface Construction {
  readonly tree: Tree;
  readonly extra: readonly Variable[];
  /** The file with `plugin: constructed`. */
  readonly source: Source;
  /** Folders of the sources before it: `group_vars/` and `host_vars/` there count with `use_vars_plugins`. */
  readonly folders: readonly string[];
  readonly openVault: OpenVault;
  readonly playbookFolder: string;
  readonly problems: Problems;
}

/**
 * Makes variables (`compose`) and groups (`groups`, `keyed_groups`) of what the sources before say of each host, as
 * Ansible's plugin `constructed` does. What cannot be evaluated is passed over unless `strict` is set.
 */
export async function construct(construction: Construction): Promise<void> {
  const { source, tree, problems } = construction;
  const entries = entriesOf(source.root, source, problems) ?? [];
  const options = new Map(entries.map((entry) => [entry.key, variableOf(entry)]));
  const files = options.get('use_vars_plugins')?.value === true ? await readFiles(construction) : [];
  for (const host of [...tree.hosts.values()])
    await new Constructor(construction, options, host, files).run();
}

/** What files say of groups and hosts; one that is broken may decide of groups, and so is an error for everybody. */
async function readFiles({
  tree,
  folders,
  openVault,
  problems,
}: Construction): Promise<readonly VarFolder[]> {
  const names = { groups: [...tree.groups.keys()], hosts: [...tree.hosts.keys()] };
  const found: VarFolder[] = [];
  for (const folder of folders) found.push(await readVarFolder(folder, names, openVault, new Problems()));
  for (const { groups, hosts } of found)
    for (const { unread } of [...groups.values(), ...hosts.values()])
      for (const error of unread) problems.addError(error);
  return found;
}

class Constructor {
  readonly #construction: Construction;
  readonly #options: ReadonlyMap<string, Variable>;
  readonly #host: Host;
  readonly #files: readonly VarFolder[];
  #templates: Templates;

  constructor(
    construction: Construction,
    options: ReadonlyMap<string, Variable>,
    host: Host,
    files: readonly VarFolder[],
  ) {
    this.#construction = construction;
    this.#options = options;
    this.#host = host;
    this.#files = files;
    this.#templates = this.#read();
  }

  async run(): Promise<void> {
    for (const [name, expression] of this.#mapping('compose')) {
      const value = await this.#evaluate('compose', expression);
      if (value === undefined) continue;
      this.#construction.tree.setHostVariables(this.#host, [this.#variable(name, rawOf(value, undefined))]);
    }
    // What was composed counts for the groups.
    this.#templates = this.#read();
    for (const [name, condition] of this.#mapping('groups'))
      if (await this.#holds(name, condition)) this.#join(this.#group(name));
    const keyed = this.#options.get('keyed_groups')?.value;
    for (const each of Array.isArray(keyed) ? keyed : []) await this.#keyed(mappingOf(each));
  }

  async #keyed(keyed: Readonly<Record<string, Raw>>): Promise<void> {
    const key = await this.#evaluate('keyed_groups', keyed.key ?? null);
    // A default stands for what is empty, not for what cannot be evaluated.
    if (key === undefined) return;
    const usual = keyed.default_value ?? null;
    const fallback = usual === null ? undefined : pythonText(usual);
    const prefix = pythonText(keyed.prefix === undefined ? '' : keyed.prefix);
    const separator = pythonText(keyed.separator === undefined ? '_' : keyed.separator);
    const bare = prefix === '' && this.#options.get('leading_separator')?.value === false;
    const start = `${prefix}${bare ? '' : separator}`;
    const parent = await this.#text(keyed.parent_group ?? '');
    if (parent === undefined) return;
    const names = namesOf(key, separator, fallback, keyed.trailing_separator === false);
    if (names === undefined) this.#tellKey(key);
    for (const name of names ?? []) {
      const group = this.#group(`${start}${name}`);
      this.#join(group);
      const { tree, source } = this.#construction;
      if (parent !== '') tree.addChild(this.#group(parent), group, source.position(source.root));
    }
  }

  /** A condition is true or false, else it is passed over: so has it ansible-core since 2.19. */
  async #holds(name: string, condition: Raw): Promise<boolean> {
    const holds = typeof condition === 'boolean' ? condition : await this.#evaluate('groups', condition);
    if (typeof holds === 'boolean') return holds;
    if (holds !== undefined)
      this.#tell('groups', `${name} is passed over: its condition gives neither true nor false`);
    return false;
  }

  #tellKey(key: unknown): void {
    const { problems } = this.#construction;
    const { position } = this.#variable('keyed_groups', null);
    const found = typeof key === 'boolean' ? String(key) : 'a number';
    problems.add(
      `a key of keyed_groups gives ${found} for ${this.#host.name}`,
      position,
      'text, a list or a mapping names groups: KEY | string',
    );
  }

  #noExpression(option: string): QuorateError {
    const { position } = this.#variable(option, null);
    return new QuorateError(`an expression of ${option} is not text`, {
      exitCode: EXIT.usage,
      ...(position && { position }),
      hint: 'quote it',
    });
  }

  #tell(option: string, message: string): void {
    this.#construction.problems.note(`${option}: ${message}`, this.#variable(option, null).position);
  }

  /** What is known of the host at this moment: no expression sees what one beside it has made. */
  #read(): Templates {
    const { tree, extra, playbookFolder, openVault } = this.#construction;
    const known = this.#options.get('use_extra_vars')?.value === true ? extra : [];
    const variables = new Variables(tree, this.#files, known);
    return new Templates(frozenWorld(tree, variables, playbookFolder, openVault, this.#host.name));
  }

  #mapping(name: string): readonly (readonly [string, Raw])[] {
    return Object.entries(mappingOf(this.#options.get(name)?.value ?? null));
  }

  /** undefined where it cannot be evaluated. */
  async #evaluate(option: string, expression: Raw): Promise<unknown> {
    if (typeof expression !== 'string')
      return this.#orNothing(() => Promise.reject(this.#noExpression(option)));
    return this.#orNothing(() =>
      this.#templates.expression(this.#host.name, {
        ...this.#variable(option, expression),
        value: expression,
      }),
    );
  }

  /** undefined where it cannot be evaluated. */
  async #text(template: Raw): Promise<string | undefined> {
    const value = await this.#orNothing(() =>
      this.#templates.evaluate(this.#host.name, this.#variable('parent_group', template)),
    );
    if (value === undefined) return undefined;
    return typeof value === 'string' ? value : '';
  }

  async #orNothing(work: () => Promise<unknown>): Promise<unknown> {
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      if (this.#options.get('strict')?.value === true) this.#construction.problems.addError(error);
      return undefined;
    }
  }

  #variable(name: string, value: Raw): Variable {
    const position = this.#options.get(name)?.position ?? this.#construction.source.position(null);
    return { name, value, position, folder: this.#construction.source.folder };
  }

  /** Ansible makes a variable's name of a group's. */
  #group(name: string): Group {
    const { tree, source } = this.#construction;
    return tree.addGroup(name.replaceAll(/^[\d\W]|[^\p{L}\p{N}_]/gu, '_'), source.position(source.root));
  }

  #join(group: Group): void {
    this.#construction.tree.addHost(this.#host.name, group, group.position);
  }
}

/** Names of groups by a key; undefined for a key that gives none. */
function namesOf(
  key: unknown,
  separator: string,
  fallback: string | undefined,
  noTrailing: boolean,
): readonly string[] | undefined {
  const isEmpty = (value: unknown) => value === null || value === '';
  if (isEmpty(key)) return fallback === undefined ? [] : [fallback];
  const orFallback = (value: unknown) =>
    isEmpty(value) && fallback !== undefined ? fallback : pythonText(value);
  if (typeof key === 'string') return [key];
  if (Array.isArray(key)) return key.map(orFallback);
  if (key instanceof Numeral || typeof key !== 'object') return isTrue(key) ? undefined : [];
  return Object.entries(key as object).map(([name, value]) =>
    isEmpty(value) && fallback === undefined && noTrailing ? name : `${name}${separator}${orFallback(value)}`,
  );
}

/** As `%s` of Python writes it. */
function pythonText(value: unknown): string {
  return textOf(fromPlain(value));
}

function mappingOf(value: Raw): Readonly<Record<string, Raw>> {
  const entries = isRawMapping(value) ? [...value] : [];
  return Object.fromEntries(entries.map(([key, one]) => [keyText(key), one]));
}

/** As Python takes a number or a bool. */
function isTrue(value: unknown): boolean {
  return Boolean(value instanceof Numeral ? value.value : value);
}

import { existsSync, realpathSync, statSync } from 'node:fs';
import { dirname, extname, join } from 'node:path';
import { QuorateError } from '../../errors.ts';
import { Problems } from '../checks/problems.ts';
import { encryptedVariables } from '../checks/secrets.ts';
import { kindOfFile, namesIn } from '../folders.ts';
import { entriesOf, parseYaml, variableOf } from '../formats/yaml.ts';
import { type OpenVault, readText, VAULT_MARK } from '../text.ts';
import type { Variable } from './value.ts';

/** What one folder's `group_vars/` or `host_vars/` say of a group or host. */
export interface FileVars {
  readonly variables: readonly Variable[];
  /** What is wrong with files, or that no password opened one: an error for the hosts that they are about alone. */
  readonly unread: readonly QuorateError[];
}

/** `group_vars/` and `host_vars/` of one folder, by the name of the group or host. */
export interface VarFolder {
  readonly groups: ReadonlyMap<string, FileVars>;
  readonly hosts: ReadonlyMap<string, FileVars>;
}

/** Ansible looks for these in turn, and the first one counts. */
const ENDINGS = ['', '.yml', '.yaml', '.json'];

/**
 * The folders in which variables lie, lowest precedence first: beside each inventory (in it, for a directory), then
 * beside the playbook. A folder that comes twice counts where it comes last.
 */
export function varFolders(inventories: readonly string[], playbookFolder?: string): readonly string[] {
  const beside = inventories
    .filter((given) => existsSync(given))
    .map((given) => (statSync(given).isDirectory() ? given : dirname(given)));
  const all = playbookFolder === undefined ? beside : [...beside, playbookFolder];
  const folders = all.map((folder) => realpathSync(folder));
  return folders.filter((folder, i) => folders.lastIndexOf(folder) === i);
}

/** Reads the files that groups and hosts of these names have in a folder; a folder's are read in the order of names. */
export async function readVarFolder(
  folder: string,
  names: { readonly groups: Iterable<string>; readonly hosts: Iterable<string> },
  openVault: OpenVault,
  problems: Problems,
): Promise<VarFolder> {
  const reader = new FolderReader(folder, openVault, problems);
  return {
    groups: await reader.read('group_vars', names.groups),
    hosts: await reader.read('host_vars', names.hosts),
  };
}

class FolderReader {
  readonly #folder: string;
  readonly #openVault: OpenVault;
  readonly #problems: Problems;

  constructor(folder: string, openVault: OpenVault, problems: Problems) {
    this.#folder = folder;
    this.#openVault = openVault;
    this.#problems = problems;
  }

  async read(
    what: 'group_vars' | 'host_vars',
    names: Iterable<string>,
  ): Promise<ReadonlyMap<string, FileVars>> {
    const all = new Map<string, FileVars>();
    const folder = join(this.#folder, what);
    const kind = kindOfFile(folder);
    if (kind === 'nothing') return all;
    if (kind !== 'directory') {
      this.#problems.note(`${folder} is passed over: it is not a directory`);
      return all;
    }
    const listed = namesIn(folder, this.#problems);
    if (listed === undefined) return all;
    // A link that leads nowhere is passed over: what it names is on another machine, or not decrypted.
    const there = new Set(listed.filter((file) => /^(file|directory)$/.test(kindOfFile(join(folder, file)))));
    this.#tellNoFiles(
      folder,
      listed.filter((file) => !there.has(file) && !/^\.|~$/.test(file)),
    );
    const used = new Set<string>();
    for (const name of names) {
      const [found, other] = ENDINGS.map((ending) => `${name}${ending}`).filter((file) => there.has(file));
      if (found === undefined) continue;
      used.add(found);
      if (other !== undefined) {
        used.add(other);
        this.#problems.note(`not used: ${join(folder, other)}, as ${found} is beside it`);
      }
      all.set(name, await this.#varsOf(join(folder, found)));
    }
    this.#tellUnused(
      folder,
      what,
      [...there].filter((file) => !used.has(file) && !/^\.|~$/.test(file)),
    );
    return all;
  }

  #tellNoFiles(folder: string, others: string[]): void {
    if (others.length === 0) return;
    this.#problems.note(`not used: ${others.sort().join(', ')} in ${folder}, which lead to no file`);
  }

  #tellUnused(folder: string, kind: string, files: string[]): void {
    if (files.length === 0) return;
    const what = kind === 'group_vars' ? 'group' : 'host';
    const names = files.sort().join(', ');
    this.#problems.note(`not used: ${names} in ${folder}, as no ${what} has that name`);
  }

  async #varsOf(path: string): Promise<FileVars> {
    const variables: Variable[] = [];
    const problems = new Problems();
    for (const file of filesIn(path, problems)) variables.push(...(await this.#read(file, problems)));
    this.#problems.addNotes(problems);
    return { variables, unread: problems.errors };
  }

  async #read(file: string, problems: Problems): Promise<readonly Variable[]> {
    const written = readText(file, problems);
    if (written === undefined) return [];
    let text = written;
    try {
      if (written.startsWith(VAULT_MARK)) text = await this.#openVault(written, { file, line: 1, column: 1 });
    } catch (error) {
      if (!(error instanceof QuorateError)) throw error;
      problems.addError(error);
      return [];
    }
    const source = parseYaml(file, text, problems);
    if (source === undefined) return [];
    const entries = entriesOf(source.root, { ...source, folder: this.#folder }, problems);
    const nested = entries?.find(({ key }) => key === 'vars');
    if (nested) {
      const hint = 'variables stand at the left of this file, without vars: above them';
      problems.note(`vars is a variable of this name here; ${hint}`, nested.position);
    }
    if (entries !== undefined) {
      const variables = entries.map(variableOf);
      return text === written ? variables : encryptedVariables(variables);
    }
    const start = { file, line: 1, column: 1 };
    problems.add('this file is not a mapping of variables', start, 'write NAME: VALUE, one a line');
    return [];
  }
}

function filesIn(path: string, problems: Problems, above: readonly string[] = []): readonly string[] {
  if (kindOfFile(path) !== 'directory') return [path];
  const real = realpathSync(path);
  if (above.includes(real)) return [];
  const names = (namesIn(path, problems) ?? []).filter((name) => !/^\.|~$/.test(name));
  return [...names]
    .sort((a, b) => (a < b ? -1 : 1))
    .flatMap((name) => {
      const inner = join(path, name);
      const kind = kindOfFile(inner);
      if (kind === 'directory') return extname(name) === '' ? filesIn(inner, problems, [...above, real]) : [];
      return kind === 'file' && ENDINGS.includes(extname(name)) ? [inner] : [];
    });
}

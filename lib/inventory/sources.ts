import { existsSync, readFileSync, realpathSync } from 'node:fs';
import { extname, join, parse } from 'node:path';
import { Problems } from './checks/problems.ts';
import { noteRead } from './files-read.ts';
import { kindOfFile, namesIn } from './folders.ts';
import { looksLikeIni } from './formats/looks.ts';
import { isProgram } from './formats/program.ts';
import { entriesOf, parseYaml, type Source } from './formats/yaml.ts';
import { textIn } from './formats/yaml-nodes.ts';
import { type OpenVault, readText, VAULT_MARK, whatItIs } from './text.ts';
import { Tree } from './tree.ts';

/** What reading needs besides the tree that it fills. */
export interface Reading {
  readonly tree: Tree;
  readonly problems: Problems;
  readonly openVault: OpenVault;
  /** Files that were read so far. */
  readonly read: string[];
  /** Of the first of them. */
  format?: Format;
  /** Makes groups of variables, as `plugin: constructed` says. */
  construct(source: Source): Promise<void>;
}

/** What a source is written in. */
export type Format = 'yaml' | 'ini' | 'toml' | 'script' | 'list';

/**
 * Adds what is given with `-i`: a list of hosts with a comma, a directory, an executable, or a file in YAML, JSON, INI
 * or TOML. Ansible's order of trying: host list, script, plugin, yaml, ini, toml.
 */
export async function addSource(reading: Reading, given: string): Promise<void> {
  if (given.includes(',') && !existsSync(given)) {
    reading.format ??= 'list';
    addHostList(reading.tree, given);
  } else
    for (const file of filesOf(given, reading.problems)) {
      await addFile(reading, file, file !== given);
      reading.read.push(file);
    }
}

/** The files that a source is read from: those in a directory, else itself. */
export function filesOf(given: string, problems: Problems): readonly string[] {
  return kindOfFile(given) === 'directory' ? filesBelow(given, [], problems) : [given];
}

function filesBelow(folder: string, above: readonly string[], problems: Problems): readonly string[] {
  const real = realpathSync(folder);
  if (above.includes(real)) return [];
  return filesIn(folder, problems).flatMap((path) => {
    const kind = kindOfFile(path);
    if (kind === 'directory') return filesBelow(path, [...above, real], problems);
    if (kind === 'file') return [path];
    problems.note(
      `not used: ${path}, ${kind === 'nothing' ? 'a link that leads to no file' : 'which is not a file'}`,
    );
    return [];
  });
}

/** Endings and names that Ansible passes over in a directory. */
const IGNORED =
  /^\.|^(host_vars|group_vars|vars_plugins)$|(\.pyc|\.pyo|\.swp|\.bak|~|\.rpm|\.md|\.txt|\.rst|\.orig|\.cfg|\.retry)$/;

/** What lies beside inventories and is none, whatever could be read into it. */
const OTHERS =
  /^((GNU)?[Mm]akefile|Vagrantfile|Dockerfile|Containerfile|Jenkinsfile|[Jj]ustfile|Taskfile\.ya?ml|Gemfile(\.lock)?|LICENSE|COPYING|CODEOWNERS|requirements\.ya?ml|galaxy\.ya?ml)$/;

/**
 * `.ini` is read from ansible-core 2.19 on, and was passed over before: so it is here where YAML or JSON is beside it, or
 * a program of that name, whose settings it has (`ec2.py`, `ec2.ini`).
 */
function filesIn(folder: string, problems: Problems): readonly string[] {
  const names = (namesIn(folder, problems) ?? []).filter((name) => !IGNORED.test(name) && !OTHERS.test(name));
  const hasOthers = names.some((name) => /\.(ya?ml|json)$/.test(name));
  const isOfProgram = (ini: string) =>
    names.some(
      (name) => name !== ini && parse(name).name === parse(ini).name && isProgram(join(folder, name)),
    );
  const unread = names.filter((name) => name.endsWith('.ini') && (hasOthers || isOfProgram(name)));
  for (const name of unread)
    problems.note(`not used: ${join(folder, name)}; name it with -i, or take .ini off its name`);
  const read = names.filter((name) => !unread.includes(name));
  return read.sort((a, b) => (a < b ? -1 : 1)).map((name) => join(folder, name));
}

function addHostList(tree: Tree, list: string): void {
  const position = { file: list, line: 1, column: 1 };
  for (const written of list.split(',')) {
    const word = written.trim();
    if (word === '') continue;
    const [, base, port] = /^(\[[^\]]+\]|[^:[\]]+):(\d+)$/.exec(word) ?? [];
    const name = (base ?? word).replace(/^\[(.*)\]$/, '$1');
    if (!tree.hosts.has(name))
      tree.addHost(name, tree.ungrouped, position, port === undefined ? undefined : Number(port));
  }
}

/** `isBeside` others, in a directory: what is plainly something else is passed over there. */
async function addFile(reading: Reading, file: string, isBeside: boolean): Promise<void> {
  const { tree, problems } = reading;
  if (isProgram(file)) {
    noteRead(file, readFileSync(file));
    reading.format ??= 'script';
    const { addScript } = await import('./formats/script.ts');
    await addScript(tree, file, problems);
    return;
  }
  const written = readText(file, problems, 'check the path given with -i');
  if (written === undefined) return;
  const text = written.startsWith(VAULT_MARK)
    ? await reading.openVault(written, { file, line: 1, column: 1 })
    : written;
  if (isBeside && (await isSomethingElse(reading, file, text, problems))) return;
  // Told only when nothing better can be said of the file.
  const said = new Problems();
  const read = await addText(reading, file, text, said);
  if (read === 'no YAML' && (await isIni(file, text))) return addAsIni(reading, file, text, problems);
  const rather = said.count > 0 ? whatItIs(file, text) : undefined;
  if (rather) problems.add(rather.problem, { file, line: 1, column: 1 }, rather.hint);
  else problems.addAll(said);
}

/** It is plainly none, and cannot be read as one either; told, and nothing of it is in the tree. */
async function isSomethingElse(
  reading: Reading,
  file: string,
  text: string,
  problems: Problems,
): Promise<boolean> {
  const rather = whatItIs(file, text);
  if (rather === undefined || rather.isMeant) return false;
  const trial = new Problems();
  const tree = new Tree(trial, { file, line: 1, column: 1 });
  const read = await addText({ ...reading, tree, construct: async () => {} }, file, text, trial);
  if (trial.count === 0 || (read === 'no YAML' && (await isIni(file, text)))) return false;
  problems.note(`not used: ${file}: ${rather.problem}`);
  return true;
}

/** Adds what a text says; the tree is as it was where that is not YAML, though it looks like that. */
async function addText(
  reading: Reading,
  file: string,
  text: string,
  problems: Problems,
): Promise<'read' | 'no YAML'> {
  const { tree } = reading;
  const ending = extname(file);
  if (ending === '.toml') {
    reading.format ??= 'toml';
    const { addToml } = await import('./formats/plain-groups.ts');
    await addToml(tree, file, text, problems);
    return 'read';
  }
  const isYaml = /^(|\.ya?ml|\.json|\.config)$/.test(ending);
  if (isYaml && !looksLikeIni(text)) {
    const source = parseYaml(file, text, problems);
    if (source === undefined) return 'no YAML';
    const plugin = entriesOf(source.root, source)?.find(({ key }) => key === 'plugin');
    const name = plugin && textIn(plugin.value);
    if (/^(ansible\.builtin\.)?constructed$/.test(name ?? '')) {
      await reading.construct(source);
      return 'read';
    }
    if (plugin && name !== undefined) {
      problems.add(
        `inventory plugin ${name} is not run here`,
        plugin.position,
        `ansible-inventory -i ${file} --list --yaml --output hosts.yaml writes down what it finds`,
      );
      return 'read';
    }
    // Lines that are not a mapping are hosts, one each.
    if (textIn(source.root) === undefined) {
      reading.format ??= 'yaml';
      const { addYaml } = await import('./formats/yaml-groups.ts');
      addYaml(tree, source, problems);
      return 'read';
    }
  }
  await addAsIni(reading, file, text, problems);
  return 'read';
}

async function addAsIni(
  reading: Pick<Reading, 'tree' | 'format'>,
  file: string,
  text: string,
  problems: Problems,
): Promise<void> {
  reading.format ??= 'ini';
  const { addIni } = await import('./formats/ini.ts');
  addIni(reading.tree, file, text, problems);
}

/** What is not YAML is INI, if its hosts have names. */
async function isIni(file: string, text: string): Promise<boolean> {
  const said = new Problems();
  const tree = new Tree(said, { file, line: 1, column: 1 });
  await addAsIni({ tree }, file, text, said);
  return (
    said.count === 0 &&
    tree.hosts.size > 0 &&
    [...tree.hosts.keys()].every((name) => /^[\w.:@-]+$/.test(name))
  );
}

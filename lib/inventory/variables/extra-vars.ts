import { untilde } from '../../home.ts';
import { isPrivate, MASK, shownValue } from '../../secret-names.ts';
import type { Problems } from '../checks/problems.ts';
import { encryptedVariables } from '../checks/secrets.ts';
import { unescaped } from '../formats/python.ts';
import { entriesOf, parseYaml, type Source, variableOf } from '../formats/yaml.ts';
import { type OpenVault, readText, VAULT_MARK } from '../text.ts';
import type { Variable } from './value.ts';

/** `-e`: `K=V` (several, as in Ansible), a YAML or JSON mapping, or `@file`. Later ones win. */
export async function extraVars(
  args: readonly string[],
  openVault: OpenVault,
  problems: Problems,
): Promise<readonly Variable[]> {
  const variables: Variable[] = [];
  for (const arg of args) {
    const source = await sourceOf(arg, openVault, problems);
    if (source === 'pairs') variables.push(...pairs(arg, problems));
    else if (source) variables.push(...mapping(arg, source, problems));
  }
  return variables;
}

async function sourceOf(
  arg: string,
  openVault: OpenVault,
  problems: Problems,
): Promise<ExtraSource | 'pairs' | undefined> {
  if (/^\s*[{[]/.test(arg)) return parseYaml('--extra-vars', arg, problems);
  if (!arg.startsWith('@')) return 'pairs';
  const file = untilde(arg.slice(1));
  const text = readText(file, problems, 'check the path after @');
  if (text === undefined) return undefined;
  const start = { file, line: 1, column: 1 };
  if (!text.startsWith(VAULT_MARK)) return parseYaml(file, text, problems);
  const source = parseYaml(file, await openVault(text, start), problems);
  return source && { ...source, encrypted: true };
}

interface ExtraSource extends Source {
  readonly encrypted?: true;
}

function mapping(arg: string, source: ExtraSource, problems: Problems): readonly Variable[] {
  const entries = entriesOf(source.root, source, problems);
  if (entries === undefined) {
    problems.add(
      `--extra-vars ${isPrivate(arg) ? MASK : arg}: a mapping is wanted`,
      undefined,
      'write NAME: VALUE pairs',
    );
    return [];
  }
  const written = entries.map(variableOf);
  const variables = source.encrypted ? encryptedVariables(written) : written;
  if (arg.startsWith('@')) return variables;
  return variables.map((variable) => ({ ...variable, position: undefined, folder: undefined }));
}

function pairs(arg: string, problems: Problems): readonly Variable[] {
  const words = wordsIn(arg);
  const last = words.at(-1) ?? '';
  if (isOpen(last)) {
    problems.add(
      `--extra-vars ${/^\w*/.exec(last)?.[0]}: a quote or a block is not closed`,
      undefined,
      `quote the whole value, as in NAME="it's", or write it in an @file`,
    );
    return [];
  }
  return words.flatMap((word): readonly Variable[] => {
    const [, name, value = ''] = /^([A-Za-z_]\w*)=(.*)$/s.exec(word.replace(ESCAPE, unescaped)) ?? [];
    if (name !== undefined)
      return [{ name, value: unquoted(value.trim()), position: undefined, folder: undefined }];
    problems.add(
      `--extra-vars ${shownValue(arg, word)} is not NAME=VALUE`,
      undefined,
      'or a JSON mapping, or @file; a value with spaces is quoted: -e \'NAME="a b"\'',
    );
    return [];
  });
}

/** Splits as Ansible does: at spaces, outside of quotes and blocks. The last word may be open. */
function wordsIn(arg: string): readonly string[] {
  const words: string[] = [];
  for (const piece of arg.trim().split(/(?<=[ \n])/)) {
    const last = words.at(-1);
    if (last !== undefined && isOpen(last)) words.splice(-1, 1, `${last}${piece}`);
    else words.push(piece);
  }
  return words.filter((word, at) => at === 0 || !/^\\?\s*$/.test(word));
}

function isOpen(word: string): boolean {
  const inQuotes = /["']/.test(word.replace(/\\["']/g, '').replace(/(["']).*?\1/gs, ''));
  return inQuotes || BLOCKS.some(([start, end]) => count(word, start) > count(word, end));
}

const ESCAPE = /\\(?:x[\da-fA-F]{2}|u[\da-fA-F]{4}|U[\da-fA-F]{8}|[\\'"abfnrtv])/g;

const BLOCKS = [
  ['{{', '}}'],
  ['{%', '%}'],
  ['{#', '#}'],
] as const;

function count(text: string, part: string): number {
  return text.split(part).length - 1;
}

/** Takes away the quotes around a whole value; those inside belong to it. */
function unquoted(value: string): string {
  return /^(["']).*(?<!\\)\1$/s.test(value) ? value.slice(1, -1) : value;
}

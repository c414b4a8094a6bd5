import { isPrivate, MASK, shownValue } from '../../secret-names.ts';
import type { Problems } from '../checks/problems.ts';
import { encryptedVariables } from '../checks/secrets.ts';
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
  const file = arg.slice(1);
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
  // As in Ansible: words, in which quotes keep spaces together.
  const words = arg.match(/(?:\{\{.*?\}\}|"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [''];
  return words.flatMap((word): readonly Variable[] => {
    const name = /^([A-Za-z_]\w*)=/.exec(word)?.[1];
    if (name === undefined) {
      problems.add(
        `--extra-vars ${shownValue(arg, word)} is not NAME=VALUE`,
        undefined,
        'or a JSON mapping, or @file; a value with spaces is quoted: -e \'NAME="a b"\'',
      );
      return [];
    }
    const value = word.slice(name.length + 1).replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2');
    return [{ name, value, position: undefined, folder: undefined }];
  });
}

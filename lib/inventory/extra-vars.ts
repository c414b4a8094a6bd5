import { isPrivate, shownValue } from '../secret-names.ts';
import type { Problems } from './problems.ts';
import { entriesOf, parseSource, readSource, type Source } from './source.ts';
import { canonical, type Setting, type Settings } from './variables.ts';

/** `-e`: `K=V` (several, as in Ansible), a YAML or JSON mapping, or `@file`. Later ones win. */
export function extraVars(args: readonly string[], problems: Problems): Settings {
  const settings = new Map<string, Setting>();
  for (const arg of args) {
    const source = sourceOf(arg, problems);
    if (source === 'pairs') addPairs(settings, arg, problems);
    else if (source) addMapping(settings, arg, source, problems);
  }
  return settings;
}

function sourceOf(arg: string, problems: Problems): Source | 'pairs' | undefined {
  if (arg.startsWith('@')) return readSource(arg.slice(1), problems, 'check the path after @');
  if (/^\s*[{[]/.test(arg)) return parseSource('--extra-vars', arg, problems);
  return 'pairs';
}

function addMapping(settings: Map<string, Setting>, arg: string, source: Source, problems: Problems): void {
  const entries = entriesOf(source.root, source);
  if (entries === undefined) {
    problems.add(
      `--extra-vars ${isPrivate(arg) ? '********' : arg}: a mapping is wanted`,
      undefined,
      'write NAME: VALUE pairs',
    );
    return;
  }
  const fromFile = arg.startsWith('@');
  for (const { key, value, position } of entries) {
    settings.set(canonical(key), {
      value: source.plain(value),
      position: fromFile ? position : undefined,
      folder: fromFile ? source.folder : undefined,
    });
  }
}

function addPairs(settings: Map<string, Setting>, arg: string, problems: Problems): void {
  // As in Ansible: words, in which quotes keep spaces together.
  const words = arg.match(/(?:\{\{.*?\}\}|"[^"]*"|'[^']*'|[^\s"'])+/g) ?? [''];
  for (const word of words) {
    const name = /^([A-Za-z_]\w*)=/.exec(word)?.[1];
    if (name === undefined) {
      problems.add(
        `--extra-vars ${shownValue(arg, word)} is not NAME=VALUE`,
        undefined,
        'or a JSON mapping, or @file; a value with spaces is quoted: -e \'NAME="a b"\'',
      );
      continue;
    }
    const value = word.slice(name.length + 1).replaceAll(/"([^"]*)"|'([^']*)'/g, '$1$2');
    settings.set(canonical(name), { value, position: undefined, folder: undefined });
  }
}

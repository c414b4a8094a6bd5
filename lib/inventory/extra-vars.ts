import type { Problems } from './problems.ts';
import { entriesOf, parseSource, plainValue, readSource, type Source } from './source.ts';
import type { Setting, Settings } from './variables.ts';

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
  if (arg.startsWith('@')) return readSource(arg.slice(1), problems);
  if (/^\s*[{[]/.test(arg)) return parseSource('--extra-vars', arg, problems);
  return 'pairs';
}

function addMapping(settings: Map<string, Setting>, arg: string, source: Source, problems: Problems): void {
  const entries = entriesOf(source.root, source);
  if (entries === undefined) {
    problems.add(`--extra-vars ${arg}: a mapping is wanted`);
    return;
  }
  const fromFile = arg.startsWith('@');
  for (const { key, value, position } of entries) {
    settings.set(key, {
      value: plainValue(value),
      position: fromFile ? position : undefined,
      file: fromFile ? source.file : undefined,
    });
  }
}

function addPairs(settings: Map<string, Setting>, arg: string, problems: Problems): void {
  const name = /^([A-Za-z_]\w*)=/.exec(arg)?.[1];
  if (name === undefined) {
    problems.add(
      `--extra-vars ${JSON.stringify(arg)} is not NAME=VALUE`,
      undefined,
      'or a JSON mapping, or @file',
    );
    return;
  }
  settings.set(name, { value: arg.slice(name.length + 1), position: undefined, file: undefined });
}

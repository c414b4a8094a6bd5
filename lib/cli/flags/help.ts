import type { PlaybookFile } from '../start/playbook-file.ts';
import { lineOf, type Started } from '../start/started.ts';
import { flagsOf, hiddenIn } from './flags.ts';

/** The text of `--help`, for a screen that is `columns` wide: what this playbook has, and nothing else. */
export function helpText(
  playbook: PlaybookFile,
  started: Started,
  columns = process.stdout.columns ?? 100,
): string {
  const { name, description, plays, examples = [], words } = playbook;
  const hides = hiddenIn(playbook);
  const preset = presetOf(playbook, started);
  const lines = flagsOf(playbook).map((flag) => {
    const short = flag.short ? `-${flag.short}, ` : '    ';
    const value = flag.placeholder ? ` ${flag.placeholder}` : '';
    return [`  ${short}--${flag.name}${value}`, flag.description.replace('{inventory}', preset)] as const;
  });
  const width = Math.max(...lines.map(([left]) => left.length));
  const roles = plays.flatMap((play) =>
    play.roles.map((role) => `  ${role.name.padEnd(10)} ${role.description}`),
  );
  const line = lineOf(started, name);
  return [
    `usage: ${line}${hides.includes('inventory') ? '' : ' [-i INVENTORY]…'} [options]${words === undefined ? '' : ` ${words}`}`,
    '',
    hung(description, 0, columns),
    '',
    ...(hides.includes('role') || roles.length === 0 ? [] : ['roles:', ...roles, '']),
    'options:',
    ...lines.map(([left, right]) => `${left.padEnd(width)}  ${hung(right, width + 2, columns)}`),
    '',
    ...(examples.length > 0 ? ['examples:', ...examples.flatMap((example) => shown(line, example)), ''] : []),
    hung(`exit codes: ${exitCodes(hides)}`, 2, columns),
    '',
  ].join('\n');
}

function presetOf({ inventory }: PlaybookFile, { packaged }: Started): string {
  if (inventory === undefined) return 'inventory.yaml or inventory/ beside the playbook';
  return packaged ? './inventory.yaml or ./inventory/' : inventory.replace(/^\.\.\//, '');
}

function shown(line: string, [args, what]: readonly [args: string, what: string]): string[] {
  return [`  # ${what}`, `  ${line} ${args}`.trimEnd()];
}

/** Nothing is pending where nothing is changed. */
function exitCodes(hides: readonly string[]): string {
  const pending = hides.includes('detailed-exitcode')
    ? ''
    : ' 8 changes pending (--check --detailed-exitcode),';
  return `0 done, 1 bad usage or inventory, 2 a task failed, 3 refused by a safety gate, 4 unreachable, 5 not trusted, 6 locked by another run, 7 the cluster is not healthy,${pending} 70 a bug, 130/143 interrupted`;
}

/** Text broken between words; further lines start at `indent`, where the first one does or further left. */
function hung(text: string, indent: number, columns: number): string {
  const room = Math.max(20, columns - indent - 1);
  const lines = [''];
  for (const word of text.split(' ')) {
    const line = lines.at(-1) as string;
    if (line !== '' && line.length + 1 + word.length > room) lines.push(word);
    else lines[lines.length - 1] = line === '' ? word : `${line} ${word}`;
  }
  return lines.join(`\n${' '.repeat(indent)}`);
}

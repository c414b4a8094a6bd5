import type { Playbook } from '../dsl/play.ts';
import { FLAGS, type OwnFlag } from './options.ts';

/** The text of `--help`, for a screen that is `columns` wide. */
export function helpText(
  playbook: Playbook,
  own: readonly OwnFlag[],
  columns = process.stdout.columns ?? 100,
): string {
  // A playbook may give a shared flag a meaning of its own.
  const shared = FLAGS.filter(({ name }) => !own.some((flag) => flag.name === name));
  const lines = [...own, ...shared].map((flag) => {
    const short = 'short' in flag && flag.short ? `-${flag.short}, ` : '    ';
    const value = flag.placeholder ? ` ${flag.placeholder}` : '';
    return [`  ${short}--${flag.name}${value}`, flag.description] as const;
  });
  const width = Math.max(...lines.map(([left]) => left.length));
  const roles = playbook.plays.flatMap((play) =>
    play.roles.map(({ name, description }) => `  ${name.padEnd(10)} ${description}`),
  );
  return [
    `usage: npx tsx playbooks/${playbook.name}.ts [-i INVENTORY]… [options]`,
    '',
    hung(playbook.description, 0, columns),
    '',
    ...(roles.length ? ['roles:', ...roles, ''] : []),
    'options:',
    ...lines.map(([left, right]) => `${left.padEnd(width)}  ${hung(right, width + 2, columns)}`),
    '',
    hung(`exit codes: ${EXIT_CODES}`, 2, columns),
    '',
  ].join('\n');
}

const EXIT_CODES =
  '0 done, 1 bad usage or inventory, 2 a task failed, 3 refused by a safety gate, 4 unreachable, 5 not trusted, 6 locked by another run, 7 the cluster is not healthy, 8 changes pending (--check --detailed-exitcode), 70 a bug, 130/143 interrupted';

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

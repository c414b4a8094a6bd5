import type { Playbook } from '../dsl/play.ts';
import { FLAGS, type OwnFlag } from './options.ts';

/** The text of `--help`. */
export function helpText(playbook: Playbook, own: readonly OwnFlag[]): string {
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
    playbook.description,
    '',
    ...(roles.length ? ['roles:', ...roles, ''] : []),
    'options:',
    ...lines.map(([left, right]) => `${left.padEnd(width)}  ${right}`),
    '',
    'exit codes: 0 done, 1 bad usage or inventory, 2 a task failed, 3 refused by a safety gate,',
    '  4 unreachable, 5 not trusted, 6 locked by another run, 7 the cluster is not healthy,',
    '  8 changes pending (--check --detailed-exitcode), 70 a bug, 130/143 interrupted',
    '',
  ].join('\n');
}

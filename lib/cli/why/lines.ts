import { formatPosition } from '../../errors.ts';
import { describe } from '../../report/diff/changes.ts';
import { oneLine } from '../../report/text.ts';
import type { Why, WhyVariable } from '../../runner/plan/why.ts';

const VERDICT: Readonly<Record<Why['status'], string>> = {
  changed: 'would be changed',
  unknown: 'only a run can know',
  ok: 'is as it is wanted: nothing would be changed',
  skipped: 'is left out',
};

/** Why a task would change a host, for people. */
export function whyLines(why: Omit<Why, 'lines'>, skipped: string | undefined): readonly string[] {
  const { host, role, task, status, position, read, wanted, changes, variables } = why;
  const reason = skipped === undefined ? '' : ` (${skipped})`;
  return [
    '',
    `${host}: ${oneLine(task)}`,
    `  ${VERDICT[status]}${reason}`,
    ...listed(
      'differs',
      changes.map((change) => oneLine(describe(change))),
    ),
    ...listed('was read', read),
    ...listed('is wanted', dataLines(wanted)),
    `  role ${role}${position ? `, at ${formatPosition(position)}` : ''}`,
    ...listed('the role reads', variables.map(variableLine)),
  ];
}

function listed(what: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : [`  ${what}:`, ...lines.map((line) => `    ${oneLine(line)}`)];
}

function dataLines(wanted: unknown): readonly string[] {
  if (typeof wanted !== 'object' || wanted === null) return [JSON.stringify(wanted) ?? 'nothing'];
  return Object.entries(wanted).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}: ${JSON.stringify(value)}`],
  );
}

function variableLine({ variable, value, by, position }: WhyVariable): string {
  const shown = value === undefined ? 'not set' : JSON.stringify(value);
  return `${variable} = ${shown}  (${by}${position ? `, ${formatPosition(position)}` : ''})`;
}

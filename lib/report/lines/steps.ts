import type { QuorumChange, Tally } from '../../dsl/step.ts';
import type { RunEvent } from '../../runner/events.ts';
import type { Colors } from '../colors.ts';
import { oneLine } from '../text.ts';

export type StepEvent = Extract<RunEvent, { event: 'step' }>;

const MARKS = { planned: '·', begun: '▸', done: '✔', failed: '✗' } as const;

/**
 * A step for a person: what is done, and, in the list of what is planned, what that does to the quorum.
 *
 * @example
 * · etcd04: add it as a learner       3 voters, quorum 2, 3 healthy: 1 to spare
 */
export function stepLine({ host, title, status, ledger }: StepEvent, colors: Colors): string {
  const mark = MARKS[status];
  const coloured =
    status === 'done' ? colors.green(mark) : status === 'failed' ? colors.red(mark) : colors.cyan(mark);
  const said = `${coloured} ${host}: ${oneLine(title)}`;
  return status === 'planned' ? `${said}  ${colors.dim(ledgerLine(ledger))}` : said;
}

/** The same without mark and colours. */
export function stepText({ host, title, status, ledger }: StepEvent): string {
  return `${host}: ${oneLine(title)}${status === 'planned' ? `  (${ledgerLine(ledger)})` : ''}`;
}

/** `3 voters, quorum 2, 3 healthy, 1 to spare → 2 healthy, 0 to spare`: after the arrow what differs. */
function ledgerLine({ before, after }: QuorumChange): string {
  if (before.voters === 0 && after.voters === 0) return 'no voters yet';
  const parts: readonly (readonly [keyof Tally, (n: number) => string])[] = [
    ['voters', (n) => `${n} ${n === 1 ? 'voter' : 'voters'}`],
    ['quorum', (n) => `quorum ${n}`],
    ['healthy', (n) => `${n} healthy`],
    ['spare', (n) => (n < 0 ? 'no quorum' : `${n} to spare`)],
  ];
  const told = (tally: Tally, some: typeof parts) => some.map(([name, say]) => say(tally[name])).join(', ');
  const other = parts.filter(([name]) => before[name] !== after[name]);
  return `${told(before, parts)}${other.length === 0 ? '' : ` → ${told(after, other)}`}`;
}

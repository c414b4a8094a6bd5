import type { Inventory } from '../inventory/index.ts';
import type { RunEvent } from '../runner/events.ts';
import type { RunOptions } from '../runner/session.ts';
import type { Options } from './flags/options.ts';
import type { PlaybookFile } from './start/playbook-file.ts';
import { lineOf, type Started } from './start/started.ts';

export interface Planned {
  /** What the runner has to do with it. */
  readonly part: Pick<RunOptions, 'approval' | 'review' | 'reviewed'>;
  /** Told before anything else. */
  readonly warnings?: readonly string[];
  /** What people are not to be told besides. */
  hides?(event: RunEvent): boolean;
  hear?(event: RunEvent): void;
  /** Printed in the end. */
  document?(): string;
}

/** What a run has to do with a plan: it carries one out, makes one, or neither. */
export async function planOf(
  playbook: PlaybookFile,
  inventory: Inventory,
  options: Options,
  started: Started,
): Promise<Planned> {
  const { approved, apply = '', planOut, planFormat, why, showScript } = options;
  if (showScript !== undefined) {
    const { scriptShower } = await import('./show-script.ts');
    return scriptShower(showScript, playbook, inventory);
  }
  if (why !== undefined) {
    const { whyTeller } = await import('./why/index.ts');
    return whyTeller(why, playbook, inventory);
  }
  if (approved !== undefined) {
    const { approvalOf } = await import('./plan-file/approved.ts');
    return { part: { approval: await approvalOf(approved, apply, options) } };
  }
  if (planOut === undefined && (planFormat ?? 'text') === 'text') return { part: {} };
  const { planMaker } = await import('./plan-file/made.ts');
  return planMaker({ playbook, file: started.file, line: lineOf(started, playbook.name), options });
}

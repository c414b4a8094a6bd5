import { runOn } from './embedded.ts';
import type { PlaybookOptions } from './playbook.ts';
import type { PlaybookRun, RunOptions } from './playbook-run.ts';

/**
 * A run of a playbook from a program: nothing is read from the terminal or written to it, and the process goes on.
 * Several at once know nothing of each other. Nothing begins before `plan` or `apply`.
 *
 * @example
 * const r = run({ name: 'site', plays: [play({ hosts: 'web', roles: [nginx] })] }, { inventory: 'inventory.yaml' });
 * const { changed } = await r.plan();
 * if (changed.length > 0) await r.apply();
 */
export function run(playbook: PlaybookOptions, options: RunOptions = {}): PlaybookRun {
  return runOn(playbook, options, {});
}

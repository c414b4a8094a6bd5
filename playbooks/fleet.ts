import { FLAGS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { FLEET_FLAGS } from '../lib/fleet/flags.ts';

const TAKES = ['check', 'yes', 'message', 'report', 'output', 'diff', 'verbose', 'help', 'version'];

export default await main(import.meta.url, {
  name: 'fleet',
  description:
    'Runs a playbook on many clusters: one job each, in waves; on this machine, or by workers with Redis.',
  hides: FLAGS.flatMap(({ name }) => (TAKES.includes(name) ? [] : [name])),
  examples: [
    ["run site --clusters 'inventories/*.yaml' --check", 'what is to be changed, on this machine alone'],
    [
      "run site --clusters 'inventories/*.yaml' --waves 1,10%,100% --redis redis://queue",
      'by workers, a canary first',
    ],
    ['worker --redis redis://queue --concurrency 4', 'carry out jobs, four at once'],
    ['status --redis redis://queue --watch', 'how fleets stand'],
    [
      "schedule site --clusters 'inventories/*.yaml' --check --cron '0 3 * * *' --redis redis://queue",
      'look for drift every night',
    ],
  ],
  flags: FLEET_FLAGS,
  words: 'VERB [PLAYBOOK | RUN | JOB] [-- WORDS OF THE PLAYBOOK]',
  carriesOut: async (options) => (await import('../lib/fleet/index.ts')).fleet(options),
  plays: [],
});

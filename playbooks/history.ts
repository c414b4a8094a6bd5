import { OF_CHANGES } from '../lib/cli/flags/flags.ts';
import { HISTORY_FLAGS, history } from '../lib/cli/history/index.ts';
import { main } from '../lib/cli/main.ts';

export default await main(import.meta.url, {
  name: 'history',
  description: 'Says what ran, when, by whom and what it changed; shows a run again; changes nothing.',
  inventory: '../inventory/local.yaml',
  hides: OF_CHANGES.filter((name) => name !== 'diff'),
  examples: [
    ['-i inventory/prod.yaml --since 7d', 'what hosts and this machine know of a week'],
    ['-i inventory/prod.yaml --replay last --diff', 'the last run of this machine again, with its diffs'],
    ['-i inventory/prod.yaml --replay last --report run.html', 'a page of it'],
    ['-i inventory/prod.yaml --compare last~1 last', 'in what two runs differ'],
  ],
  flags: HISTORY_FLAGS,
  words: '[RUN]',
  ...history(),
});

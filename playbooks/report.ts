import { FLAGS } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';

const TAKES = ['report', 'output', 'help', 'version'];

export default await main(import.meta.url, {
  name: 'report',
  description: 'Makes one report of several runs; contacts no host.',
  hides: FLAGS.flatMap(({ name }) => (TAKES.includes(name) ? [] : [name])),
  examples: [
    ['merge shard-*.jsonl --report all.html', 'of what --output json printed, one page'],
    ['merge .quorate/runs/prod.yaml/20261127T*.jsonl --report day.xml', 'of the records of a day, JUnit'],
  ],
  words: 'merge FILE…',
  prints: async (options) => (await import('../lib/cli/merge-reports.ts')).mergeReports(options),
  plays: [],
});

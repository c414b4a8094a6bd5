import { OF_CHANGES } from '../lib/cli/flags/flags.ts';
import { main } from '../lib/cli/main.ts';
import { doctorStrategy } from '../lib/etcd/operations/doctor/index.ts';
import { readLog } from '../lib/etcd/operations/doctor/log.ts';
import { etcdPlay } from '../lib/etcd/play.ts';

export default await main(import.meta.url, {
  name: 'doctor',
  description:
    'Names the causes when something is wrong, with evidence and the next command; changes nothing.',
  inventory: '../inventory/local.yaml',
  hides: OF_CHANGES,
  examples: [
    ['-i inventory/prod.yaml', 'what is wrong, why, and what to do next'],
    ['--log etcd.log', 'the same from a journal alone; - is standard input'],
  ],
  flags: [
    {
      name: 'log',
      type: 'string',
      placeholder: 'FILE',
      description: 'read this journal instead of asking hosts; - is standard input',
    },
  ],
  instead: ({ log }) => (log === undefined ? undefined : readLog(log)),
  plays: [{ ...etcdPlay('doctor', []), strategy: doctorStrategy }],
});

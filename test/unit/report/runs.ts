import type { RunEvent } from '../../../lib/runner/events.ts';
import { recordedRun } from './recorded.ts';
import { change, cluster, recap, start, task } from './streams.ts';

const EVIL = `</script></style></title><img src=x onerror="document.body.dataset.pwned=1"><script>document.body.dataset.pwned=1</script>'"\x1b[2J\u202e&amp;`;
const DIFF = ['@@ -1,1 +1,1 @@', '-heartbeat: 100', '+heartbeat: 250'];
/** A run that changed a file on two hosts and failed on one of them. */
export const FAILED: readonly RunEvent[] = [
  {
    ...start('etcd01', 'etcd02'),
    who: 'maria',
    from: 'laptop',
    command: 'site -i prod.yaml',
    message: 'change 4711',
  } as RunEvent,
  task('etcd01', { task: 'etcd.conf is there', changes: [change({ diff: DIFF })] }),
  task('etcd02', { task: 'etcd.conf is there', changes: [change({ diff: DIFF })] }),
  { event: 'output', host: 'etcd02', task: 'etcd runs', line: 'bind: address in use' },
  task('etcd02', { task: 'etcd runs', status: 'failed' }),
  {
    event: 'error',
    message: 'etcd02: port 2379 is held',
    exitCode: 2,
    host: 'etcd02',
    task: 'etcd runs',
    hint: 'stop nginx',
  },
  recap({ etcd01: { changed: 1 }, etcd02: { changed: 1, failed: 1 } }, { exitCode: 2 }),
];

/** Every text that may come from a host, or from whoever wrote the inventory. */
export function evilRun() {
  const ledger = {
    before: { voters: 1, quorum: 1, healthy: 1, spare: 0 },
    after: { voters: 1, quorum: 1, healthy: 1, spare: 0 },
  };
  return recordedRun([
    {
      event: 'start',
      playbook: EVIL,
      inventory: [EVIL],
      check: false,
      hosts: [EVIL],
      who: EVIL,
      from: EVIL,
      command: EVIL,
      message: EVIL,
    },
    task(EVIL, {
      role: EVIL,
      task: EVIL,
      changes: [change({ resource: EVIL, property: EVIL, before: EVIL, after: EVIL, diff: [`+${EVIL}`] })],
    }),
    task(EVIL, { role: EVIL, task: 'skips', status: 'skipped', changes: [], reason: EVIL }),
    task(EVIL, {
      role: EVIL,
      task: 'runs',
      changes: [change({ kind: 'run', text: { before: '', after: EVIL } })],
    }),
    { event: 'output', host: EVIL, task: EVIL, line: EVIL },
    { event: 'log', level: 'warning', host: EVIL, message: EVIL },
    { event: 'facts', host: EVIL, facts: { [EVIL]: EVIL, more: [EVIL] } },
    { event: 'left-over', host: EVIL, role: EVIL, kind: EVIL, name: EVIL, stays: EVIL },
    { event: 'step', host: EVIL, title: EVIL, status: 'done', ledger },
    cluster(EVIL, EVIL, EVIL),
    {
      event: 'error',
      message: EVIL,
      exitCode: 2,
      host: EVIL,
      task: EVIL,
      hint: EVIL,
      position: { file: EVIL, line: 1, column: 1 },
    },
    recap({ [EVIL]: { failed: 1 } }, { exitCode: 2 }),
  ]);
}

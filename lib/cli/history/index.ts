import type { HostFacts } from '../../dsl/host-facts.ts';
import { plainPlay } from '../../dsl/plain-play.ts';
import type { PlayHost, PlayRun } from '../../dsl/play.ts';
import type { PastRun } from '../../dsl/states/history-state.ts';
import { readDuration } from '../../duration.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { Inventory } from '../../inventory/index.ts';
import { foldHosts } from '../../report/hosts.ts';
import { count } from '../../report/text.ts';
import type { OwnFlag } from '../flags/flags.ts';
import type { Options } from '../flags/options.ts';
import { runsFolder } from '../runs-folder.ts';
import type { PlaybookFile } from '../start/playbook-file.ts';
import { type AuditLine, parseAudit, readAudit } from './audit-lines.ts';
import { pastRuns, type Wanted } from './past-runs.ts';
import { historyTable } from './table.ts';

export const HISTORY_FLAGS: readonly OwnFlag[] = [
  {
    name: 'since',
    type: 'string',
    placeholder: 'TIME',
    description: 'runs of the last 7d, or since 2026-11-27',
  },
  { name: 'newest', type: 'string', placeholder: 'N', description: 'show at most N runs (default: 20)' },
  {
    name: 'replay',
    type: 'string',
    placeholder: 'RUN',
    description: 'show a recorded run again: its ID, a begin or an end of it, last, last~1',
  },
  {
    name: 'compare',
    type: 'string',
    placeholder: 'RUN RUN',
    description: 'say in what two recorded runs differ',
  },
];

/** What the playbook `history` runs: it asks all hosts, or shows records without contact to any. */
export function history(): Pick<PlaybookFile, 'show' | 'plays'> {
  // What is asked for is known once the inventory is read, and wanted when hosts have answered.
  let asked: { readonly folder: string; readonly wanted: Omit<Wanted, 'hosts'>; readonly limited: boolean };
  return {
    show: (inventory: Inventory, options: Options) => {
      const folder = runsFolder(inventory.files);
      const { replay, compare } = options.own;
      checkWords(options);
      if (typeof replay === 'string') return replayed(folder, replay, options);
      if (typeof compare === 'string') return compared(folder, [compare, options.words[0] ?? ''], options);
      asked = { folder, wanted: wantedOf(options), limited: (options.limit ?? options.shard) !== undefined };
      return undefined;
    },
    plays: [
      {
        ...plainPlay({ name: 'history', hosts: 'all', roles: [] }),
        strategy: {
          anyHost: true,
          plansLater: true,
          async converge() {},
          async verify(run) {
            const { folder, wanted, limited } = asked;
            const named = [...run.hosts.map(({ target }) => target.name), ...run.unreachable];
            await showHistory(run, folder, { ...wanted, hosts: limited ? new Set(named) : undefined });
          },
        },
      },
    ],
  };
}

async function replayed(folder: string, word: string, options: Options): Promise<void> {
  await (await import('./replay.ts')).replay(folder, word, options);
}

async function compared(folder: string, words: readonly [string, string], options: Options): Promise<void> {
  await (await import('./compare.ts')).compare(folder, words, options);
}

async function showHistory(run: PlayRun<HostFacts>, folder: string, wanted: Wanted): Promise<void> {
  const lines = new Map<string, readonly AuditLine[]>();
  const unread = run.unreachable.map((host) => ({ host, why: 'not reached' }));
  let damaged = 0;
  const cut: string[] = [];
  await run.each(run.hosts, async (host: PlayHost<HostFacts>) => {
    const { name, vars } = host.target;
    const { out } = await host.read('reading what runs have left', readAudit(name, vars));
    const found = parseAudit(out);
    lines.set(name, found.lines);
    damaged += found.damaged;
    if (found.cut) cut.push(name);
    if (found.damaged > 0)
      run.log(
        'warning',
        `${name}: ${count(found.damaged, 'line')} of its audit.jsonl left out: cut, or none of ours`,
      );
    for (const path of found.denied) {
      unread.push({ host: name, why: `${path} may not be read` });
      run.log('warning', `${name}: ${path} may not be read; -b reads it as root`);
    }
  });
  const past = await pastRuns(lines, folder, wanted);
  if (past.damaged > 0)
    run.log(
      'warning',
      `this machine: ${count(past.damaged, 'line')} of its records left out: cut, or none of ours`,
    );
  if (cut.length > 0 && past.runs.length < wanted.newest)
    run.log('info', `${foldHosts(cut)}: older runs are left out: the end of a long audit.jsonl is read`);
  for (const why of past.unread) run.log('warning', `this machine: a record could not be read: ${why}`);
  const { runs } = past;
  run.show({ event: 'history', runs, unread, damaged: damaged + past.damaged, table: historyTable(runs) });
  run.conclude(sentence(runs, unread.length));
}

function sentence(runs: readonly PastRun[], unread: number): string {
  const others =
    unread === 0
      ? ''
      : `; what ${count(unread, 'host')} ${unread === 1 ? 'knows' : 'know'} is not among them`;
  return `${count(runs.length, 'run')}${others}`;
}

function checkWords({ own, words }: Options): void {
  const { replay, compare, since, newest } = own;
  if (replay !== undefined && compare !== undefined) throw usage('--replay and --compare: one of them');
  if ((replay ?? compare) !== undefined && (since ?? newest) !== undefined)
    throw usage('--since and --newest are for the list, and --replay and --compare name a run');
  const wanted = compare === undefined ? 0 : 1;
  if (words.length < wanted) throw usage('--compare wants two runs', '--compare last~1 last');
  if (words[wanted] !== undefined) throw usage(`unexpected argument ${words[wanted]}`);
}

function wantedOf({ own: { since, newest = '20' } }: Options): Omit<Wanted, 'hosts'> {
  const number = Number(newest);
  if (!Number.isInteger(number) || number < 1)
    throw usage(`--newest takes a whole number, not ${JSON.stringify(newest)}`);
  return { newest: number, since: typeof since === 'string' ? sinceOf(since) : Number.NEGATIVE_INFINITY };
}

/** `7d`, or a date, with a time or without. */
function sinceOf(text: string): number {
  const ago = readDuration(text);
  if (ago !== undefined) return Date.now() - ago;
  const time = /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  throw usage(`--since takes a time, as in 7d or 2026-11-27, not ${JSON.stringify(text)}`);
}

function usage(message: string, hint = '--help lists the options'): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}

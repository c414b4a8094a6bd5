import type { PlayInventoryHost } from '../dsl/play.ts';
import { EXIT, type ExitCode } from '../errors.ts';
import { type InventoryHost, type SettledHost, selectHosts } from '../inventory/index.ts';
import { printDocument } from '../report/document.ts';
import { createReport, type Report, type ReportOptions } from '../report/index.ts';
import { type Run, startRun } from '../runner/run.ts';
import { type connect, openSftp } from '../transport/index.ts';
import { askPasswords } from './ask-passwords.ts';
import { auditNote } from './audit-note.ts';
import { checkPlays } from './check-plays.ts';
import { chosenGroups } from './chosen-groups.ts';
import { hiddenIn } from './flags/flags.ts';
import type { Options } from './flags/options.ts';
import { chooseRoles } from './flags/roles.ts';
import { reportLines } from './flags/usage.ts';
import { type ListingOptions, listing } from './listing.ts';
import { load } from './load-inventory.ts';
import { planOf } from './planned.ts';
import { askConsent, requireAnswers } from './prompt.ts';
import { reachOf } from './reach.ts';
import { contactsOf, inShard } from './run-hosts.ts';
import { runsFolder } from './runs-folder.ts';
import { completeCommands } from './start/complete-commands.ts';
import type { PlaybookFile } from './start/playbook-file.ts';
import { onSignals } from './start/signals.ts';
import { isOurs, type Started } from './start/started.ts';

/** Who started a run and hears of it: a person at a terminal, or a program. */
export interface Starter {
  report(options: ReportOptions): Report;
  /** In place of what the inventory says of a host. */
  readonly connect?: typeof connect;
  /** Holds on to the run, to end it early; gives back how to let it go. */
  hold(run: Run, warn: (message: string) => void): () => void;
  /** Asks whether to go on; without it nobody is there to agree. */
  readonly ask?: (question: string) => Promise<boolean>;
  /** The run was given up, and something of it may still be under way. */
  leave(code: ExitCode): void;
}

/** With the process goes what is still under way; on hosts it ends with the connection. */
const PERSON: Starter = {
  report: createReport,
  ask: askConsent,
  hold: onSignals,
  leave: (code) => process.exit(code),
};

/** Loads the inventory, picks hosts and roles, runs the plays. Throws for what is wrong before any contact. */
export async function execute(
  given: PlaybookFile,
  options: Options,
  started: Started,
  starter: Starter = PERSON,
): Promise<ExitCode> {
  const includes = chooseRoles(given, options);
  const inventory = await load(given, options, started);
  const planned = await planOf(given, inventory, options, started);
  const shown = given.show?.(inventory, options);
  if (shown) {
    await shown;
    return EXIT.ok;
  }
  const { playbook, except } = chosenGroups(given, inventory, started);
  const limited =
    options.limit === undefined ? undefined : names(selectHosts(inventory, options.limit, '--limit'));
  let sharded: ReadonlySet<string> | undefined;
  const limit = ({ name }: { readonly name: string }) =>
    (limited?.has(name) ?? true) && (sharded?.has(name) ?? true);
  const listed = (pattern: string) => selectHosts(inventory, pattern, 'the play');
  const list = async (what: ListingOptions['what'], select: ListingOptions['select']) => {
    const lines = await listing(playbook, { what, includes, select, limit, groups: inventory.groups });
    await reportLines(lines, options.output, options.check);
    return EXIT.ok;
  };
  // Which cluster a host is of is known once its variables are.
  if (options.shard === undefined && (options.list === 'hosts' || options.list === 'tags')) {
    return list(options.list, (pattern) => listed(pattern).map(unread));
  }
  const { hosts: settled, notices } = await inventory.settle({
    hosts: unique(playbook.plays.flatMap((play) => listed(play.hosts))),
    except,
    contacts: (all) => {
      if (options.shard) sharded = inShard(playbook, listed, all, options.shard);
      return options.list === undefined ? contactsOf(playbook, listed, limit, all) : [];
    },
  });
  if (options.shard && ![...settled.values()].some(limit) && options.list === undefined) {
    const { endEmptyShard } = await import('./empty-shard.ts');
    await endEmptyShard(options.shard, planned, options);
    return EXIT.ok;
  }
  const withPasswords = await askPasswords(options);
  const { connecting, toRunHost, judge, reach } = reachOf({
    inventory,
    settled,
    except,
    options,
    withPasswords,
    connect: starter.connect,
    report: () => report,
  });
  const select = (pattern: string) =>
    listed(pattern).map(({ name }) => toRunHost(settled.get(name) as SettledHost));
  if (options.list !== undefined) return list(options.list, select);
  const warnings = await checkPlays(playbook, settled, select);
  const chosen = playbook.plays.flatMap((play) => select(play.hosts)).filter(limit);
  playbook.refuses?.(chosen, options);
  if (playbook.asks === true || playbook.asks?.(options)) requireAnswers(options);
  if (options.reports.length > 0) {
    const { checkReports } = await import('../report/write-report.ts');
    checkReports(options.reports);
  }
  await judge(settled.values());
  const output = outputOf(playbook, options);
  const { check } = options;
  const { tellsOutput = false } = playbook;
  const kept = leavesRecord(given) ? { runsFolder: runsFolder(inventory.files) } : {};
  const report = starter.report({ output, tellsOutput, ...kept, ...wordsOfReport(options) });
  for (const message of [...inventory.notices, ...notices])
    report.emit({ event: 'log', level: 'info', message });
  for (const message of [...warnings, ...(planned.warnings ?? [])])
    report.emit({ event: 'log', level: 'warning', message });
  // Another playbook would not find the one beside this, or would take its own.
  const isFound = options.inventory.length === 0 && !options.local && !isOurs(started);
  const same = isFound ? { ...options, inventory: inventory.files } : options;
  const run = startRun(playbook, {
    inventoryFiles: inventory.files,
    select,
    groups: inventory.groups,
    reach,
    limit,
    check,
    detailedExitcode: options.detailedExitcode,
    forks: options.forks,
    prune: options.prune,
    lockWait: options.lockWait,
    note: auditNote(playbook, options),
    tellsOutput,
    ...planned.part,
    takeAway: async () => (await import('../resources/left-over/index.ts')).takeAway,
    roles: { includes, explicit: options.roles.length > 0 },
    agreed: options.yes,
    openSftp: (address) => openSftp(address, connecting()),
    consent: async (question) =>
      options.yes || (await report.suspend(async () => starter.ask?.(question))) === true,
    sink: {
      emit: (event) => {
        planned.hear?.(event);
        if (output === 'json' || !planned.hides?.(event)) report.emit(completeCommands(event, started, same));
      },
      progress: (progress) => report.progress(progress),
      print: (printed) => report.print?.(printed),
    },
  });
  const forget = starter.hold(run, (message) => report.emit({ event: 'log', level: 'warning', message }));
  try {
    const code = await run.done;
    if (run.abandoned) await report.close().finally(() => starter.leave(code));
    return code;
  } finally {
    forget();
    await report.close();
    if (planned.document) await printDocument(planned.document());
  }
}

/** A playbook that only looks has no check, and leaves no record. */
function leavesRecord(playbook: PlaybookFile): boolean {
  return !hiddenIn(playbook).includes('check');
}

/** What the command line says of the report. */
function wordsOfReport({ check, diff, verbosity, reports, log }: Options) {
  return { check, diff, verbosity, reports, ...(log !== undefined && { logFile: log }) };
}

function outputOf({ pipes }: PlaybookFile, { output, check, planFormat, showScript }: Options) {
  if (showScript !== undefined) return 'errors';
  if (planFormat !== undefined) return planFormat === 'text' ? 'plain' : 'errors';
  if (output !== 'json' && pipes && !check) return 'errors';
  return output ?? (process.stdout.isTTY ? 'pretty' : 'plain');
}

/** A host of which only its name is asked. */
function unread({ name, groups }: InventoryHost): PlayInventoryHost {
  return { name, groups, vars: {} };
}

function unique(hosts: readonly InventoryHost[]): readonly InventoryHost[] {
  return [...new Map(hosts.map((host) => [host.name, host])).values()];
}

function names(hosts: readonly InventoryHost[]): ReadonlySet<string> {
  return new Set(hosts.map(({ name }) => name));
}

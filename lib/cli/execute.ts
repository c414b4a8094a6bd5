import { existsSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { PlayInventoryHost, PlayProblem } from '../dsl/play.ts';
import { positionOf } from '../dsl/position.ts';
import type { Role, VarSchema } from '../dsl/role.ts';
import { Secret } from '../dsl/secret.ts';
import { EXIT, type ExitCode, QuorateError, QuorateErrors } from '../errors.ts';
import {
  type Inventory,
  type InventoryHost,
  loadInventory,
  type SettledHost,
  selectHosts,
} from '../inventory/index.ts';
import { fromHere } from '../paths.ts';
import { createReport, type Report, type ReportOptions } from '../report/index.ts';
import { folderOf } from '../root.ts';
import type { RunEvent } from '../runner/events.ts';
import { type Run, startRun } from '../runner/run.ts';
import type { RunHost, RunOptions } from '../runner/session.ts';
import { maskMessage } from '../secret-names.ts';
import type { Connection } from '../transport/host.ts';
import { checkConnections, connect } from '../transport/index.ts';
import { auditNote } from './audit-note.ts';
import type { CommandLine } from './command-line.ts';
import { completeCommands } from './command-lines.ts';
import { chosenGroups } from './groups.ts';
import { listing } from './listing.ts';
import { hiddenIn, type Options } from './options.ts';
import { askConsent, askSecret, askTrust, requireAnswers } from './prompt.ts';
import { chooseRoles } from './roles.ts';
import { runsFolder } from './runs-folder.ts';
import { hostsOfShard, type Shard } from './shard.ts';
import { onSignals } from './signals.ts';
import { isOurs, lineOf, type Started } from './started.ts';
import { traced } from './trace.ts';
import { reportLines } from './usage.ts';

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
  given: CommandLine,
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
  // Which cluster a host is of is known once its variables are.
  if (options.shard === undefined && (options.list === 'hosts' || options.list === 'tags')) {
    const what = options.list;
    const within = (pattern: string) => listed(pattern).filter(limit).map(unread);
    await reportLines(listing(playbook, { what, includes, select: within }), options.output, options.check);
    return EXIT.ok;
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
    const { index, of } = options.shard;
    await reportLines([`shard ${index}/${of} has no hosts: nothing to do`], options.output, options.check);
    return EXIT.ok;
  }
  const password =
    options.askBecomePass && options.list === undefined
      ? new Secret(await askSecret('sudo password: '))
      : undefined;
  const toRunHost = (host: SettledHost): RunHost => ({
    name: host.name,
    groups: host.groups,
    // A flag that was not given hides the variable of its name: no inventory gives flags.
    vars: { ...host.vars, ...options.own, ...magicVars(host) },
    async connect() {
      const say = (level: 'warning' | 'debug' | 'trace') => (name: string, message: string) =>
        report.emit({ event: 'log', level, host: name, message });
      const { connection } = host;
      if (connection === undefined) throw new Error(`${host.name} is not among the hosts to contact`);
      const connected = await (starter.connect ?? connect)(
        { ...connection, becomePassword: connection.becomePassword ?? password },
        {
          warn: say('warning'),
          tell: say('debug'),
          ...(options.trust && { trust: (...key) => report.suspend(() => askTrust(...key)) }),
        },
      );
      if (options.verbosity < 3) return connected;
      return traced(connected, (script) => say('trace')(host.name, `sends\n${script.trimEnd()}`));
    },
  });
  const reach = async (name: string): Promise<RunHost> => {
    const known = settled.get(name);
    if (known?.connection !== undefined) return toRunHost(known);
    const listedHost = inventory.hosts.find((host) => host.name === name);
    if (listedHost === undefined && name === 'localhost') return thisMachine(inventory.files);
    const hosts = selectHosts(inventory, name, 'delegateTo');
    const one = await inventory.settle({ hosts, except, contacts: (all) => all });
    await checkConnections([...one.hosts.values()].flatMap(({ connection }) => connection ?? []));
    return toRunHost(one.hosts.get(name) as SettledHost);
  };
  const select = (pattern: string) =>
    listed(pattern).map(({ name }) => toRunHost(settled.get(name) as SettledHost));
  if (options.list !== undefined) {
    const what = options.list;
    const within = (pattern: string) => select(pattern).filter(limit);
    await reportLines(listing(playbook, { what, includes, select: within }), options.output, options.check);
    return EXIT.ok;
  }
  const warnings = checkPlays(playbook, settled, select);
  const chosen = playbook.plays.flatMap((play) => select(play.hosts)).filter(limit);
  playbook.guard?.(chosen, options);
  if (playbook.asks === true || playbook.asks?.(options)) requireAnswers(options);
  if (options.reports.length > 0) {
    const { checkReports } = await import('../report/write-report.ts');
    checkReports(options.reports);
  }
  await checkConnections([...settled.values()].flatMap(({ connection }) => connection ?? []));
  const output = outputOf(playbook, options);
  const { check, diff, log, verbosity } = options;
  const { tellsOutput = false } = playbook;
  const logged = log === undefined ? {} : { logFile: log };
  const kept = leavesRecord(given) ? { runsFolder: runsFolder(inventory.files) } : {};
  const report = starter.report({
    output,
    diff,
    check,
    verbosity,
    tellsOutput,
    ...logged,
    ...kept,
    reports: options.reports,
  });
  for (const message of [...inventory.notices, ...notices])
    report.emit({ event: 'log', level: 'info', message });
  for (const message of warnings) report.emit({ event: 'log', level: 'warning', message });
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
    note: auditNote(playbook.name, options),
    ...planned.part,
    takeAway: async () => (await import('../resources/left-over/index.ts')).takeAway,
    roles: { includes, explicit: options.roles.length > 0 },
    agreed: options.yes,
    consent: async (question) =>
      options.yes || (await report.suspend(async () => starter.ask?.(question))) === true,
    sink: {
      emit: (event) => {
        planned.hear?.(event);
        if (output === 'json' || !planned.hides?.(event))
          report.emit(completeCommands(event, started, options));
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
    if (planned.document) process.stdout.write(planned.document());
  }
}

/** A playbook that only looks has no check, and leaves no record. */
function leavesRecord(playbook: CommandLine): boolean {
  return !hiddenIn(playbook).includes('check');
}

interface Planned {
  /** What the runner has to do with it. */
  readonly part: Pick<RunOptions, 'approval' | 'review' | 'reviewed'>;
  /** What people are not to be told besides. */
  hides?(event: RunEvent): boolean;
  hear?(event: RunEvent): void;
  /** Printed in the end. */
  document?(): string;
}

/** What a run has to do with a plan: it carries one out, makes one, or neither. */
async function planOf(
  playbook: CommandLine,
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
    return { part: { approval: await approvalOf(approved, apply, started.file, options) } };
  }
  if (planOut === undefined && (planFormat ?? 'text') === 'text') return { part: {} };
  const { planMaker } = await import('./plan-file/made.ts');
  return planMaker({ playbook, file: started.file, line: lineOf(started, playbook.name), options });
}

function outputOf({ pipes }: CommandLine, { output, check, planFormat, showScript }: Options) {
  if (showScript !== undefined) return 'errors';
  if (planFormat !== undefined) return planFormat === 'text' ? 'plain' : 'errors';
  if (output !== 'json' && pipes && !check) return 'errors';
  return output ?? (process.stdout.isTTY ? 'pretty' : 'plain');
}

/** Throws what the plays find wrong, each problem where its variable is written; returns the warnings. */
function checkPlays(
  playbook: CommandLine,
  settled: ReadonlyMap<string, SettledHost>,
  select: (pattern: string) => readonly RunHost[],
): readonly string[] {
  const problems = playbook.plays.flatMap((play) => {
    const hosts = select(play.hosts);
    const hostvars = Object.fromEntries(hosts.map(({ name, vars }) => [name, vars]));
    return play.check?.(hosts.map(({ name, vars }) => ({ name, vars, hostvars }))) ?? [];
  });
  // What a group says is wrong with each of its hosts, and told once.
  const told = new Set<string>();
  const fresh = problems.filter(({ host, message }) => {
    const key = message.replaceAll(host, '');
    return !told.has(key) && told.add(key);
  });
  const errors = fresh.filter(({ level }) => level !== 'warning');
  if (errors.length > 0) throw new QuorateErrors(errors.map((problem) => positioned(problem, settled)));
  return fresh.map(({ message, hint }) => `${message}; ${hint}`);
}

function positioned(
  { host, variable, hint, ...problem }: PlayProblem,
  settled: ReadonlyMap<string, SettledHost>,
): QuorateError {
  const message = maskMessage(problem.message);
  const found = settled.get(host);
  const origin = variable === undefined ? undefined : found?.origin(variable);
  const position = origin === 'default' ? found?.position : origin;
  return new QuorateError(position === 'extra-vars' ? `${message} (from --extra-vars)` : message, {
    exitCode: EXIT.usage,
    hint,
    host,
    ...(typeof position === 'object' && { position }),
  });
}

async function load(playbook: CommandLine, options: Options, started: Started): Promise<Inventory> {
  const roles = playbook.plays.flatMap((play) => play.roles);
  await checkSchemas(roles);
  const schema: VarSchema = Object.assign(
    {},
    ...playbook.plays.map(({ vars }) => vars),
    ...roles.map(({ vars }) => vars),
  );
  return loadInventory({
    files: options.inventory.length > 0 ? options.inventory : [defaultInventory(playbook, started, options)],
    schema,
    extraVars: options.extraVars,
    vault: { files: options.vaultPasswordFiles, prompt: options.askVaultPass, ask: askSecret },
    playbookFolder: isOurs(started) ? process.cwd() : dirname(started.file),
    defaults: {
      ...(options.user !== undefined && { user: options.user }),
      ...(options.become && { become: true }),
    },
  });
}

/** Throws what is wrong with the variables of roles made by `role()`; those of ours are judged by the tests. */
async function checkSchemas(roles: readonly Role<never>[]): Promise<void> {
  const declaring = [...new Set(roles)].filter(
    ({ vars, writtenAt }) => writtenAt !== undefined && Object.keys(vars).length > 0,
  );
  if (declaring.length === 0) return;
  const { schemaProblems } = await import('../inventory/schema.ts');
  const errors: QuorateError[] = [];
  for (const { name, vars, writtenAt } of declaring) {
    const position = positionOf(writtenAt);
    for (const { variable, message, hint } of await schemaProblems(vars))
      errors.push(
        new QuorateError(`role ${name}: variable ${variable}: ${message}`, {
          exitCode: EXIT.usage,
          ...(hint !== undefined && { hint }),
          ...(position && { position }),
        }),
      );
  }
  if (errors.length > 0) throw new QuorateErrors(errors);
}

/** Nothing is changed on hosts that nobody named: a playbook has an inventory of its own, or one beside it. */
function defaultInventory(
  { name, inventory }: CommandLine,
  started: Started,
  { local }: Pick<Options, 'local'>,
): string {
  const beside = dirname(started.file);
  if (inventory !== undefined && (local || !started.packaged)) return fromHere(resolve(beside, inventory));
  const here = started.packaged && isOurs(started);
  const folder = here ? process.cwd() : beside;
  const found = ['inventory.yaml', 'inventory']
    .map((one) => join(folder, one))
    .find((path) => existsSync(path));
  if (found !== undefined) return fromHere(found);
  const put = `put ${fromHere(join(folder, 'inventory.yaml'))} there`;
  const sample = inventory === undefined ? '' : `; ${lineOf(started, name)} --local takes this machine alone`;
  throw new QuorateError(
    `no inventory is named, and there is none ${here ? 'in this folder' : 'beside the playbook'}`,
    { exitCode: EXIT.usage, hint: `name an inventory with -i FILE, or ${put}${sample}` },
  );
}

/** This machine, where the inventory has no host of that name. */
function thisMachine(files: readonly string[]): RunHost {
  const file = resolve(files[0] ?? 'inventory');
  const none = undefined;
  const connection: Connection = {
    name: 'localhost',
    kind: 'local',
    address: 'localhost',
    port: none,
    user: none,
    password: none,
    keyFile: none,
    become: false,
    becomeUser: 'root',
    becomePassword: none,
    proxyJump: none,
    knownHostsFile: none,
    strictHostKeyChecking: none,
  };
  return {
    name: 'localhost',
    groups: [],
    vars: { inventory_hostname: 'localhost', ansible_connection: 'local', inventory_dir: dirname(file) },
    connect: () => connect(connection, { warn: () => {}, tell: () => {} }),
  };
}

/** Ansible's magic variables, as far as roles need them. */
function magicVars({ name, address, kind, position }: SettledHost): Record<string, string> {
  const file = resolve(position.file);
  return {
    inventory_hostname: name,
    ansible_host: address,
    ansible_connection: kind,
    inventory_file: basename(file),
    inventory_dir: folderOf(file),
  };
}

function inShard(
  playbook: CommandLine,
  listed: (pattern: string) => readonly InventoryHost[],
  settled: readonly SettledHost[],
  shard: Shard,
): ReadonlySet<string> {
  const known = new Map(settled.map((host) => [host.name, host]));
  const all = (pattern: string) =>
    listed(pattern).map(({ name }) => {
      const host = known.get(name) as SettledHost;
      return { name, vars: { ...host.vars, ...magicVars(host) } };
    });
  return hostsOfShard(playbook.plays, all, shard);
}

/** The hosts that a run logs in to: those inside `--limit`, and what a play must see besides. */
function contactsOf(
  playbook: CommandLine,
  listed: (pattern: string) => readonly InventoryHost[],
  limit: (host: InventoryHost) => boolean,
  settled: readonly SettledHost[],
): readonly SettledHost[] {
  const known = new Map(settled.map((host) => [host.name, host]));
  return playbook.plays.flatMap((play) => {
    const all = listed(play.hosts).map(({ name }) => {
      const host = known.get(name) as SettledHost;
      return { ...host, vars: { ...host.vars, ...magicVars(host) } };
    });
    const selected = all.filter(limit);
    return play.strategy.scope?.(selected, all) ?? selected;
  });
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

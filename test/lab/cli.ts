import { spawnSync } from 'node:child_process';
import { constants } from 'node:os';
import { fromHere } from '../../lib/paths.ts';
import { sshArgs } from './support/control.ts';
import { leaderOf } from './support/host/cgroups.ts';
import { namespaceFile } from './support/host/network.ts';
import { readRecord } from './support/host/record.ts';
import { type Lab, labUnavailable, openLab, startLab } from './support/lab.ts';
import { CLI_STATE } from './support/paths.ts';
import { prepareForTests } from './support/prepare.ts';

const USAGE = `Real hosts on this machine, to try playbooks on.

  npm run lab -- prepare                 make ahead what hosts and tests are made of
  npm run lab -- up [N]                  bring up N hosts (3)
  npm run lab -- exec -- COMMAND…        run a command on this machine, inside the lab's network
  npm run lab -- ssh HOST [COMMAND…]     log in to a host as root
  npm run lab -- reset [HOST…]           replace hosts (all) by bare ones
  npm run lab -- kill HOST…              cut the power of hosts
  npm run lab -- boot HOST…              boot killed hosts
  npm run lab -- status
  npm run lab -- down

  LAB_NAME=other  a second lab beside the first   QUORATE_LAB_CACHE=DIR  where root file systems and etcd are kept
  QUORATE_LAB_ETCD=3.5.30  the etcd of a lab with an inventory of its own, and of the tests`;

const name = process.env.LAB_NAME ?? 'main';

const COMMANDS: Readonly<Record<string, (args: string[]) => Promise<number>>> = {
  prepare: async () => {
    const log = (line: string) => console.error(`lab: ${line}`);
    for (const why of Object.values(await prepareForTests(log))) if (why !== undefined) log(why);
    return 0;
  },
  up: async ([count = '3']) => {
    const started = Date.now();
    const stateDir = name === 'main' ? CLI_STATE : undefined;
    const lab = await startLab({
      name,
      hosts: Number(count),
      stateDir,
      keep: true,
      log: (line) => console.log(line),
    });
    console.log(`${lab.hosts.length} hosts are up (${((Date.now() - started) / 1000).toFixed(1)} s)\n`);
    showHosts(lab);
    const inventory =
      name === 'main' && lab.hosts.length === 3 ? 'inventory/lab.yaml' : fromHere(lab.inventoryFile);
    console.log(`
etcd ${lab.versions.join(', ')} at ${lab.mirrorUrl}, inside the lab
try:  npm run lab -- exec -- npx tsx playbooks/site.ts -i ${inventory} --check
      npm run lab -- ssh ${lab.hosts[0]!.name}
      npm run lab -- down`);
    return 0;
  },
  down: async () => {
    const lab = openLab(name);
    if (lab === undefined) console.log(`lab ${name} is not up`);
    await lab?.stop();
    return 0;
  },
  status: async () => status(),
  exec: async (args) => {
    needLab();
    return interactive(args[0] === '--' ? args.slice(1) : args);
  },
  ssh: async ([host = '', ...command]) => {
    const record = readRecord(needLab().name)!;
    const target = record.hosts.find((candidate) => candidate.name === host);
    if (target === undefined) throw new Error(`Lab ${name} has no host ${host}`);
    return interactive(['ssh', ...sshArgs(record, target, 'root', false), ...command]);
  },
  reset: async (hosts) => {
    await needLab().reset(...hosts);
    return status();
  },
  kill: async (hosts) => {
    await needLab().kill(...hosts);
    return status();
  },
  boot: async (hosts) => {
    await needLab().boot(...hosts);
    return status();
  },
};

function status(): number {
  const lab = openLab(name);
  if (lab === undefined) console.log(`lab ${name} is not up`);
  else showHosts(lab);
  return 0;
}

function showHosts(lab: Lab): void {
  const lines = lab.hosts.map(({ name: host, address, address6 }) => {
    const state = leaderOf(lab.name, host) === undefined ? 'down' : 'up';
    return `${host.padEnd(8)} ${address.padEnd(12)} ${address6.padEnd(14)} ${state}`;
  });
  console.log(lines.join('\n'));
}

function needLab(): Lab {
  const lab = openLab(name);
  if (lab === undefined) throw new Error(`Lab ${name} is not up: npm run lab -- up`);
  return lab;
}

/** Runs a command in the lab's network with this terminal; its exit code is ours. */
function interactive(command: readonly string[]): number {
  const args = [`--net=${namespaceFile(name)}`, '--', ...command];
  const { status, signal, error } = spawnSync('nsenter', args, { stdio: 'inherit' });
  if (error) throw error;
  return status ?? 128 + (signal === null ? 0 : constants.signals[signal]);
}

const [command = '', ...args] = process.argv.slice(2);
const action = COMMANDS[command];
const missing = labUnavailable();
if (action === undefined) {
  console.log(USAGE);
  process.exitCode = ['', 'help', '-h', '--help'].includes(command) ? 0 : 1;
} else if (missing !== undefined) {
  console.error(`Cannot use the lab: ${missing}`);
  process.exitCode = 1;
} else {
  process.exitCode = await action(args).catch((error: Error) => {
    console.error(error.message);
    return 1;
  });
}

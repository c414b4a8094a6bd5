import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse, stringify } from 'yaml';
import { type ClientReport, clientProblems, startClient } from '../support/client.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { follow } from '../support/follow.ts';
import { sleep } from '../support/host/process.ts';
import type { Lab } from '../support/lab.ts';
import { type Outcome, runPlaybook } from '../support/playbook.ts';
import { type Act, describeAct, type Operation } from './story.ts';
import { blowOf } from './troubles.ts';

/** How a story went. */
export interface Performed {
  readonly problems: readonly string[];
  readonly client: ClientReport;
}

/** About how long a run of one takes, in ms: troubles come within it. */
const TAKES: Readonly<Record<Operation['name'], number>> = {
  roll: 9000,
  site: 1500,
  backup: 2500,
  renew: 4000,
  rotate: 12_000,
  grow: 9000,
  shrink: 6000,
  replace: 10_000,
  move: 8000,
};

/** The bundle that the client goes by: it trusts what the members have, also while their CA is rotated. */
const CLIENT = 'app';

/** Runs after which a cluster is whole again: the last breath of a killed run may hold the first one off. */
const TRIES = 4;

/**
 * Brings a cluster of three up and plays a story on it under a client. After each act, once its trouble is over, the
 * same command must come to its end, the next check must be empty, and the members must be the wanted ones; in the
 * end the client must find every write that was acknowledged.
 *
 * @param tell A line for each act, as it is over.
 */
export async function perform(
  lab: Lab,
  acts: readonly Act[],
  tell: (line: string) => void,
): Promise<Performed> {
  const whole = readFileSync(lab.inventoryFile, 'utf8');
  try {
    return await performOn(new Stage(lab, parse(whole)), acts, tell);
  } finally {
    writeFileSync(lab.inventoryFile, whole);
  }
}

async function performOn(
  stage: Stage,
  acts: readonly Act[],
  tell: (line: string) => void,
): Promise<Performed> {
  const problems: string[] = [];
  await stage.found();
  const client = startClient(stage.lab, { bundle: CLIENT });
  await client.working;
  for (const [i, act] of acts.entries()) {
    const began = performance.now();
    const found = await play(stage, act);
    const seconds = ((performance.now() - began) / 1000).toFixed(0);
    tell(`${i + 1}. ${describeAct(act)}: ${found.told}; ${seconds} s`);
    problems.push(...found.problems.map((problem) => `${i + 1}. ${problem}`));
    // What comes after would tell of this one only.
    if (found.problems.length > 0) break;
  }
  const report = await client.stop();
  // Certificates of members end here, and who asks such a member turns it down.
  const others = clientProblems({ ...report, refused: [] });
  return { problems: [...problems, ...others], client: report };
}

async function play(stage: Stage, act: Act): Promise<{ told: string; problems: readonly string[] }> {
  const { lab } = stage;
  const blow = blowOf(act.trouble, lab);
  const [[playbook, ...args], ...others] = await stage.prepare(act);
  await blow.before?.();
  let struck: Promise<unknown> | undefined;
  let timer: NodeJS.Timeout | undefined;
  const run = await follow(lab, args, {
    playbook,
    started: (child) => {
      const { after = 0, strike } = blow;
      if (strike === undefined) return;
      timer = setTimeout(() => {
        struck = Promise.resolve(strike(child));
      }, after * TAKES[act.operation.name]);
    },
  });
  clearTimeout(timer);
  await struck;
  // A run may be over before its trouble comes.
  if (blow.after === undefined || struck !== undefined) await blow.heal?.();
  const problems = blow.codes.includes(run.code)
    ? []
    : [`it ended with ${run.code}: ${run.errors.map(({ message }) => message).join('; ')}`];
  const again = await stage.until(playbook, args);
  for (const [next, ...words] of others) again.push(...(await stage.until(next, words)));
  await stage.leave(act);
  const check = await stage.settled();
  const listed = await stage.listed();
  return {
    told: `ended with ${run.code ?? 'SIGKILL'}, then ${again.map(({ code }) => code).join(', ')}`,
    problems: [
      ...problems,
      ...(again.at(-1)?.code === 0 ? [] : [`it does not come to its end: ${again.map(said).join(' | ')}`]),
      ...(check.code === 0 && check.changed.length === 0
        ? []
        : [
            `the next check: ${check.code}, ${check.changed.map(({ host, task }) => `${host} ${task}`).join(', ')} ${said(check)}`,
          ]),
      ...(listed.join() === act.then.join()
        ? []
        : [`members are ${listed.join(', ')}, and should be ${act.then.join(', ')}`]),
    ],
  };
}

/** A playbook and its arguments. */
type Command = readonly [playbook: string, ...args: string[]];

/** Ports of members among themselves. */
const [USUAL, MOVED] = [2380, 2390];

/** A lab with its inventory, and what was set there. */
class Stage {
  readonly lab: Lab;
  readonly #whole: ReturnType<typeof parse>;
  #setting = 30_000;
  #rotations = 0;
  /** Where others reach a member that has moved. */
  readonly #ports = new Map<string, number>();

  constructor(lab: Lab, whole: ReturnType<typeof parse>) {
    this.lab = lab;
    this.#whole = whole;
  }

  async found(): Promise<void> {
    this.#inventoryHas(this.lab.hosts.slice(0, 3).map(({ name }) => name));
    rmSync(join(this.lab.stateDir, '.quorate'), { recursive: true, force: true });
    const run = await runPlaybook(this.lab);
    if (run.code !== 0) throw new Error(`no cluster to begin with: ${said(run)}`);
    const bundle = await runPlaybook(this.lab, ['--client', CLIENT], { playbook: 'certs' });
    if (bundle.code !== 0) throw new Error(`no bundle for the client: ${said(bundle)}`);
  }

  /** Brings inventory and machines to where the operation is wanted; its commands, of which the first meets the trouble. */
  async prepare({ operation, members, then }: Act): Promise<readonly [Command, ...Command[]]> {
    switch (operation.name) {
      case 'roll':
        this.#setting += 1;
        this.#inventoryHas(members);
        return [['site']];
      case 'site':
        return [['site']];
      case 'backup':
        return [['backup']];
      case 'renew':
        return [['certs', '--renew', '-y']];
      case 'rotate':
        this.#rotations += 1;
        return [
          ['certs', '--rotate-ca', '-y', ...(this.#rotations > 1 ? ['--again'] : [])],
          ['certs', '--rotate-ca', '--clients-ready', '-y'],
        ];
      case 'move':
        this.#ports.set(operation.host, this.#ports.get(operation.host) === MOVED ? USUAL : MOVED);
        this.#inventoryHas(members);
        return [['members', '-y']];
      case 'grow':
        await this.lab.reset(operation.host);
        this.#inventoryHas(then);
        return [['members', '-y']];
      case 'shrink':
        return [['members', '-y', '--remove', operation.host]];
      case 'replace':
        await this.lab.reset(operation.host);
        return [['members', '-y', '--replace', operation.host]];
    }
  }

  /** The inventory as a person leaves it afterwards. */
  async leave({ then }: Act): Promise<void> {
    this.#inventoryHas(then);
  }

  /** Runs it until it ends with 0; where it does not, site.ts sees to what the trouble has left first. */
  async until(playbook: string, args: readonly string[]): Promise<Outcome[]> {
    const runs: Outcome[] = [];
    for (let tries = 0; tries < TRIES; tries++) {
      runs.push(await runPlaybook(this.lab, args, { playbook }));
      if (runs.at(-1)?.code === 0) break;
      if (runs.at(-1)?.code === 6) await sleep(1000);
      else if (playbook !== 'site') await runPlaybook(this.lab);
    }
    return runs;
  }

  /** A check, once a run has put right what the trouble had left beside the operation. */
  async settled(): Promise<Outcome> {
    const run = await runPlaybook(this.lab);
    return run.code === 0 ? runPlaybook(this.lab, ['--check']) : run;
  }

  async listed(): Promise<readonly string[]> {
    const hosts = Object.keys(parse(readFileSync(this.lab.inventoryFile, 'utf8')).etcd.hosts);
    const first = this.lab.hosts.filter(({ name }) => name === hosts[0]);
    const { stdout } = await this.lab.ssh(hosts[0] ?? '', `${etcdctl(first)}; ctl member list`);
    return stdout
      .trim()
      .split('\n')
      .map((line) => `${line.split(', ')[2]}${line.endsWith(', true') ? ' (learner)' : ''}`)
      .sort();
  }

  #inventoryHas(names: readonly string[]): void {
    const { etcd } = this.#whole;
    const port = (name: string) => ({ etcd_peer_port: this.#ports.get(name) ?? USUAL });
    const hosts = Object.fromEntries(names.map((name) => [name, { ...etcd.hosts[name], ...port(name) }]));
    const vars = { ...etcd.vars, etcd_settings: { 'snapshot-count': this.#setting } };
    writeFileSync(this.lab.inventoryFile, stringify({ ...this.#whole, etcd: { ...etcd, hosts, vars } }));
  }
}

function said({ code, errors }: Outcome): string {
  return `${code} ${errors.map(({ message }) => message).join('; ')}`;
}

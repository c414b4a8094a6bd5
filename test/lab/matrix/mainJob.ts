import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { DRIFTS } from '../support/cases/drifts.ts';
import type { Lab, LabHost } from '../support/lab.ts';
import { changeSet, changes, type Outcome } from '../support/playbook.ts';
import { isFiltered, type MatrixCase } from './dimensions.ts';
import { on, prepareHosts } from './hosts.ts';
import {
  isOpenToStrangers,
  leaderOf,
  memberProblems,
  overlapProblems,
  type Problems,
  processesOf,
  settingProblems,
} from './members.ts';
import { MatrixOperator } from './operator.ts';
import { clustersOf, hostsNeeded, type Node, type NodeGroup } from './topology.ts';
import { leftBehind, type Traces, tracesOf } from './traces.ts';

/** Round trips that a run without changes may take on each host. */
const ROUND_TRIPS = 3;

/** What a changed setting makes due on a member. */
const ROLLED = / file:\S+\/etcd\.conf content$| service:\w+ loaded$/;

/**
 * The whole main job on bare hosts as a case wants them: what went wrong, nothing when all was well. The
 * first step that goes wrong is the last. `next` picks what drifts and where; the lab's last host is the
 * bastion, the others must be as they came.
 */
export async function mainJob(lab: Lab, choice: MatrixCase, next: () => number): Promise<Problems> {
  const clusters = clustersOf(choice, lab.hosts);
  await prepareHosts(lab, choice, lab.hosts.slice(0, hostsNeeded(choice)));
  const operator = new MatrixOperator(lab, choice, clusters);
  try {
    const job = new MainJob(lab, choice, clusters, operator, next);
    for (const [what, step] of job.steps) {
      const problems = await step();
      if (problems.length > 0) return problems.map((problem) => `${what}: ${problem}`);
    }
    return [];
  } finally {
    operator.remove();
    await lab.cut();
  }
}

class MainJob {
  readonly #lab: Lab;
  readonly #choice: MatrixCase;
  readonly #clusters: readonly NodeGroup[];
  readonly #nodes: readonly Node[];
  readonly #hosts: readonly LabHost[];
  readonly #operator: MatrixOperator;
  readonly #next: () => number;
  #before: readonly Traces[] = [];

  constructor(
    lab: Lab,
    choice: MatrixCase,
    clusters: readonly NodeGroup[],
    operator: MatrixOperator,
    next: () => number,
  ) {
    this.#lab = lab;
    this.#choice = choice;
    this.#clusters = clusters;
    this.#nodes = clusters.flatMap(({ nodes }) => nodes);
    this.#hosts = lab.hosts.slice(0, hostsNeeded(choice));
    this.#operator = operator;
    this.#next = next;
  }

  get steps(): readonly (readonly [what: string, step: () => Promise<Problems>])[] {
    return [
      ['first run', () => this.#firstRun()],
      ['members', () => this.#members()],
      ['second run', () => this.#secondRun()],
      ['drift', () => this.#drift()],
      ['rolling change', () => this.#rollingChange()],
      ['destroy', () => this.#destroy()],
    ];
  }

  async #firstRun(): Promise<Problems> {
    this.#before = await this.#traces();
    const check = await this.#site('--check');
    if (check.code !== 0) return failures(check, 'check');
    const run = await this.#site();
    return run.code === 0 ? unequal(check, run) : failures(run);
  }

  /** What the hosts say themselves, since the runs have said what they think of it. */
  async #members(): Promise<Problems> {
    const first = this.#nodes[0] as Node;
    const isOpen = await isOpenToStrangers(this.#lab, first);
    return [
      ...(await memberProblems(this.#lab, this.#nodes, this.#choice.version)),
      ...(isOpen === isFiltered(this.#choice)
        ? [`the peer port of ${first.name} is ${isOpen ? 'open to' : 'closed for'} a stranger`]
        : []),
    ];
  }

  async #secondRun(): Promise<Problems> {
    const before = await processesOf(this.#lab, this.#nodes);
    const again = await this.#site();
    const trips = Object.entries(again.recap).filter(([, { roundTrips }]) => roundTrips > ROUND_TRIPS);
    return [
      ...failures(again),
      ...changes(again).map((change) => `changed ${change}`),
      ...trips.map(([host, { roundTrips }]) => `${host} took ${roundTrips} round trips`),
      ...((await processesOf(this.#lab, this.#nodes)) === before ? [] : ['a member was restarted']),
    ];
  }

  /**
   * One managed file of one member is edited by hand: that is all a check names, and a run repairs it. Were
   * something left, the check of the rolling change would show it.
   */
  async #drift(): Promise<Problems> {
    const nodes = this.#clusters[0]?.nodes ?? [];
    const node = nodes[Math.floor(this.#next() * nodes.length)] as Node;
    const [path, edit] = DRIFTS[Math.floor(this.#next() * DRIFTS.length)] as (typeof DRIFTS)[number];
    await this.#on(node, `${edit} ${path}`);
    const before = await processesOf(this.#lab, this.#nodes);
    const check = await this.#site('--check');
    const run = await this.#site();
    const name = path.split('/').at(-1) ?? path;
    const found = changes(check);
    const isNamed = found.length > 0 && found.every((one) => one.startsWith(`${node.name} `));
    return [
      ...failures(check, 'check'),
      ...failures(run),
      ...unequal(check, run),
      ...(isNamed && found.some((one) => one.includes(name)) ? [] : [`${path}: found ${found.join(', ')}`]),
      ...((await processesOf(this.#lab, this.#nodes)) === before ? [] : [`${path}: a member was restarted`]),
    ];
  }

  async #rollingChange(): Promise<Problems> {
    const count = 20_000 + Math.floor(this.#next() * 10_000);
    const args = ['-e', JSON.stringify({ etcd_settings: { 'snapshot-count': count } })];
    const leaders = await Promise.all(this.#clusters.map((cluster) => leaderOf(this.#lab, cluster)));
    const check = await this.#site('--check', ...args);
    const run = await this.#site(...args);
    const rolled =
      this.#choice.members === 'one'
        ? await this.#refusedAlone([check, run], args)
        : [
            ...failures(check, 'check'),
            ...failures(run),
            ...unequal(check, run),
            ...this.#inTurns(run, leaders),
            ...(
              await Promise.all(this.#clusters.map((cluster) => overlapProblems(this.#lab, cluster)))
            ).flat(),
          ];
    const others = changes(check).filter((one) => !ROLLED.test(one));
    const problems = [...others.map((one) => `also due: ${one}`), ...rolled];
    if (problems.length > 0) return problems;
    const again = await this.#site(...args);
    return [
      ...(await settingProblems(this.#lab, this.#nodes, 'ETCD_SNAPSHOT_COUNT', count)),
      ...failures(again, 'next run'),
      ...changes(again).map((change) => `next run changed ${change}`),
    ];
  }

  /** A cluster of one cannot stay up: check and run refuse with the arithmetic; it is done once it was stopped by hand. */
  async #refusedAlone(refused: readonly Outcome[], args: readonly string[]): Promise<Problems> {
    const wanted = ['1 voters, quorum 1: stopping etcd01 leaves 0', 'stop etcd on etcd01, then run again'];
    const problems = refused.flatMap(({ code, errors }) => {
      const said = errors.map(({ message, hint }) => `${message}\n${hint}`).join('\n');
      const isRefused = code === 3 && wanted.every((part) => said.includes(part));
      return isRefused ? [] : [`not refused: exit ${code} ${said}`];
    });
    if (problems.length > 0) return problems;
    await this.#on(this.#nodes[0] as Node, 'systemctl stop etcd');
    return failures(await this.#site(...args), 'run on the stopped member');
  }

  /** Every member restarts once, the leader of each cluster last. */
  #inTurns({ tasks }: Outcome, leaders: readonly (string | undefined)[]): Problems {
    const restarted = tasks
      .filter(({ changes }) => changes.some(({ kind }) => kind === 'restart'))
      .map(({ host }) => host);
    return this.#clusters.flatMap(({ name, nodes }, i) => {
      const own = restarted.filter((host) => nodes.some((node) => node.name === host));
      return own.length === nodes.length && own.at(-1) === leaders[i]
        ? []
        : [`${name} with leader ${leaders[i]} restarted ${own.join(', ')}`];
    });
  }

  /** One cluster after the other; those that are left must not notice. */
  async #destroy(): Promise<Problems> {
    const left = [...this.#clusters];
    while (left.length > 0) {
      const { name } = left.shift() as NodeGroup;
      const limit = this.#clusters.length > 1 ? ['--limit', name] : [];
      const gone = await this.#operator.run('destroy', ['-y', '--cluster', name, '--purge', ...limit]);
      if (gone.code !== 0) return failures(gone, name);
      for (const other of left) {
        const status = await this.#operator.run('status', ['--limit', other.name]);
        if (status.code !== 0) return failures(status, `${other.name} without ${name}`);
      }
    }
    const after = await this.#traces();
    const rules = this.#choice.firewall !== 'disabled';
    return [
      ...this.#hosts.flatMap(({ name }, i) =>
        leftBehind(this.#before[i] as Traces, after[i] as Traces, { rules }).map(
          (trace) => `${name}: ${trace}`,
        ),
      ),
      ...(existsSync(join(this.#operator.home, '.quorate')) ? ['control: .quorate'] : []),
    ];
  }

  #site(...args: string[]): Promise<Outcome> {
    return this.#operator.run('site', args);
  }

  #on({ host }: Node, script: string): Promise<string> {
    return on(this.#lab, host, script);
  }

  #traces(): Promise<readonly Traces[]> {
    return Promise.all(this.#hosts.map((host) => tracesOf(this.#lab, host)));
  }
}

function failures({ code, errors, text }: Outcome, what = 'run'): Problems {
  if (code === 0 && errors.length === 0) return [];
  const said = errors.map(({ message }) => message).join('\n');
  return [`${what} ended with ${code}: ${said || text.slice(-1000)}`];
}

/** A check and its run must say the same. */
function unequal(check: Outcome, run: Outcome): Problems {
  const [predicted, done] = [changeSet(check), changeSet(run)];
  return [
    ...predicted.filter((change) => !done.includes(change)).map((change) => `predicted, not done: ${change}`),
    ...done.filter((change) => !predicted.includes(change)).map((change) => `done, not predicted: ${change}`),
  ];
}

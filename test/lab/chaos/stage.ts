import { rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type parse, stringify } from 'yaml';
import { type Client, type ClientReport, startClient } from '../support/client.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { sleep } from '../support/host/process.ts';
import type { Lab } from '../support/lab.ts';
import { onHosts } from '../support/onHosts.ts';
import { type Outcome, runPlaybook } from '../support/playbook.ts';
import type { Cluster } from './story.ts';
import { PEER_PORTS } from './troubles.ts';

/** A playbook and its arguments. */
export type Command = readonly [playbook: string, ...args: string[]];

/** The bundle that the client goes by: it trusts what the members have, also while their CA is rotated. */
const CLIENT = 'app';

/** Runs after which a cluster is whole again: the last breath of a killed run may hold the first one off. */
const TRIES = 4;

/** For one run, in ms. */
const LONGEST = 400_000;

const [USUAL, MOVED] = PEER_PORTS;

/** A lab with its inventory, what was set there, and the client of its cluster. */
export class Stage {
  readonly lab: Lab;
  /** Of clients that have ended. */
  readonly reports: ClientReport[] = [];
  /** How often the CA was rotated. */
  rotations = 0;
  readonly #whole: ReturnType<typeof parse>;
  #client: Client | undefined;
  #setting = 30_000;
  /** Where others reach a member that has moved. */
  readonly #ports = new Map<string, number>();

  constructor(lab: Lab, whole: ReturnType<typeof parse>) {
    this.lab = lab;
    this.#whole = whole;
  }

  /** Brings the first cluster up, with a client. */
  async found(cluster: Cluster): Promise<void> {
    this.inventoryHas(cluster);
    rmSync(join(this.lab.stateDir, '.quorate'), { recursive: true, force: true });
    await this.mustRun('site');
    await this.mustRun('certs', '--client', CLIENT);
    await this.clientComes();
  }

  async clientComes(): Promise<void> {
    this.#client = startClient(this.lab, { bundle: CLIENT });
    await this.#client.working;
  }

  /** Has the client look for all that it has written, and go, once it has been there for so long, in ms. */
  async clientGoes(after = 0): Promise<void> {
    await sleep(after);
    const report = await this.#client?.stop();
    this.#client = undefined;
    if (report !== undefined) this.reports.push(report);
  }

  /** The longest time without an acknowledged write since the last time; undefined where no client is there. */
  async gapMs(): Promise<number | undefined> {
    return this.#client?.lap();
  }

  /** What no later run need change; the next roll has something to do. */
  set(): void {
    this.#setting += 1;
  }

  /** The member listens for others on the other port from now on. */
  move(host: string): void {
    this.#ports.set(host, this.#ports.get(host) === MOVED ? USUAL : MOVED);
  }

  inventoryHas({ members, version }: Cluster): void {
    const { etcd } = this.#whole;
    const port = (name: string) => ({ etcd_peer_port: this.#ports.get(name) ?? USUAL });
    const hosts = Object.fromEntries(members.map((name) => [name, { ...etcd.hosts[name], ...port(name) }]));
    const vars = {
      ...etcd.vars,
      etcd_version: version,
      etcd_settings: { 'snapshot-count': this.#setting },
    };
    writeFileSync(this.lab.inventoryFile, stringify({ ...this.#whole, etcd: { ...etcd, hosts, vars } }));
  }

  run([playbook, ...args]: Command): Promise<Outcome> {
    return runPlaybook(this.lab, args, { playbook, timeoutMs: LONGEST });
  }

  /** For what has to be there before an act begins. */
  async mustRun(...command: Command): Promise<void> {
    const run = await this.run(command);
    if (run.code !== 0) throw new Error(`${command.join(' ')}: ${said(run)}`);
  }

  /** Runs it until it ends with 0; where it does not, what the trouble has left is seen to first. */
  async until(command: Command): Promise<Outcome[]> {
    const runs: Outcome[] = [];
    for (let tries = 0; tries < TRIES; tries++) {
      runs.push(await this.run(command));
      if (runs.at(-1)?.code === 0) break;
      if (runs.at(-1)?.code === 6) await sleep(1000);
      else if (command[0] !== 'site') await this.#mend();
    }
    return runs;
  }

  /** A check, once a run has put right what the trouble had left beside the operation. */
  async settled(): Promise<Outcome> {
    const run = await this.run(['site']);
    return run.code === 0 ? this.run(['site', '--check']) : run;
  }

  /** Members and what each runs, `etcd01 3.7.3`, as the first of these hosts lists them. */
  async listed({ members }: Cluster): Promise<readonly string[]> {
    const ctl = (hosts: readonly string[], words: string) =>
      this.on(members[0] ?? '', `${etcdctl(this.#hosts(hosts))}; ctl ${words}`);
    const list = (await ctl(members.slice(0, 1), 'member list')).split('\n').map((line) => line.split(', '));
    const running = JSON.parse(await ctl(members, '-w json endpoint status'));
    const versionAt = (url = '') =>
      running.find(({ Endpoint }: { Endpoint: string }) => Endpoint === url)?.Status.version ?? '?';
    return list
      .map(
        ([, , name, , url, learner]) => `${name} ${versionAt(url)}${learner === 'true' ? ' (learner)' : ''}`,
      )
      .sort();
  }

  /** Keys and values of all clients, as this member has them, once it has what the others have. */
  async contentsOf(member: string): Promise<ReadonlyMap<string, string>> {
    const lines = (
      await this.on(member, `${etcdctl(this.#hosts([member]))}; ctl get --prefix client/`)
    ).split('\n');
    return new Map(lines.flatMap((line, i) => (i % 2 === 0 ? [[line, lines[i + 1] ?? ''] as const] : [])));
  }

  /** What a shell script that must succeed prints on a host. */
  on(host: string, script: string): Promise<string> {
    return onHosts(() => this.lab).on(host, script);
  }

  /** By `site`; where that is refused, since another verb is under way or to come, what no other run sees to. */
  async #mend(): Promise<void> {
    const { code } = await this.run(['site']);
    if (code === 3) await this.run(['certs', '--renew', '-y']);
  }

  #hosts(names: readonly string[]) {
    return this.lab.hosts.filter(({ name }) => names.includes(name));
  }
}

export function said({ code, errors }: Outcome): string {
  return `${code} ${errors.map(({ message }) => message).join('; ')}`;
}

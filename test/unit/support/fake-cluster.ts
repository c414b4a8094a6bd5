import type { PlannedTask, PlayRun } from '../../../lib/dsl/play.ts';
import type { Vars } from '../../../lib/dsl/role.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Change, ChangeKind, Reading, Task } from '../../../lib/dsl/task.ts';
import type { ListedMember, MemberStatus } from '../../../lib/etcd/facts/etcdctl/answers.ts';
import { type ClusterFacts, type EtcdFacts, ORDINARY } from '../../../lib/etcd/facts/index.ts';
import type { MemberReading } from '../../../lib/etcd/facts/read-member.ts';
import { memberService } from '../../../lib/etcd/files/member-service.ts';
import { clusterOf } from '../../../lib/etcd/model/cluster.ts';
import type { EtcdHost, Surveyed } from '../../../lib/etcd/surveyed.ts';
import { DEFAULTS } from './defaults.ts';

/** What differs from an ordinary, bare host that was reached, is selected, has no plan and answers nothing. */
export interface FakeMember {
  readonly facts?: Partial<EtcdFacts>;
  readonly vars?: Vars;
  readonly selected?: boolean;
  readonly plan?: readonly PlannedTask[];
  /** What its shell prints. */
  readonly says?: (doing: string, script: string) => string;
  /** What it answers to a script whose output is not ours. */
  readonly pipes?: (script: string) => number;
}

interface FakeCluster extends Surveyed {
  /** What a strategy is handed: `each` works on all at once, errors and warnings are kept. */
  run(changes?: Partial<PlayRun<EtcdFacts>>): PlayRun<EtcdFacts>;
  readonly errors: readonly unknown[];
  readonly said: readonly string[];
  /** Each as `planned etcd02: its title`. */
  readonly steps: readonly string[];
}

/**
 * A cluster of `etcd01`… at 10.0.0.1… without any machine; a member that is undefined was not reached.
 *
 * @example
 * const { run, errors } = fakeCluster([{ plan: [planned(MEMBER_SERVICE, 'restart')] }, {}, undefined]);
 * await converge(run());
 */
export function fakeCluster(members: readonly (FakeMember | undefined)[], vars: Vars = {}): FakeCluster {
  const named = members.map((member, i) => ({ name: `etcd0${i + 1}`, address: `10.0.0.${i + 1}`, member }));
  const hostvars = Object.fromEntries(
    named.map(({ name, address, member }) => [
      name,
      { ...DEFAULTS, etcd_address: address, ...vars, ...member?.vars },
    ]),
  );
  const hosts = named.flatMap(({ name, member }) => {
    const data = { name, vars: hostvars[name]!, hostvars };
    return member ? [fakeHost({ ...data, facts: { ...ORDINARY, ...member.facts } }, member)] : [];
  });
  const errors: unknown[] = [];
  const said: string[] = [];
  const steps: string[] = [];
  const [name, own] = Object.entries(hostvars)[0]!;
  return {
    cluster: clusterOf({ name, vars: own, hostvars }),
    hosts,
    errors,
    said,
    steps,
    run: (changes) => ({
      check: false,
      roles: [],
      explicitRoles: false,
      hosts,
      unreachable: named.flatMap(({ name, member }) => (member ? [] : [name])),
      barred: [],
      log: (_level, message) => said.push(message),
      show: () => {},
      step: (step, status) => steps.push(`${status} ${step.host}: ${step.title}`),
      consent: async () => true,
      openSftp: () => Promise.reject(new Error('no SFTP here')),
      locked: (_hosts, work) => work(),
      conclude: () => {},
      each: async (some, work) => {
        await Promise.all(some.map(work));
        return some;
      },
      failed: () => false,
      stopping: () => false,
      fail: (error) => errors.push(error),
      ...changes,
    }),
  };
}

/** The same by facts alone. */
export function surveyedOf(hosts: readonly (Partial<EtcdFacts> | undefined)[], vars: Vars = {}): FakeCluster {
  return fakeCluster(
    hosts.map((facts) => facts && { facts }),
    vars,
  );
}

function fakeHost(
  target: EtcdHost['target'],
  { selected = true, plan = [], says, pipes }: FakeMember,
): EtcdHost {
  const answer = async (doing: string, { text }: { readonly text: string }): Promise<Reading> => ({
    code: 0,
    out: says?.(doing, text) ?? '',
  });
  return {
    target,
    selected,
    plan,
    read: answer,
    act: answer,
    pipe: async (_doing, { text }) => pipes?.(text) ?? 0,
    send: async () => {},
    receive: async (doing, { text }) => ({ code: 0, bytes: Buffer.from(says?.(doing, text) ?? '') }),
    replan: async () => {},
    refresh: async () => {},
    apply: async () => {},
    report: () => {},
  };
}

/** The service of a member, as its role declares it. */
export const MEMBER_SERVICE = memberService('etcd', {
  service: { manager: 'systemd', unitPath: '/x', loads: [], ready: { until: sh`:`, timeout: 1 } },
  record: '/x',
  bootstrap: { path: '/y', content: undefined },
});

/** A task with one change of this kind, or with none; where only its name matters, a name is enough. */
export function planned(
  of: string | Task,
  kind?: ChangeKind,
  { inTurn = false, property = 'state' } = {},
): PlannedTask {
  const resource = typeof of === 'string' ? of : of.resource;
  const change = { resource, property, before: null, after: null, certainty: 'certain' } as const;
  const changes: readonly Change[] = kind ? [{ ...change, kind }] : [];
  const task: Task = {
    title: resource,
    resource,
    thing: resource,
    wish: undefined,
    probe: undefined,
    diff: () => changes,
    apply: () => sh`:`,
    inTurn: () => inTurn,
    owns: [],
    files: [],
    ...(typeof of !== 'string' && of.made && { made: of.made }),
  };
  return { role: 'role', task, changes };
}

/** What the survey found of a cluster that lives, unless `change` says otherwise. */
export function clusterFacts(change: Partial<ClusterFacts> = {}): ClusterFacts {
  return {
    state: 'live',
    version: '3.5.30',
    caPem: undefined,
    furtherHosts: [],
    peersApart: true,
    renewBefore: { server: 0, peer: 0 },
    token: undefined,
    ...change,
  };
}

/** The answers of a healthy member that says nothing else. */
export function memberReading(change: Partial<MemberReading> = {}): MemberReading {
  return { healthy: true, said: '', certificates: [], alarms: [], ...change };
}

/** Facts of a host whose member `i` of so many works; counted from 1. */
export function workingFacts(i: number, of: number, change: Partial<EtcdFacts> = {}): Partial<EtcdFacts> {
  const members = Array.from({ length: of }, (_, j) => listedMember(j + 1));
  return {
    owner: 'cluster etcd',
    data: 'present',
    service: 'active',
    installed: '3.5.30',
    reading: memberReading({ status: memberStatus(i), members }),
    ...change,
  };
}

/** Member `i` as a list of members has it; counted from 1. */
export function listedMember(i: number, change: Partial<ListedMember> = {}): ListedMember {
  return {
    id: `${i}a`,
    name: `etcd0${i}`,
    peerUrls: [`https://10.0.0.${i}:2380`],
    clientUrls: [`https://10.0.0.${i}:2379`],
    learner: false,
    ...change,
  };
}

/** Status of member `i`, as `listedMember` names it; the first one leads. */
export function memberStatus(i: number, change: Partial<MemberStatus> = {}): MemberStatus {
  return {
    clusterId: 'c',
    memberId: `${i}a`,
    leaderId: '1a',
    version: '3.5.30',
    dbSize: 20_480,
    revision: 5,
    raftTerm: 2,
    raftIndex: 9,
    learner: false,
    ...change,
  };
}

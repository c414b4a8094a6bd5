import { hostOf } from '../../../addresses.ts';
import { hostNames, type PlayRun } from '../../../dsl/play.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import { EXIT, QuorateError } from '../../../errors.ts';
import { lastLine } from '../../facts/etcdctl/answers.ts';
import { type ClusterFacts, type EtcdFacts, isUp } from '../../facts/index.ts';
import { memberOf } from '../../model/cluster.ts';
import { backupTimer } from '../../model/paths.ts';
import { isFromStart, isOf } from '../../model/role-names.ts';
import { must } from '../../must.ts';
import { stopMember } from '../../power.ts';
import { refusal } from '../../refusal.ts';
import { leaderLast, roll } from '../../roll.ts';
import type { EtcdHost, Surveyed } from '../../surveyed.ts';
import { takeBackAlarms } from '../common/alarms.ts';
import { etcdctl } from '../common/etcdctl.ts';
import { change, listOf, raftIndex } from './change.ts';
import type { Deed } from './deed.ts';
import { joinsOf } from './joins.ts';
import { factsAt, namesMembers, type View } from './look.ts';
import type { ListedMember, Place } from './scene.ts';
import { asker, waitUntilWhole, working } from './whole.ts';

/** What a step has at hand. */
export interface AtHand {
  readonly run: PlayRun<EtcdFacts>;
  readonly surveyed: Surveyed;
  readonly view: View;
  readonly facts: ClusterFacts;
}

/** Does what a step says. Throws where it is not done. */
export async function carryOut(deed: Deed, atHand: AtHand): Promise<void> {
  switch (deed.kind) {
    case 'let in':
      return onAll(atHand, (host) => host.apply((one) => isOf(one, 'firewall')));
    case 'add':
      return add(deed, atHand);
    case 'start':
      return start(deed.place, atHand);
    case 'promote':
      return promote(deed, atHand);
    case 'remove':
      return remove(deed, atHand);
    case 'set aside':
      return setAside(deed, atHand);
    case 'tell':
      return tell(deed, atHand);
    case 'restart':
      return restart(deed.place, atHand);
    case 'files':
      return onAll(atHand, (host) => host.apply((one) => isOf(one, 'firewall') || namesMembers(host, one)));
  }
}

/** On the hosts of members, as they were planned when they were looked at. */
async function onAll(atHand: AtHand, work: (host: EtcdHost) => Promise<void>): Promise<void> {
  const { settled } = atHand.view;
  const done = await atHand.run.each(settled, work);
  const left = settled.filter((host) => !done.includes(host));
  if (left.length > 0) throw stoppedAt(atHand, left);
}

async function eachOf(
  atHand: AtHand,
  host: EtcdHost,
  work: (host: EtcdHost) => Promise<void>,
): Promise<void> {
  const done = await atHand.run.each([host], work);
  if (done.length === 0) throw stoppedAt(atHand, [host]);
}

/** What went wrong there was said where it happened; a request to stop passes hosts over. */
function stoppedAt({ run }: AtHand, hosts: readonly EtcdHost[]): QuorateError {
  const names = hostNames(hosts);
  if (run.stopping()) {
    return new QuorateError(`stopped on request at ${names}`, {
      exitCode: EXIT.interrupted,
      hint: 'run again to go on',
    });
  }
  return refusal(
    { name: `stopped at ${names}` },
    'no further step is taken',
    'put that right, then run again to go on',
  );
}

/** Everything but the start comes first: what fails there leaves no member that never started. */
async function add({ place, learner }: Deed & { kind: 'add' }, atHand: AtHand): Promise<void> {
  const { run, surveyed, view, facts } = atHand;
  const host = hostAt(place, atHand);
  host.target.facts.cluster = { ...facts, joins: [] };
  await host.replan({}, view.others);
  await eachOf(atHand, host, (one) => one.apply((planned) => !isFromStart(planned)));
  await change(run, working(surveyed, view.scene).hosts, {
    doing: `adding ${place.host}`,
    command: ['member', 'add', place.name, `--peer-urls=${place.peerUrl}`, ...(learner ? ['--learner'] : [])],
    isDone: (list) => list.some(({ peerUrls }) => peerUrls.includes(place.peerUrl)),
  });
  // Without a learner it counts at once, and nothing is safe until it works.
  if (!learner) await start(place, atHand);
}

async function start(place: Place, atHand: AtHand): Promise<void> {
  const { run, surveyed, view, facts } = atHand;
  const host = hostAt(place, atHand);
  const [first] = askers(atHand);
  const list = (first && (await listOf(first))) ?? view.scene.listed;
  const sizes = surveyed.hosts.map(({ target }) => target.facts.reading?.status?.dbSize ?? 0);
  host.target.facts.cluster = { ...facts, joins: joinsOf(place, list), incoming: Math.max(...sizes) };
  await host.replan({}, view.others);
  await eachOf(atHand, host, (one) => one.apply(() => true));
  await change(run, askers(atHand), {
    doing: `waiting for ${place.host} to be known as started`,
    command: ['member', 'list'],
    isDone: (now) =>
      now.some(({ peerUrls, clientUrls }) => peerUrls.includes(place.peerUrl) && clientUrls.length > 0),
  });
}

async function promote({ place, member }: Deed & { kind: 'promote' }, atHand: AtHand): Promise<void> {
  const { run } = atHand;
  const host = hostAt(place, atHand);
  let told = Date.now();
  await change(run, [...askers(atHand), host], {
    doing: `letting ${place.host} vote`,
    command: ['member', 'promote', member.id],
    isDone: (list) => list.some(({ id, learner }) => id === member.id && !learner),
    patience: 60_000,
    progress: async () => {
      const index = await raftIndex(host);
      if (Date.now() - told > 10_000) {
        told = Date.now();
        run.log('info', `${place.host}: catches up, raft index ${index}`);
      }
      return index;
    },
  });
}

async function remove({ member, place }: Deed & { kind: 'remove' }, atHand: AtHand): Promise<void> {
  const { run, surveyed, view } = atHand;
  await waitUntilWhole(run, working(surveyed, view.scene), member.id);
  const others = askers(atHand, member.astray ?? place?.host);
  await moveLeadership(member, others, atHand);
  await change(run, others, {
    doing: `removing ${member.name || member.id}`,
    command: ['member', 'remove', member.id],
    isDone: (list) => !list.some(({ id }) => id === member.id),
  });
  await takeBackItsAlarms(member, others, atHand);
}

/** The alarms that members told of, without the member that has left. */
async function takeBackItsAlarms(
  { id, name }: ListedMember,
  [first]: readonly EtcdHost[],
  { run, surveyed, view }: AtHand,
): Promise<void> {
  const alarms = surveyed.hosts.find(({ target }) => target.facts.reading?.alarms)?.target.facts.reading
    ?.alarms;
  const members = view.scene.listed.filter((one) => one.id !== id);
  if (first && alarms)
    await takeBackAlarms(run, first, { alarms, members }, (of) => (of === id && name) || of);
}

/** Away from a member that works and leads: clients are to notice nothing. It is asked by one that stays. */
async function moveLeadership(
  member: ListedMember,
  others: readonly EtcdHost[],
  { run, surveyed }: AtHand,
): Promise<void> {
  const [next] = others;
  const statuses = surveyed.hosts.flatMap(({ target }) => target.facts.reading ?? []);
  const list = statuses.find(({ healthy, members }) => healthy && members)?.members ?? [];
  const leads = statuses.some(({ healthy, status }) => healthy && status?.leaderId === member.id);
  const url = list.find(({ id }) => id === member.id)?.clientUrls[0];
  const id = next?.target.facts.reading?.status?.memberId;
  if (!leads || next === undefined || url === undefined || id === undefined) return;
  const { code, out } = await next.act(
    `moving leadership to ${next.target.name}`,
    etcdctl(next, sh`q_url=${url}; q_etcdctl move-leader ${id}`),
  );
  const what = code === 0 ? 'moved' : `did not move (${lastLine(out)})`;
  run.log('info', `leadership ${what} to ${next.target.name} before ${member.name || member.id} leaves`);
}

/**
 * Its service ends, with the timer of its snapshots, and its data makes way: the member of this host is none any more. One
 * that goes is not to start again, also where the host loses its power before its data is aside.
 */
async function setAside({ place, goes }: Deed & { kind: 'set aside' }, atHand: AtHand): Promise<void> {
  const { view, facts } = atHand;
  const host = hostAt(place, atHand);
  const member = memberOf(host.target);
  const { facts: own } = host.target;
  const units = [`${member.service}.service`, ...(own.backupTimer ? [`${backupTimer(member)}.timer`] : [])];
  if (goes && member.manager === 'systemd' && own.service !== 'absent')
    await must(host, 'disabling its service', sh`systemctl disable --now ${units}`);
  // One that is enabled, and has no data, is started at boot again and again.
  else if (isUp(own)) await must(host, 'stopping its service', stopMember(member));
  Object.assign(own, { cluster: facts, setAside: true, data: 'absent', reading: undefined });
  await host.replan({}, view.others);
  await eachOf(atHand, host, (one) => one.apply(({ task }) => task.resource.startsWith('set-aside:')));
}

/** Certificates that are good for both addresses come first: nobody is refused, before or after. */
async function tell({ place, member, starts }: Deed & { kind: 'tell' }, atHand: AtHand): Promise<void> {
  const { run, view } = atHand;
  const host = hostAt(place, atHand);
  const { etcd_extra_sans: extra } = host.target.vars;
  const before = member.peerUrls.map(hostOf);
  await host.replan({ etcd_extra_sans: [...(extra as readonly string[]), ...before] }, view.others);
  await eachOf(atHand, host, (one) => one.apply((planned) => isOf(planned, 'certs')));
  await change(run, askers(atHand, member.healthy ? undefined : place.host), {
    doing: `telling the members where ${place.host} is`,
    command: ['member', 'update', member.id, `--peer-urls=${place.peerUrl}`],
    isDone: (list) => list.some(({ id, peerUrls }) => id === member.id && peerUrls.includes(place.peerUrl)),
  });
  // Nobody goes to the old one any more once it is started: its certificates are then without it.
  await host.replan({ etcd_extra_sans: extra as readonly string[] }, view.others);
  if (starts) await restart(place, atHand);
}

async function restart(place: Place, atHand: AtHand): Promise<void> {
  const { run, surveyed, view, facts } = atHand;
  const host = hostAt(place, atHand);
  host.target.facts.cluster = factsAt(host.target.facts, facts);
  await host.replan({}, view.others);
  if (host.target.facts.reading?.healthy) {
    const { acceptDowntime } = view.scene.words;
    const turn = { apply: (one: EtcdHost) => one.apply(() => true) };
    return roll(run, working(surveyed, view.scene), [host], turn, { acceptDowntime });
  }
  await eachOf(atHand, host, (one) => one.apply(() => true));
}

/**
 * Hosts whose members work and vote, but for one; the leader first. A follower passes a promotion on without the user who
 * asks, so with authentication enabled only the leader carries it out.
 */
function askers({ surveyed, view }: AtHand, except?: string): readonly EtcdHost[] {
  const { hosts } = working(surveyed, view.scene);
  const some = hosts.filter(({ target }) => target.name !== except);
  return some.length > 0
    ? [...leaderLast(some, surveyed)].reverse()
    : [asker(surveyed, except === undefined ? [] : [except])];
}

function hostAt({ host }: Place, { surveyed }: AtHand): EtcdHost {
  const found = surveyed.hosts.find(({ target }) => target.name === host);
  if (found === undefined) throw new Error(`${host} was not reached`);
  return found;
}

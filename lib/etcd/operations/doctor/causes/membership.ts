import { closedUrl } from '../../../files/etcd-conf.ts';
import { SET_ASIDE } from '../../../model/set-aside.ts';
import type { About } from '../about.ts';
import {
  anew,
  DOCTOR,
  etcdctl,
  journalCommand,
  members,
  on,
  type Remedy,
  remove,
  replace,
  site,
  start,
} from '../remedies.ts';
import type { Cause } from './cause.ts';

/** What a member and its cluster do not agree on, and what is left where nothing says more. */
export const MEMBERSHIP = [
  {
    // Whoever follows the majority would set aside what it alone has.
    id: 'recovered-alone',
    title: 'a member has other data than the others, and tells of a recovery that they know nothing of',
    next: () => [DOCTOR],
  },
  {
    id: 'cluster-id',
    title: 'a member carries the data of another cluster',
    // A journal alone does not tell whether it has ever been one of this cluster.
    next: (about) => [
      ...replace(about),
      ...(about.replaced.length > 0 || about.neverStarted
        ? []
        : [`where it never joined this cluster: ${site(about)} --${SET_ASIDE} ${about.member.host}`]),
    ],
    replaces: true,
  },
  {
    id: 'removed',
    title: 'the member was removed from the cluster, and its directory is a stale one',
    next: replace,
    replaces: true,
  },
  { id: 'not-a-member', title: 'the cluster does not have this member', next: (about) => [members(about)] },
  {
    id: 'lost-log',
    title: 'a member came back without the log that it had promised to keep',
    next: replace,
    replaces: true,
  },
  {
    id: 'bootstrapped',
    title: 'a member without data tries to found a cluster that exists',
    next: replace,
    replaces: true,
  },
  {
    id: 'member-count',
    title: 'the list of members that it starts with is not the cluster’s',
    next: (about) => ['have all members of the cluster in the inventory', members(about)],
  },
  {
    id: 'name',
    title: 'its name and ETCD_INITIAL_CLUSTER disagree',
    next: (about) => anew(about, 'config'),
  },
  {
    id: 'added-before',
    title: 'the member was added before',
    next: (about) => [`${members(about)} starts it`],
  },
  {
    id: 'learner',
    title: 'a learner is left over',
    next: (about) => [
      `${members(about)} lets it vote once it has caught up`,
      `where it is not wanted: ${remove(about.cluster, 'NAME')}`,
    ],
  },
  {
    id: 'unstarted',
    title: 'the member was added, and has never been started',
    next: (about) => [members(about)],
  },
  {
    id: 'not-in-inventory',
    title: 'the cluster has a member that the inventory does not have',
    next: (about) => [
      'put its host back into the inventory',
      `where it is not wanted any more: ${remove(about.cluster, 'NAME')}`,
    ],
  },
  {
    id: 'quota',
    title: 'the database has reached its quota: it takes no more writes',
    next: ofQuota,
  },
  {
    id: 'filtered',
    title: 'packets are dropped on the way: a firewall',
    next: () => [site({ isReady: true }, 'firewall')],
  },
  {
    id: 'no-route',
    title: 'there is no way to the other host: it is down, its network is, or a firewall rejects',
    next: ({ member }) => [on(member, 'ip route get OTHER', 'ping -c 3 OTHER'), DOCTOR],
  },
  {
    id: 'fatal',
    title: 'etcd ends by itself',
    next: ({ member }) => [on(member, `${journalCommand(member)}; the line above is where it ended`)],
  },
  { id: 'hung', title: 'etcd runs, and does not answer', next: (about) => [start(about)] },
  {
    id: 'stopped',
    title: 'etcd does not run',
    next: (about) => [
      `${site(about)} starts it`,
      on(about.member, `${journalCommand(about.member)} says why it ended`),
    ],
  },
  {
    id: 'no-client-certificate',
    title: 'a client comes without a certificate',
    next: () => ['give it one: --cert, --key and --cacert, as in the line that status prints'],
  },
] as const satisfies readonly Cause[];

/** Of the quota a share of data above which nothing but more room helps while clients write on. */
const FULL = 0.6;

/** Of the quota a share above which free pages are worth the pause that it takes to give them back. */
const SWOLLEN = 0.8;

/**
 * Where its pages are in use, history or not, more room comes first: a client that writes on has the alarm back at once.
 * What is set there is for all members, so it is never less than one of them has; where the inventory has the room
 * already, a run gives it. Free pages are given back, and where neither is so the alarm is all that is left.
 */
function ofQuota(about: About): Remedy {
  const { fill, revision } = about;
  const compact = etcdctl(about, `compact ${revision}`);
  const defrag = everywhere(about).flatMap((one) => etcdctl(one, 'defrag'));
  const disarm = etcdctl(about, 'alarm disarm');
  if (fill === undefined) return [...compact, ...defrag, ...disarm, moreRoom()];
  const { inUse, quota, given = 0, largest } = fill;
  if (inUse >= quota * FULL) {
    const isGiven = given > quota && inUse < given * FULL;
    return [...(isGiven ? [] : [moreRoom(2 * largest)]), site(about), ...disarm, ...compact, ...defrag];
  }
  return [...(fill.size >= quota * SWOLLEN ? defrag : []), ...disarm];
}

function moreRoom(bytes?: number): string {
  if (bytes === undefined) return 'raise quota-backend-bytes in etcd_settings, or it comes back';
  return `set quota-backend-bytes: ${bytes} in etcd_settings, or more, on disks that have the room`;
}

/** Each member keeps the free pages of its own: etcdctl takes them in turn where it reaches them from one host. */
function everywhere(about: About): readonly About[] {
  const { asker, closed, members } = about;
  if (closed)
    return members.map((one) => ({
      ...about,
      asker: { ...one, clientUrl: closedUrl(one) ?? one.clientUrl },
    }));
  return [{ ...about, asker: { ...asker, clientUrl: members.map(({ clientUrl }) => clientUrl).join(',') } }];
}

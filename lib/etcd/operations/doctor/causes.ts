import { commandLine } from '../../../command-line.ts';

/** What can be wrong with a cluster. The order of the table is the order of likelihood: causes before what follows from them. */
export interface Cause {
  readonly id: string;
  /** What is wrong, as a sentence about `it`: the host, when one is known. */
  readonly title: string;
  /** The next command, or what to do; words in capitals stand for what is known of the host (`report.ts`). */
  readonly next: string;
  /** It usually follows from another cause: told last, and as such. */
  readonly follows?: true;
}

const SITE = commandLine('site');

/** Of a member whose data is lost or wrong: nothing of it is deleted, and the others bring it up to date. */
const REPLACE = `on HOST: systemctl stop SERVICE; mv DATA DATA.kept; on another member: etcdctl member remove ID; etcdctl member add NAME --peer-urls=PEER; then: ${SITE}`;

/**
 * From the disk upwards: what a member needs to run at all, its data, its certificates, the network, and in
 * the end what merely follows. Sources: etcd's operations guide and the messages of its source.
 */
export const CAUSES = [
  {
    id: 'foreign-program',
    title: 'another program runs than the one that was installed',
    next: 'on HOST: keep what it is, cp /proc/$(systemctl show -p MainPID --value SERVICE)/exe /root/; then systemctl stop SERVICE, and take the host, its keys and its data for compromised until that is explained',
  },
  {
    id: 'disk-full',
    title: 'the disk that holds the data is full',
    next: 'on HOST: df -h DATA; make room or grow it, then: systemctl reset-failed SERVICE; systemctl start SERVICE',
  },
  {
    id: 'memory',
    title: 'the host has no memory left',
    next: 'on HOST: ps aux --sort=-rss | head; then add memory or move that away',
  },
  {
    id: 'corrupt-wal',
    title: 'the write-ahead log is damaged',
    next: REPLACE,
  },
  {
    id: 'lost-snapshot',
    title: 'snap/db is lost',
    next: REPLACE,
  },
  {
    id: 'corrupt',
    title: 'its data differs from that of its peers',
    next: REPLACE,
  },
  {
    id: 'downgrade',
    title: 'an older etcd was started on newer data',
    next: `bring the newer binary back: ${SITE} -r binaries; etcd does not go back a minor release by itself`,
  },
  {
    id: 'shadowed',
    title:
      'a setting is given twice, in the environment and as a flag, which etcd takes for fatal from 3.4 on',
    next: `${SITE} -r config -r systemd`,
  },
  { id: 'permission', title: 'etcd may not use its data directory', next: `${SITE} -r config` },
  {
    id: 'port-taken',
    title: 'a port of the member is taken by another process',
    next: 'on HOST: stop that process, or change the port; then: systemctl start SERVICE',
  },
  {
    id: 'clock',
    title: 'clocks differ',
    next: 'on HOST: chronyc tracking || timedatectl timesync-status; then bring both to the same time',
  },
  { id: 'expired', title: 'a certificate has ended or is not valid yet', next: `${SITE} -r certs` },
  {
    id: 'wrong-ca',
    title: 'a certificate comes from another CA',
    next: `${SITE} -r certs, after ca.pem is the same on all: sha256sum CERTS/ca.pem`,
  },
  {
    id: 'san',
    title: 'a certificate does not carry the address that others connect to',
    next: `${SITE} -r certs`,
  },
  {
    id: 'key-usage',
    title: 'a certificate may not be used for what it is used for: members need server and client auth',
    next: `${SITE} -r certs`,
  },
  {
    id: 'no-client-certificate',
    title: 'a client comes without a certificate',
    next: 'give it one: --cert, --key and --cacert, as in the line that status prints',
  },
  {
    id: 'http',
    title: 'one side speaks http, the other https',
    next: `on both sides: grep URLS CONFIG/etcd.conf; ${SITE} -r config puts ours right`,
  },
  {
    id: 'cluster-id',
    title: 'a member carries the data of another cluster',
    next: `${SITE}: it names the odd one out; --set-aside-data HOST moves data aside that never belonged here`,
  },
  {
    id: 'removed',
    title: 'the member was removed from the cluster, and its directory is a stale one',
    next: `on HOST: systemctl stop SERVICE; mv DATA DATA.kept; on another member: etcdctl member add NAME --peer-urls=PEER; then: ${SITE}`,
  },
  {
    id: 'lost-log',
    title: 'a member came back without the log that it had promised to keep',
    next: REPLACE,
  },
  {
    id: 'bootstrapped',
    title: 'a member without data tries to found a cluster that exists',
    next: REPLACE,
  },
  {
    id: 'member-count',
    title: 'the list of members that it starts with is not the cluster’s',
    next: `etcdctl member list; etcdctl member add NAME --peer-urls=PEER if it is not there; then: ${SITE}`,
  },
  {
    id: 'peer-url',
    title: 'its peer URL is not the one that the cluster knows',
    next: `etcdctl member list; etcdctl member update ID --peer-urls=PEER if that one is right, else: ${SITE} -r config`,
  },
  { id: 'name', title: 'its name and ETCD_INITIAL_CLUSTER disagree', next: `${SITE} -r config` },
  {
    id: 'added-before',
    title: 'the member was added before',
    next: `etcdctl member list; ${SITE} starts it; or etcdctl member remove ID`,
  },
  { id: 'learner', title: 'a learner is left over', next: 'etcdctl member promote ID, or member remove ID' },
  {
    id: 'quota',
    title: 'the database has reached its quota: it takes no more writes',
    next: 'etcdctl compact REVISION; etcdctl defrag; etcdctl alarm disarm; then raise quota-backend-bytes',
  },
  { id: 'filtered', title: 'packets are dropped on the way: a firewall', next: `${SITE} -r firewall` },
  {
    id: 'slow',
    title: 'disk or CPU is too slow for etcd',
    next: 'look at etcd_disk_wal_fsync_duration_seconds and at who else uses the disk: iostat -x 1',
    follows: true,
  },
  {
    id: 'stopped',
    title: 'etcd does not run',
    next: `${SITE} starts it; on HOST, JOURNAL says why it ended`,
  },
  {
    id: 'refused',
    title: 'nothing listens there: the member is down, or bound elsewhere',
    next: 'on HOST: systemctl status SERVICE; ss -ltnp',
    follows: true,
  },
  {
    id: 'rejected',
    title: 'the other side rejects the certificate',
    next: 'openssl s_client -connect ADDRESS -cert CERTS/peer.pem -key CERTS/peer-key.pem -CAfile CERTS/ca.pem says why',
    follows: true,
  },
  {
    id: 'unhealthy',
    title: 'the cluster refuses changes of its members while one is unhealthy',
    next: 'heal that member, wait 5 s, and try again',
    follows: true,
  },
  {
    id: 'start-timeout',
    title: 'systemd gave up waiting: a member says it is ready once there is quorum',
    next: 'start the other members at the same time',
    follows: true,
  },
  {
    id: 'no-quorum',
    title: 'there is no quorum: too few members answer each other',
    next: 'bring a majority of the members up',
    follows: true,
  },
] as const satisfies readonly Cause[];

export type CauseId = (typeof CAUSES)[number]['id'];

/** A cause by its name. */
export function causeOf(id: CauseId): Cause {
  return CAUSES.find((cause) => cause.id === id) as Cause;
}

/** Place in the order of likelihood; 0 is the first. */
function rankOf(id: CauseId): number {
  return CAUSES.findIndex((cause) => cause.id === id);
}

/** By the table; what follows comes after every cause. */
export function weightOf(id: CauseId): number {
  return rankOf(id) + (causeOf(id).follows ? 1000 : 0);
}

import { type Member, memberOf } from '../../model/cluster.ts';
import { ETCD_VARS } from '../../model/vars.ts';
import type { NamedCluster } from '../../verb-line.ts';

/** What a remedy needs to know: of the host that a diagnosis is about, and of the cluster around it. */
export interface About {
  readonly member: Member;
  readonly cluster: NamedCluster;
  /** systemd says that it is ready. */
  readonly isReady: boolean;
  /** There may be a process. */
  readonly mayRun: boolean;
  /** It reads: nothing that is mended for its next start is worth a stop. */
  readonly works: boolean;
  /** There is a raft log. */
  readonly hasData: boolean;
  /** The cluster has a place for it, and it was never started there. */
  readonly neverStarted: boolean;
  /** Of the process, where there is one. */
  readonly pid: string;
  /** Of the member, as the cluster lists it. */
  readonly id: string;
  /** Of the key space. */
  readonly revision: string;
  /** Where etcdctl is run: a member that answers, another one where there is one; by the URL that it answers at. */
  readonly asker: Member;
  /** Members answer their own hosts only: they have new data, and clients are yet to come in. */
  readonly closed: boolean;
  /** Of the fullest member that tells of it, bytes. */
  readonly fill: Fill | undefined;
  /** `3.3.25`, where a member told. */
  readonly version: string | undefined;
  /** Members that vote, and how many of them are well. */
  readonly voters: number;
  readonly healthy: number;
  /** Hosts in whose place a new member is to come: whatever they have is lost or cannot be used. */
  readonly replaced: readonly string[];
  /** Hosts of others that have their data, and do not run. */
  readonly resting: readonly string[];
  /** Too few have their data for a quorum, whatever is started. */
  readonly hopeless: boolean;
  /** Members that have data, and no doubt about it: the newest first. */
  readonly copies: readonly Member[];
  /** Hosts with data that is beyond repair. */
  readonly damaged: readonly string[];
  /** All members. */
  readonly members: readonly Member[];
}

/** How full a database is, bytes. */
export interface Fill {
  readonly size: number;
  readonly inUse: number;
  readonly quota: number;
  /** What the inventory has for that member, and a run gives it; undefined where something of its host's is in the way. */
  readonly given: number | undefined;
  /** The most that a member runs with, or is given, where that has an end. */
  readonly largest: number;
}

const DEFAULTS = Object.fromEntries(
  Object.entries(ETCD_VARS).flatMap(([name, schema]) =>
    'default' in schema ? [[name, schema.default]] : [],
  ),
);

/** A journal alone knows no host: words in capitals, and the usual places. */
const ANY = memberOf({
  name: 'HOST',
  vars: { ...DEFAULTS, etcd_address: 'HOST', etcd_member_name: 'NAME' },
  hostvars: {},
});

/** Where nothing is known but what a journal says. */
export const NOWHERE: About = {
  member: ANY,
  cluster: { name: ANY.cluster },
  isReady: true,
  mayRun: false,
  works: false,
  hasData: true,
  neverStarted: false,
  pid: 'PID',
  id: 'ID',
  revision: 'REVISION',
  asker: { ...ANY, host: 'OTHER', clientUrl: 'https://OTHER:2379' },
  closed: false,
  fill: undefined,
  version: undefined,
  voters: 3,
  healthy: 2,
  replaced: [],
  resting: [],
  hopeless: false,
  copies: [],
  damaged: [],
  members: [ANY],
};

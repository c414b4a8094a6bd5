import { type Member, memberOf } from '../../model/cluster.ts';
import { ETCD_VARS } from '../../model/vars.ts';

/** What a remedy needs to know: of the host that a diagnosis is about, and of the cluster around it. */
export interface About {
  readonly member: Member;
  /** It is ready, as far as systemd knows; there may be a process; systemd knows it; there is something of its data. */
  readonly up: boolean;
  readonly isUp: boolean;
  readonly hasService: boolean;
  readonly hasData: boolean;
  /** Of the process, where there is one. */
  readonly pid: string;
  /** Of the member, as the cluster lists it. */
  readonly id: string;
  /** Of the key space. */
  readonly revision: string;
  /** Where etcdctl is run: a member that answers, another one where there is one. */
  readonly asker: Member;
  /** `3.3.25`, where a member told. */
  readonly version: string | undefined;
  /** Members that vote, and how many of them are well. */
  readonly voters: number;
  readonly healthy: number;
  /** Other members that have data, and no doubt about it. */
  readonly copies: readonly Member[];
  /** All members. */
  readonly members: readonly Member[];
  /** The data directory is a file system of its own. */
  readonly isMount: boolean;
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
  up: true,
  isUp: false,
  hasService: true,
  hasData: true,
  pid: 'PID',
  id: 'ID',
  revision: 'REVISION',
  asker: { ...ANY, host: 'OTHER', clientUrl: 'https://OTHER:2379' },
  version: undefined,
  voters: 3,
  healthy: 2,
  copies: [],
  members: [ANY],
  isMount: false,
};

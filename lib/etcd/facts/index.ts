import { isIP } from 'node:net';
import type { FactSource, HostData } from '../../dsl/role.ts';
import { namedParts } from '../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { SentContent } from '../../dsl/source/source.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { LeafRules } from '../../pki/index.ts';
import { type Member, memberOf } from '../model/cluster.ts';
import { bootstrapFile, caFile, pidFile, releaseRecord } from '../model/paths.ts';
import { type BackupFacts, backupFacts, parseBackups } from './backup-facts.ts';
import { type Barred, barredFacts, parseBarred } from './barred.ts';
import { dataFacts } from './data-facts.ts';
import { type FirewallFacts, firewallFacts, parseFirewallFacts } from './firewall-facts.ts';
import { formedFacts, type KnownMember, parseFormed } from './formed.ts';
import { type HostFacts, hostFacts, parseHostFacts } from './host-facts.ts';
import { type Intent, intentFacts, parseIntent } from './intent.ts';
import { type KeptFacts, keptFacts, NOTHING_KEPT, parseKept, programToCome } from './kept.ts';
import { loadedUnit } from './loaded-unit.ts';
import { networkFacts, parseNetworkFacts, type Source } from './network-facts.ts';
import { type Occupied, occupiedFacts, parseOccupied } from './occupied.ts';
import { type OtherUnit, otherUnitFacts, parseOtherUnits } from './other-unit.ts';
import { type MemberReading, parseMember, readMember } from './read-member.ts';
import { parseUnitFacts, type UnitFacts, unitFacts } from './unit-facts.ts';
import { requireReadable, unreadableFacts } from './unreadable.ts';

export type ServiceState = 'absent' | 'inactive' | 'activating' | 'active' | 'failed';

/** There is a process: one that waits for its peers is `activating` to systemd, and lives all the same. */
export function isUp({ service }: Pick<EtcdFacts, 'service'>): boolean {
  return service === 'active' || service === 'activating';
}

/** What roles and the cluster logic need to know of a host before anything is planned. */
export interface EtcdFacts {
  /** As in release names: `amd64`, `arm64`, `ppc64le`, `s390x`. */
  readonly arch: string;
  /** Version of systemd; undefined when it is not PID 1. */
  readonly systemd: number | undefined;
  /** What `etcd_address` resolves to on the host itself; loopback only where there is nothing else. */
  readonly resolved: string | undefined;
  /** The same for an `etcd_peer_address` of its own. */
  readonly resolvedPeer: string | undefined;
  /** Whose the member's cluster or data is by our records, where it has none under its own name. */
  readonly otherUnits: readonly OtherUnit[];
  /** First line of our records, undefined when there are none. */
  readonly owner: string | undefined;
  /** The member was part of a quorum, by our record: with whom. Outlives the data. */
  readonly formed: readonly KnownMember[] | undefined;
  /** Like the next and the reading, as the survey sees it: data that is to be set aside is `absent`. */
  data: 'absent' | 'empty' | 'present';
  /** What is there that is no directory: `a file`, `a link to /mnt/etcd, where nothing is`. */
  readonly dataInstead: string | undefined;
  /** Where the raft log of that data lies, when it is not where the inventory wants it. */
  readonly walElsewhere: string | undefined;
  /** Login name of who owns the data; `UNKNOWN` when it has none. */
  readonly dataOwner: string | undefined;
  /** Directories that are to become the member's, with things of others in them. */
  readonly occupied: readonly Occupied[];
  /** Folders on the way to its own that its user may not enter. */
  readonly barred: readonly Barred[];
  service: ServiceState;
  /** Where systemd has the unit from; undefined without one. */
  readonly unitFile: string | undefined;
  /** Whether systemd starts it with the host, in its words: `enabled`, `disabled`, `masked-runtime`. */
  readonly unitState?: string;
  readonly unit: UnitFacts;
  /** The survey let the data make way (`--set-aside-data`). */
  setAside?: boolean;
  /** Token of a bootstrap that did not reach quorum yet. */
  readonly pendingToken: string | undefined;
  /** The CA on the host, PEM. */
  readonly caPem: string | undefined;
  /** Version of the installed release, from its record. */
  readonly installed: string | undefined;
  readonly selinux: boolean;
  readonly firewall: FirewallFacts;
  readonly host: HostFacts;
  /** Towards other members. */
  readonly sources: readonly Source[];
  readonly kept: KeptFacts;
  /** A timer takes snapshots here. */
  readonly backupTimer: boolean;
  /** What becomes of them; undefined without a timer. */
  readonly backups?: BackupFacts;
  /** What an operation has begun here, or ended last; one that notes something here sets it anew. */
  intent: Intent | undefined;
  /** The member's answers; undefined when its service does not run. */
  reading: MemberReading | undefined;
  /** Set by the survey: what all members together mean. */
  cluster?: ClusterFacts;
}

/** What the survey of all members found. */
export interface ClusterFacts {
  readonly state: 'new' | 'bootstrapping' | 'stopped' | 'live';
  /** Version in force: the inventory's, else the one that runs; undefined when a local run may choose. */
  readonly version: string | undefined;
  /** The cluster's CA, from control, else from a host; undefined before there is one. */
  readonly caPem: string | undefined;
  /** What members are to trust, PEM, while that is not the CA alone: one takes another's place. */
  readonly trustPem?: string;
  /** The list of revoked certificates; undefined where there is none, here or on any host. */
  readonly crl?: WantedList;
  /** Fingerprints of certificates that are to be made anew although nothing is wrong with them. */
  readonly retired?: readonly string[];
  /** Those are made with another key. */
  readonly newKeys?: boolean;
  /** Of cfssl's server-csr.json on control: hosts that belong to no member. */
  readonly furtherHosts: readonly string[];
  /** How long before its end a certificate of either kind is due, in milliseconds. */
  readonly renewBefore: LeafRules['renewBefore'];
  /** Of keys to come. */
  readonly keyType?: LeafRules['keyType'];
  /** Members let in at their peer ports whom a certificate names as one of them, and no client of the same CA. */
  readonly peersApart: boolean;
  /** Unique to this bootstrap; undefined once the cluster exists. */
  readonly token: string | undefined;
  /**
   * Of a host whose member is to join the living cluster: who is listed, itself included, as `name=URL`. It has to name
   * them exactly, whatever else the inventory has.
   */
  readonly joins?: readonly string[];
  /** Bytes of data that are sent to a member that joins. */
  readonly incoming?: number;
  /** A member that joins is closed to clients until it is started once more. */
  readonly closed?: true;
}

/** The list of revoked certificates that hosts are to have. */
export interface WantedList {
  /** undefined where only a run can know it: it is signed anew. */
  readonly sha256: string | undefined;
  /** Hosts whose list has what this one lacks: they keep it. */
  readonly keeps: readonly string[];
  /** Lays it down on control, where that has another one; gives the file. */
  lay(): Promise<SentContent>;
}

const ARCHITECTURES: Readonly<Record<string, string>> = {
  x86_64: 'amd64',
  aarch64: 'arm64',
  ppc64le: 'ppc64le',
  s390x: 's390x',
};

/** Resolves whatever name it is asked for. */
const EVERY_NAME: ReadonlyMap<string, readonly string[]> = new (class extends Map<string, readonly string[]> {
  override readonly get = (name: string) => (isIP(name) === 0 ? ['192.0.2.1'] : undefined);
  override readonly has = (name: string) => isIP(name) === 0;
})();

/** A bare host like most. */
export const ORDINARY: EtcdFacts = {
  arch: 'amd64',
  systemd: 252,
  resolved: '192.0.2.1',
  resolvedPeer: undefined,
  otherUnits: [],
  owner: undefined,
  formed: undefined,
  data: 'absent',
  dataInstead: undefined,
  walElsewhere: undefined,
  dataOwner: undefined,
  occupied: [],
  barred: [],
  service: 'absent',
  unitFile: undefined,
  unit: { dropIns: [], dropInDigest: undefined },
  pendingToken: undefined,
  caPem: undefined,
  installed: undefined,
  selinux: false,
  firewall: { backend: 'nftables', own: 'nftables', resolved: EVERY_NAME },
  host: {
    machine: undefined,
    clock: undefined,
    addresses: [],
    listeners: [],
    space: [],
    swap: false,
    openFiles: undefined,
    noexec: undefined,
    lowestPort: 0,
  },
  sources: [],
  kept: NOTHING_KEPT,
  backupTimer: false,
  intent: undefined,
  reading: undefined,
};

export const etcdFacts: FactSource<EtcdFacts> = {
  ordinary: ORDINARY,
  told: ({ arch, systemd, resolved, installed, data, service, selinux, host: { clock } }) => ({
    architecture: arch,
    systemd: systemd ?? 'none',
    ...(resolved !== undefined && { address: resolved }),
    'etcd installed': installed ?? 'none',
    'etcd service': service,
    'etcd data': data,
    selinux,
    // To the second: of less the reading itself is unsure.
    ...(clock && { 'clock off by, s': Math.round(clock.offset / 1000) }),
  }),
  probe(host) {
    const member = memberOf(host);
    return joinSh([
      systemFacts(member),
      unreadableFacts(member),
      firewallFacts(host),
      recordFacts(member),
      intentFacts(member),
      unitFacts(member),
      keptFacts(member),
      hostFacts(member),
      networkFacts(host),
      memberFacts(member),
    ]);
  },
  parse(reading, host) {
    const parts = namedParts(reading.out);
    const head = parts.get('') ?? '';
    const line = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1]?.trim() || undefined;
    const part = (name: string) => parts.get(name)?.trim() || undefined;
    const machine = line('machine') ?? '';
    const arch = ARCHITECTURES[machine];
    if (arch === undefined) throw unknownArchitecture(host, machine, reading.out);
    requireReadable(head, host);
    const member = part('member');
    const backups = parseBackups(head);
    const unitState = line('unit-state');
    const systemd = Number.parseInt(/\d+/.exec(line('systemd') ?? '')?.[0] ?? '', 10);
    return {
      arch,
      systemd: systemd || undefined,
      resolved: addressOf(line('resolved')),
      resolvedPeer: addressOf(line('resolved-peer')),
      owner: line('owner'),
      otherUnits: parseOtherUnits(head),
      formed: parseFormed(head),
      data: (line('data') ?? 'absent') as EtcdFacts['data'],
      dataInstead: line('data-instead'),
      walElsewhere: line('wal-elsewhere'),
      dataOwner: line('data-owner'),
      occupied: parseOccupied(head),
      barred: parseBarred(head),
      service: (line('service') ?? 'absent') as ServiceState,
      unitFile: line('unit'),
      ...(unitState !== undefined && { unitState }),
      unit: parseUnitFacts(head),
      pendingToken: tokenOf(line('token')),
      installed: line('installed'),
      selinux: line('selinux') === 'yes',
      firewall: parseFirewallFacts(head),
      sources: parseNetworkFacts(head),
      host: parseHostFacts({ ...reading, out: head }),
      backupTimer: backups !== undefined,
      ...(backups && { backups }),
      intent: parseIntent(line('intent')),
      kept: parseKept(`${head}\n${part('kept') ?? ''}`),
      caPem: certificatesOf(part('ca')),
      reading: member === undefined ? undefined : parseMember(member),
    };
  },
};

function systemFacts(member: Member): Sh {
  return sh`echo "machine $(uname -m)"
if [ -d /run/systemd/system ]; then
  q_version=
  # The name of systemd's own library tells its version without a process.
  for q_file in /usr/lib/systemd/libsystemd-shared-*.so /lib/systemd/libsystemd-shared-*.so /usr/lib/*/systemd/libsystemd-shared-*.so; do
    if [ -e "$q_file" ]; then q_version=\${q_file##*-shared-}; break; fi
  done
  echo "systemd \${q_version:-$(systemctl --version | head -n 1)}"
fi
if [ -e /sys/fs/selinux/enforce ]; then echo "selinux yes"; fi
${member.listenAddress === undefined ? resolvedAddress('resolved', member.address) : sh`:`}
${peerName(member)}`;
}

function peerName({ address, peerAddress, peerListenAddress }: Member): Sh {
  const isOwn = peerListenAddress === undefined && peerAddress !== address;
  return isOwn ? resolvedAddress('resolved-peer', peerAddress) : sh`:`;
}

/** Distributions give a host's own name to 127.0.1.1, too, where nobody else would reach the member. */
function resolvedAddress(label: string, name: string): Sh {
  return sh`getent ahosts ${name} | {
  q_first=
  while read -r q_ip q_rest; do
    q_first=\${q_first:-$q_ip}
    case $q_ip in 127.* | ::1 | fe80:*) ;; *) q_first=$q_ip; break ;; esac
  done
  echo ${label}" $q_first"
}`;
}

function recordFacts(member: Member): Sh {
  const { stateDir } = member;
  const [owner, release] = [`${stateDir}/owner`, releaseRecord(member)];
  return sh`q_version=
if [ -f ${owner} ]; then read -r q_line <${owner}; echo "owner $q_line"; fi
${otherUnitFacts(member)}
if [ -f ${release} ]; then read -r q_version q_rest <${release}; echo "installed $q_version"; fi
${formedFacts(member)}
${backupFacts(member)}
${dataFacts(member)}
${occupiedFacts(member)}
${barredFacts(member)}
if [ -f ${bootstrapFile(member)} ]; then echo "token $(sed -n 's/^ETCD_INITIAL_CLUSTER_TOKEN="\(.*\)"$/\1/p' ${bootstrapFile(member)})"; fi
${serviceState(member)}`;
}

function serviceState(member: Member): Sh {
  if (member.manager === 'process') {
    return sh`if [ -f ${pidFile(member)} ]; then
  read -r q_pid q_born <${pidFile(member)}
  if q_lives "$q_pid" "$q_born"; then q_state_now=active; else q_state_now=inactive; fi
  echo "service $q_state_now"
fi`;
  }
  return joinSh([
    loadedUnit(member),
    sh`q_property LoadState
if [ "$q_rest" = not-found ]; then q_state_now=absent; else q_property ActiveState; q_state_now=$q_rest; q_property FragmentPath; echo "unit $q_rest"; q_property UnitFileState; echo "unit-state $q_rest"; fi
echo "service $q_state_now"`,
  ]);
}

function memberFacts(member: Member): Sh {
  const ca = caFile(member);
  return sh`if [ -f ${ca} ]; then q_part ca; while IFS= read -r q_line; do echo "$q_line"; done <${ca}; fi
case \${q_state_now-} in active | activating) q_part member; ${readMember(member)} ;; esac
case \${q_state_now-} in active) ${programToCome(member)} ;; esac`;
}

function addressOf(text: string | undefined): string | undefined {
  return text !== undefined && isIP(text) !== 0 ? text : undefined;
}

/** As a bootstrap makes them: anything else did not come from one, and goes into no file. */
function tokenOf(text: string | undefined): string | undefined {
  return text !== undefined && /^[A-Za-z0-9._-]+$/.test(text) ? text : undefined;
}

/** The certificates of a PEM file, as they are written; what stands around them is not part of a CA. */
function certificatesOf(text: string | undefined): string | undefined {
  const blocks = text?.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g);
  return blocks ? `${blocks.join('\n')}\n` : undefined;
}

function unknownArchitecture(host: HostData, machine: string, out: string): QuorateError {
  return new QuorateError(
    machine === ''
      ? `${host.name}: reading facts failed${out.trim() ? `: ${out.trim()}` : ''}`
      : `${host.name}: etcd has no release for ${machine}`,
    { exitCode: EXIT.failed, host: host.name },
  );
}

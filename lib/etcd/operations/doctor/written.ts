import { quote } from '../../../dsl/shell/sh.ts';
import { parseCertificate } from '../../../pki/index.ts';
import { asRoot } from '../../health/authentication.ts';
import type { CauseId } from './causes/index.ts';
import { dataDirOf, isUnmounted } from './data.ts';
import type { Evidence } from './evidence.ts';
import type { JournalFinding } from './journal.ts';
import { type LogLine, parseLogLine, spoken } from './log-line.ts';
import { barriers, described, mayRead } from './measured/files.ts';
import { anew, DOCTOR, etcdctl, on, own, type Remedy, site, withoutDropIns } from './remedies.ts';
import { remoteOf } from './remote.ts';
import { aboutMember, type Clue, clusterIn, hasQuorum, isHealthy, type Scene } from './scene.ts';
import { causeOfLine, excerpt } from './signatures.ts';

/** What a journal or etcdctl says. */
export interface Written extends Clue {
  /** Who wrote it. */
  readonly from: string;
  readonly host: string;
  /** The line names the host, which is else the one that wrote it. */
  readonly isAbout: boolean;
  /** The process ended with it. */
  readonly lastWords: boolean;
  /** It was an answer of this moment, and no line of a journal. */
  readonly isAnswer?: true;
}

/** What members wrote and what their etcdctl was told, but for what `measured` shows to be over. */
export function writtenClues(scene: Scene, measured: readonly Clue[]): readonly Written[] {
  return scene.all
    .flatMap((one) => [...ofAnswer(one, scene), ...ofJournal(one, scene)])
    .map((clue) => atFault(clue, measured))
    .filter((clue) => !isPast(clue, measured, scene));
}

/** A member that has the fault itself reports it of all others: blame the member. */
function atFault(clue: Written, measured: readonly Clue[]): Written {
  const own = measured.some(({ cause, host }) => cause === clue.cause && host === clue.from);
  return own ? { ...clue, host: clue.from, isAbout: false } : clue;
}

/** What a member's own etcdctl was told instead of an answer. */
function ofAnswer(one: Evidence, scene: Scene): readonly Written[] {
  const { host } = one.member;
  const { said, unanswered = [] } = one.facts.reading ?? { said: '' };
  const lines = [said, ...unanswered.map((answer) => answer.said)].join('\n').split('\n');
  return [...new Set(lines)].flatMap((text) => {
    const line = parseLogLine(text);
    const cause = causeOfLine(line);
    // The member's own etcdctl says what is wrong, but not whose fault it is.
    if (cause === undefined || cause === 'slow') return [];
    const clue = { from: host, host, isAbout: true, lastWords: false, isAnswer: true } as const;
    const remedy = cause === 'auth' ? letIn(one, scene) : undefined;
    return { ...clue, cause, evidence: `${host}, etcdctl: ${excerpt(line)}`, ...(remedy && { remedy }) };
  });
}

/** Let members in where etcd's users are on: each common name of their certificates must exist as a user. */
function letIn({ member }: Evidence, scene: Scene): Remedy | undefined {
  const names = scene.all.flatMap(({ certificates }) => {
    const pem = certificates.find(({ file }) => file === 'server.pem')?.pem;
    return (pem && /^CN=(.+)$/m.exec(parseCertificate(pem)?.subject ?? '')?.[1]) || [];
  });
  if (names.length === 0) return undefined;
  const commands = [...new Set(names)].flatMap((name) => [
    `--user=root user add ${quote(name)} --no-password`,
    `--user=root user grant-role ${quote(name)} root`,
  ]);
  return [...etcdctl(aboutMember(member, scene), ...commands), asRoot(clusterIn(scene))];
}

/** A journal describes the past: drop what is measured to be well now, except last words. */
function isPast(
  { cause, host, isAbout, lastWords }: Written,
  measured: readonly Clue[],
  scene: Scene,
): boolean {
  const { all } = scene;
  const one = all.find(({ member }) => member.host === host);
  if (one === undefined || measured.some((clue) => clue.cause === cause)) return false;
  const elsewhere = measured.some((clue) => clue.cause === 'bound-elsewhere' && clue.host === host);
  if (elsewhere && OF_BINDING.includes(cause)) return true;
  if (lastWords && !isHealthy(one)) return false;
  switch (cause) {
    case 'san':
      // A name that is not a member's is a client's matter, and not measured.
      return isAbout && one.certificates.length === 2;
    case 'expired':
    case 'wrong-ca':
    case 'key-usage':
      return all.every(({ certificates }) => certificates.length === 2);
    case 'clock':
      return all.every(({ facts }) => facts.host.clock !== undefined);
    case 'filtered':
    case 'refused':
    case 'no-route': {
      const seen = all.flatMap(({ ports }) => ports).filter(({ to }) => to === host);
      return seen.length > 0 && seen.every(({ state }) => state === 'open');
    }
    case 'no-quorum':
      return hasQuorum(scene) || all.filter(isHealthy).length > all.length / 2;
    default:
      return false;
  }
}

/** What etcd says of an address or a port that it cannot have: which one it is to have is known better. */
const OF_BINDING: readonly CauseId[] = ['address', 'late-address', 'low-port'];

/** `from` is whose journal it is, `host` whom the line is about. */
function ofJournal(one: Evidence, scene: Scene): readonly Written[] {
  const { member, journal } = one;
  return journal.map((finding): Written => {
    const { count, line, lastWords = false } = finding;
    const told = `${member.host}, journal${count > 1 ? `, ${count} times` : ''}: ${excerpt(line)}`;
    const from = { from: member.host, lastWords };
    const path = ofLateAddress(finding, one) ?? ofPath(finding, one, scene) ?? ofDropIns(finding, one, scene);
    if (path)
      return { ...from, host: member.host, isAbout: false, ...path, evidence: `${told}${path.evidence}` };
    const remote = remoteOf(finding, scene.all, one);
    return {
      ...from,
      cause: remote.cause ?? finding.cause,
      host: remote.host ?? member.host,
      isAbout: remote.host !== undefined,
      evidence: `${told}${remote.said === undefined ? '' : ` (${remote.said})`}`,
    };
  });
}

type Part = Pick<Clue, 'cause' | 'evidence' | 'remedy'>;

/** What etcd could not bind, and the host has by now: a boot was quicker than its network. */
function ofLateAddress({ cause, line }: JournalFinding, { addresses }: Evidence): Part | undefined {
  if (cause !== 'address') return undefined;
  const [, v6, v4] = /listen tcp (?:\[([^\]]+)\]|([^\s:]+)):\d+/.exec(spoken(line)) ?? [];
  const address = v6 ?? v4;
  if (address === undefined || !addresses.includes(address)) return undefined;
  return { cause: 'late-address', evidence: '; the host has it now' };
}

/** A path that may not be used is data or is not; what it is says the rest. */
function ofPath({ cause, line }: JournalFinding, one: Evidence, scene: Scene): Part | undefined {
  if (cause !== 'permission' && cause !== 'unreadable' && cause !== 'missing' && cause !== 'read-only')
    return undefined;
  const about = aboutMember(one.member, scene);
  const path = pathIn(line);
  // A name below its working directory is the default of what is not set.
  if (cause === 'read-only' && /(?:open|mkdir) [^/\s]+: read-only/.test(spoken(line)))
    return { cause: 'setting', evidence: '; ETCD_DATA_DIR is not set', remedy: anew(about, 'config') };
  if (path === undefined) return undefined;
  const data = dataDirOf(one);
  if (isUnmounted(one) && (path === data || path.startsWith(`${data}/`)))
    return { cause: 'unmounted', evidence: '' };
  const isData = path === data || path.startsWith(`${data}/`);
  const found = one.paths.find((candidate) => candidate.path === path && candidate.state === 'there');
  const evidence = found ? ` (${described(found)})` : '';
  if (cause === 'read-only' || cause === 'missing') {
    const mount = one.mounts.find((candidate) => path.startsWith(`${candidate.mount.replace(/\/$/, '')}/`));
    if (cause === 'missing' || mount === undefined) return undefined;
    return { cause, evidence: ` (on ${mount.mount})` };
  }
  const ours = path.startsWith(`${one.member.certDir}/`);
  const what = isData ? 'permission' : 'unreadable';
  if (isAllowed(path, one)) {
    const away = dropInsAway(one, scene);
    const kept = `${evidence}; neither owner nor mode keeps etcd from it`;
    return {
      cause: what,
      evidence: `${kept}${away?.evidence ?? ''}`,
      remedy: away?.remedy ?? look(path, one),
    };
  }
  return {
    cause: what,
    evidence,
    ...(ours && { remedy: [site(about, 'certs')] }),
    // A line may name any path, and the member writes it: only what is the member's is given to it.
    ...(isOwn(path, one) && { remedy: own(about, path) }),
  };
}

/** By owner and mode of it, or of what is nearest above it, and of all folders on the way. */
function isAllowed(path: string, one: Evidence): boolean {
  const [nearest] = one.paths
    .filter((found) => found.state === 'there' && (path === found.path || path.startsWith(`${found.path}/`)))
    .sort((a, b) => b.path.length - a.path.length);
  if (nearest === undefined || barriers(one).length > 0) return false;
  return nearest.path === path ? mayRead(nearest, one) : nearest.owner === one.member.user;
}

/** For what else there is: labels, access lists, and flags of a file system. */
function look(path: string, one: Evidence): Remedy {
  const { member, facts } = one;
  const words = quote(path);
  return [
    on(
      member,
      ...(facts.selinux && isOwn(path, one) ? [`restorecon -RFv ${words}`] : []),
      `ls -dZ ${words}; lsattr -d ${words}; getfacl ${words}; journalctl -k -n 99 | grep -i denied tells what does`,
    ),
    DOCTOR,
  ];
}

/** Its data, its raft log, or a file that it logs to. */
function isOwn(path: string, one: Evidence): boolean {
  const { walDir, logFiles } = one.member;
  const dirs = [dataDirOf(one), ...(walDir === undefined ? [] : [walDir])];
  const isBelow = dirs.some((dir) => path === dir || path.startsWith(`${dir}/`));
  const logs = [...logFiles, ...(one.settings.get('ETCD_LOG_OUTPUTS') ?? '').split(',')];
  return !path.split('/').includes('..') && (isBelow || logs.includes(path));
}

/** `open /d/member/snap/db: permission denied` is about that path; so are fields of that name. */
function pathIn(line: LogLine): string | undefined {
  const { path, dir } = line.fields;
  const named =
    /(?:open|stat|mkdir|unlink|unlinkat|rename|remove|write|read|chmod|sync|executable|execute|spawning) (\/[^:"\\]+)/;
  const value = named.exec(spoken(line))?.[1] ?? path ?? dir;
  return typeof value === 'string' && value.startsWith('/') ? value : undefined;
}

/** Somebody's drop-in says what the unit does not. */
function ofDropIns({ cause }: JournalFinding, one: Evidence, scene: Scene): Part | undefined {
  const away = OF_THE_UNIT.includes(cause) ? dropInsAway(one, scene) : undefined;
  return away && { cause, ...away };
}

function dropInsAway({ member, dropIns }: Evidence, scene: Scene): Omit<Part, 'cause'> | undefined {
  if (dropIns.length === 0) return undefined;
  const evidence = `; ${dropIns.join(' and ')} changes the unit`;
  return { evidence, remedy: withoutDropIns(aboutMember(member, scene), dropIns) };
}

const OF_THE_UNIT: readonly CauseId[] = [
  'shadowed',
  'setting',
  'memory',
  'limit',
  'program',
  'low-port',
  'no-user',
];

import { MARK } from '../../dsl/shell/probe.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { bootstrapFile } from '../model/paths.ts';
import {
  type Alarm,
  type KeySpaceHash,
  type ListedMember,
  type MemberStatus,
  type Question,
  readAnswer,
  type Unanswered,
} from './etcdctl/answers.ts';
import { ASK, printedByName } from './etcdctl/asked.ts';
import { etcdctlFunction } from './etcdctl/etcdctl.ts';
import { type MemberCertificate, memberCertificate } from './found-certificates.ts';

/** What a member answered about itself and its cluster. */
export interface MemberReading {
  /** A linearizable read through this member succeeded. */
  readonly healthy: boolean;
  readonly status?: MemberStatus;
  readonly members?: readonly ListedMember[];
  readonly hash?: KeySpaceHash;
  /** Bytes of its data where that is too large to be hashed without need: there is no `hash` then. */
  readonly unhashed?: number;
  readonly alarms?: readonly Alarm[];
  /** Why one of these is missing. */
  readonly unanswered?: readonly Unanswered[];
  /** Those of server.pem and peer.pem that can be read. */
  readonly certificates: readonly MemberCertificate[];
  /** What etcdctl said, when the member is not healthy. */
  readonly said: string;
  /** Its client URL as it runs, `https://HOST:PORT`. */
  readonly clientUrl?: string;
  /** Where it was asked, in the same form. */
  readonly askedAt?: string;
  /** It listens on loopback alone, and tells others to come elsewhere: no client gets in. */
  readonly closed?: true;
  /** The file is there by which a restore, a recovery or a join closes a member. */
  readonly closedByVerb?: true;
  /** It was started with a list of revoked certificates, which it reads for each connection. */
  readonly checksList?: true;
  /** Bytes of data from which on it takes no more writes, as it was started; undefined for etcd's own. */
  readonly quota?: number;
  /** Another program runs than the one that was to. */
  readonly foreign?: { readonly pid: number; readonly runs: string; readonly wanted: string };
}

/** Seconds for any answer: see `etcdctlFunction`. */
const QUICK = 4;

/** Bytes. While etcd hashes its data no write of that member ends: a second a gigabyte, more where a disk is read. */
const LARGE = 256 * 1024 ** 2;

/**
 * Read-only shell: questions to the host's own member, side by side since each is a process of its own.
 * Prints what `q_ask` does, or `@down` when there is no process to ask. `$q_version` is the installed version, where known.
 * `revision` is that of the hash; without one it is the current, and large data is not hashed. `seconds` are for the hash.
 *
 * From 3.5 on the member list is a linearizable read itself (API of `MemberListRequest.linearizable`), so
 * `endpoint health` would ask twice. Alarms have a question of their own: in the status they are a text for people,
 * whose white space is another in each build, and 3.3 does not have them there.
 */
export function readMember(member: Member, revision = 0, seconds = QUICK): Sh {
  return sh`${etcdctlFunction(member)}
if [ -d "/proc/\${q_main:-0}" ]; then
${askMember(member, revision, seconds)}
else q_part '@down 0'; fi`;
}

function askMember(member: Member, revision: number, seconds: number): Sh {
  const { stateDir, dataDir } = member;
  const release = `${stateDir}/release`;
  const size =
    revision > 0 ? sh`0` : sh`$(stat -L -c %s -- ${`${dataDir}/member/snap/db`} 2>/dev/null || echo 0)`;
  const isSmall = sh`[ "$q_db" -lt ${LARGE} ]`;
  const askHash = (patience: number) =>
    sh`q_ask hash q_etcdctl --command-timeout=${patience}s -w json endpoint hashkv --rev=${revision}`;
  const again = seconds > QUICK ? sh`:` : askHash(30);
  return sh`if [ -z "\${q_version-}" ] && [ -f ${release} ]; then read -r q_version q_rest <${release}; fi
${ASK}
q_db=${size} q_unhashed=
q_ask_all() { q_answers=$(
  q_ask status q_etcdctl -w json endpoint status &
  q_ask members q_etcdctl -w json member list &
  if ${isSmall}; then ${askHash(seconds)} & fi
  q_ask alarms q_etcdctl -w json alarm list &
  case \${q_version-} in 3.[5-9].* | 3.[1-9][0-9].*) ;; *) q_ask health q_etcdctl endpoint health & ;; esac
  wait
); }
q_ask_all
# No answer there, maybe one where else it may be reached: what was said first counts, unless that is better.
case $q_answers in
  *'@status 0'* | *'@members 0'*) ;;
  *) if [ -n "$q_other" ]; then
      q_first=$q_answers q_swap=$q_url q_url=$q_other
      q_ask_all
      case $q_answers in *'@status 0'* | *'@members 0'*) ;; *) q_answers=$q_first q_url=$q_swap ;; esac
    fi ;;
esac
printf '%s\n' "$q_answers"
# All data is read for a hash, which takes seconds a gigabyte: time that only a member that answers is given.
case $q_answers in
  *'@hash 0'*) ;;
  *'@status 0'*) if ${isSmall}; then ${again}; else q_unhashed=$q_db; fi ;;
esac
q_part "@version 0 \${q_version-}"; q_part "@asked 0 $q_url"; q_part "@url 0 $q_told"
if q_setting ETCD_CLIENT_CRL_FILE; then q_part '@list 0 yes'; fi
if q_setting ETCD_QUOTA_BACKEND_BYTES; then q_part "@quota 0 $q_value"; fi
if [ -n "$q_closed" ]; then
  q_part '@closed 0 yes'
  if grep -q '^ETCD_LISTEN_CLIENT_URLS=' ${bootstrapFile(member)} 2>/dev/null; then q_part '@closed-by-verb 0 yes'; fi
fi
if [ -n "$q_unhashed" ]; then q_part "@unhashed 0 $q_unhashed"; fi
if [ -n "$q_foreign" ]; then q_part "@foreign 0 $q_main $q_foreign"; q_part "@wanted 0 $q_exec"; fi
for q_pem in server.pem peer.pem; do
  q_part "@$q_pem 0"
  if [ -f "$q_certs/$q_pem" ] && [ -r "$q_certs/$q_pem" ]; then while IFS= read -r q_line; do echo "$q_line"; done <"$q_certs/$q_pem"; fi
done`;
}

/** By what `readMember` printed no process of the member is there: it runs no more, or between two starts. */
export function isDown(out: string): boolean {
  return new RegExp(`^${MARK}@down `, 'm').test(out);
}

/** Takes apart what `readMember` printed for the same `revision`. */
export function parseMember(out: string, revision = 0): MemberReading {
  const printed = printedByName(out);
  const version = printed('version')?.out ?? '';
  const unanswered: Unanswered[] = [];
  const answer = <Q extends Question>(name: string, question: Q) => {
    const read = readAnswer(question, printed(name), version);
    if ('value' in read) return read.value;
    unanswered.push(read.unanswered);
    return undefined;
  };
  const status = answer('status', 'endpoint status');
  const members = answer('members', 'member list');
  const unhashed = Number(printed('unhashed')?.out ?? 0);
  const hash = unhashed > 0 ? undefined : answer('hash', 'endpoint hashkv');
  const alarms = answer('alarms', 'alarm list');
  const health = printed('health') ?? printed('members');
  const healthy = health?.code === 0;
  return {
    healthy,
    said: healthy ? '' : health?.err || (health?.out ?? ''),
    ...urlOf('clientUrl', printed('url')?.out),
    ...urlOf('askedAt', printed('asked')?.out),
    ...(printed('list') && { checksList: true as const }),
    ...quotaOf(printed('quota')?.out),
    ...(printed('closed') && { closed: true as const }),
    ...(printed('closed-by-verb') && { closedByVerb: true as const }),
    ...foreignOf(printed('foreign')?.out, printed('wanted')?.out),
    ...(status && { status }),
    ...(members && { members }),
    ...(hash && { hash: { ...hash, revision: revision || hash.revision } }),
    ...(unhashed > 0 && { unhashed }),
    ...(alarms && { alarms }),
    unanswered,
    certificates: (['server.pem', 'peer.pem'] as const).flatMap(
      (file) => memberCertificate(file, printed(file)?.out ?? '') ?? [],
    ),
  };
}

/** What a member says of itself goes into lines that people copy: anything but `https://HOST:PORT` is not a URL of it. */
function urlOf(name: 'clientUrl' | 'askedAt', text = ''): Pick<MemberReading, 'clientUrl' | 'askedAt'> {
  return /^https:\/\/(\[[\da-f:.]+\]|[\w.-]+):\d+$/i.test(text) ? { [name]: text } : {};
}

function quotaOf(text = ''): Pick<MemberReading, 'quota'> {
  const quota = Number(text.trim() || 0);
  return Number.isSafeInteger(quota) && quota !== 0 ? { quota } : {};
}

function foreignOf(text = '', wanted = ''): Pick<MemberReading, 'foreign'> {
  const [, pid, runs] = /^(\d+) (\/.*)$/.exec(text) ?? [];
  return runs === undefined ? {} : { foreign: { pid: Number(pid), runs, wanted } };
}

import type { CauseId } from './causes/index.ts';
import { type LogLine, spoken } from './log-line.ts';

/**
 * What etcd, Go and systemd write when something is wrong, by cause; the first that fits counts, so what says
 * more comes first. The texts are the same in the old format (capnslog, up to 3.3, default of 3.4) and within
 * the fields of the JSON one; Go 1.20 and later put `failed to verify certificate:` in front of x509 errors, so
 * nothing is anchored at the start. White space in errors of protobuf varies from build to build.
 */
export const SIGNATURES: readonly (readonly [CauseId, RegExp])[] = [
  ['disk-full', /no space left on device|disk quota exceeded/],
  ['read-only', /read-only file system|remounting filesystem read-only/i],
  [
    'disk-broken',
    /input\/output error|\bI\/O error\b|EXT4-fs error|XFS \(.*corrupt|structure needs cleaning|unexpected fault address|SIGBUS/,
  ],
  ['memory', /cannot allocate memory|out of memory|oom-kill|OOMKilled|OOM killer|killed process \d+ \(etcd/i],
  [
    'limit',
    /too many open files|file descriptor limit of etcd process is too low|failed to create new OS thread/,
  ],
  [
    'corrupt-db',
    /snap: (?:crc mismatch|empty snapshot|no empty)|unexpected empty snapshot|corrupted snapshot/,
  ],
  // A record whose frame is damaged fails in protobuf, before its checksum is looked at.
  ['upgrade', /unmarshal should never fail/],
  [
    'corrupt-wal',
    /crc mismatch|wal: (?:file not found|slice bounds|snapshot mismatch|snapshot not found|conflicting metadata|max entry size|file sequence numbers)|failed to (?:read|repair|open|parse) WAL|unexpected block type|discovery failed.*(?:proto:|EOF)|proto:\s+(?:illegal|cannot\s+parse|wrong|bad|unexpected|(?:\w+:\s+)?wiretype)|unexpected EOF: in file|bad wal name/,
  ],
  [
    'lost-snapshot',
    /failed to find database snapshot file|snap: snapshot file doesn't exist|database file \(.*\) of the backend is missing|does not match with snapshot/,
  ],
  [
    'corrupt-db',
    /invalid database|(?:bolt|database|db).*(?:version mismatch|checksum error|file size too small)|failed to open (?:database|snapshot backend).*(?:invalid|version|checksum|EOF)|page \d+ already freed|freepages: failed|page \d+: multiple references/i,
  ],
  ['corrupt', /found data inconsistency with peers|alarm:\s*CORRUPT|etcdserver: corrupt cluster/],
  [
    'downgrade',
    /cannot be downgraded|invalid downgrade|version \\?"\d+\.\d+\.\d+\\?" is not supported|cannot downgrade storage/,
  ],
  [
    'versions',
    /incompatible with current running cluster|server version incompatible|cluster version incompatible/,
  ],
  ['v2-content', /detected disallowed (?:v2 WAL|custom content in v2store)/],
  ['proxy', /proxyconnect/],
  ['low-port', /bind: permission denied/],
  ['auth', /user name is empty|etcdserver: (?:permission denied|invalid auth token|user name not found)/],
  [
    'sandbox',
    /(?:step (?!EXEC|CH|STD|USER|GROUP|[A-Z]+_DIRECTORY)[A-Z_]+ spawning [^:]*|(?:mount|user|network) namespacing[^\n]*): (?:permission denied|operation not (?:permitted|supported)|invalid argument|function not implemented)|2(?:05\/LIMITS|06\/OOM_ADJUST|18\/CAPABILITIES|28\/SECCOMP)/i,
  ],
  ['no-user', /217\/USER|Failed to determine user credentials|unknown user/],
  [
    'program',
    /Exec format error|(?:EXEC spawning|locate executable|execute(?: command)?|executing) ?[^ :]*: |203\/EXEC|text file busy/i,
  ],
  [
    'missing',
    /(?:(?:open|stat|lstat|read|mkdir|chdir) [^:"]*|environment files?|NAMESPACE spawning [^ ]*|CHDIR spawning [^ ]*|user-supplied files): (?:no such file or directory|not a directory|is a directory)|2(?:00\/CHDIR|09\/STDOUT)|mount namespacing: .*no such file/i,
  ],
  ['shadowed', /shadowed by corresponding command-line flag/],
  ['name', /couldn't find local name|two member with same name|failed to find local ID in cluster members/],
  [
    'peer-url',
    /PeerURLs: no match found for existing member|missing from --initial-advertise-peer-urls|initial-advertise-peer-urls.* missing from --initial-cluster|to match --initial-cluster/,
  ],
  ['member-count', /member count is unequal/],
  ['bootstrapped', /has already been bootstrapped/],
  [
    'no-peers',
    /cannot fetch cluster info from peer urls|could not retrieve cluster information from the given URLs/,
  ],
  [
    'unreadable',
    /open [^:"]+\.(?:pem|crt|cert|key|conf|ya?ml|json)\b[^:"]*: (?:permission denied|operation not permitted)/,
  ],
  ['filtered', /connect: (?:permission denied|operation not permitted)/],
  ['permission', /permission denied|operation not permitted|avc:\s+denied|apparmor="DENIED"/i],
  [
    'locked',
    /file already locked|another etcd process is using|cannot flock|resource temporarily unavailable/,
  ],
  ['port-taken', /bind: address already in use/],
  ['address', /bind: cannot assign requested address/],
  ['listen-name', /expected IP in URL for binding/],
  ['clock', /clock difference against peer|prober found high clock drift/],
  // Whoever rejects a certificate says why, from Go 1.21 on.
  ['expired', /certificate has expired or is not yet valid|remote error: tls: expired certificate/],
  [
    'name-constraints',
    /not authorized to sign for this name|is (?:not permitted|excluded) by (?:any )?constraint/,
  ],
  [
    'wrong-ca',
    /certificate signed by unknown authority|remote error: tls: unknown certificate authority|parent certificate cannot sign|not authorized to sign/,
  ],
  [
    'key-pair',
    /private key does not match public key|failed to find any PEM data|failed to find certificate PEM data|failed to find PEM block|failed to parse (?:private key|certificate)|x509: malformed|asn1: |KeyFile and CertFile must both be present/,
  ],
  // The names of a certificate are looked up to compare them with where a connection comes from.
  [
    'unresolved',
    /lookup [^ ]+.*(?:no such host|server misbehaving|temporary failure|i\/o timeout|connection refused|network is unreachable|no answer)|failed to resolve/i,
  ],
  [
    'san',
    /certificate is valid for .*, not |does(?: not|n't) match any of DNSNames|doesn't contain any IP SANs|not valid for any names|relies on legacy Common Name/,
  ],
  ['key-usage', /incompatible key usage/],
  [
    'tls-settings',
    /tls: (?:protocol version not supported|no cipher suite supported|handshake failure|client offered only unsupported versions|no application protocol)|remote error: tls: (?:protocol version|insufficient security)/,
  ],
  ['no-client-certificate', /client didn't provide a certificate/],
  [
    'http',
    /first record does not look like a TLS handshake|server gave HTTP response to HTTPS client|client sent an HTTP request to an HTTPS server|scheme is HTTP while key and cert files are present|malformed HTTP response/i,
  ],
  // What etcd was told and does not take, whatever it is: settings are read before anything else.
  [
    'setting',
    /failed to verify flags|error verifying flags|discovery failed.*(?:--[a-z-]+|TLS|cipher|flag|URL|url)|flag provided but not defined|invalid value .* for (?:flag|ETCD_|environment)|is not a valid flag|unrecognized (?:feature gate|level)|unexpected TLS cipher suite|CipherSuites is missing|should be at least as 5 times|must (?:be|not|contain|have)\b.*--|--[a-z-]+(?:\[[^\]]*\])? (?:must|should|is (?:undefined|removed|required|too long))|unknown auto-compaction|undefined auto-compaction|log rotation config|multiple discovery or bootstrap flags|URL (?:scheme must|address does not|must not)|unexpected empty host|missing port in address|unrecognized configuration file keys|error unmarshaling|tls-m(?:in|ax)-version is invalid|conflicting environment|unknown logger option|bad unit file setting|not a valid config/i,
  ],
  ['cluster-id', /cluster ID mismatch|cluster-id-mismatch/i],
  [
    'removed',
    /permanently removed from the cluster|member has been removed|was removed from the cluster|because it was removed|from removed member/,
  ],
  ['lost-log', /(?:tocommit|applied)\(\d+\) is out of range|state\.commit \d+ is out of range/],
  ['added-before', /Peer URLs already exists|member ID already exist/i],
  ['learner', /too many learner member|rpc not supported for learner/],
  ['quota', /mvcc: database space exceeded|alarm:\s*NOSPACE|etcdserver: no space|exceeded backend quota/],
  ['refused', /connection refused/],
  ['no-route', /no route to host|network is unreachable|host is down/],
  ['filtered', /i\/o timeout/],
  ['rejected', /remote error: tls: /],
  ['unhealthy', /not enough started members|etcdserver: unhealthy cluster/],
  ['start-timeout', /start operation timed out|Failed with result 'timeout'/],
  [
    'no-quorum',
    /waiting for ReadIndex response took too long|failed to publish local member to cluster.*deadline exceeded|request timed out|RAFT NO LEADER|etcdserver: no leader|since quorum is not active/,
  ],
  [
    'slow',
    /took too long|failed to send out heartbeat on time|leader is overloaded likely from slow disk|slow fdatasync/,
  ],
  [
    'gave-up',
    /Start request repeated too quickly|Dependency failed for|Failed with result '(?!success)|Main process exited, code=(?!exited, status=0)|Failed to start .*etcd/,
  ],
];

/** The cause that a line speaks of. One that ends the process always speaks of something. */
export function causeOfLine({ text, fatal }: Pick<LogLine, 'text' | 'fatal'>): CauseId | undefined {
  return SIGNATURES.find(([, pattern]) => pattern.test(text))?.[0] ?? (fatal ? 'fatal' : undefined);
}

/** Characters of a line that are shown. */
const WIDTH = 240;

/** What is shown of a line that speaks of a cause: of a long one the part around what gives it away. */
export function excerpt(line: LogLine): string {
  const words = spoken(line);
  const cause = causeOfLine(line);
  const text = causeOfLine({ text: words, fatal: line.fatal }) === cause ? words : line.text;
  if (text.length <= WIDTH) return text;
  const pattern = SIGNATURES.find(([id, one]) => id === cause && one.test(text))?.[1];
  const at = pattern === undefined ? 0 : text.search(pattern);
  const start = Math.max(0, Math.min(at - WIDTH / 3, text.length - WIDTH));
  const end = start + WIDTH;
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
}

import type { CauseId } from './causes.ts';

/**
 * What etcd writes when something is wrong, by cause. The texts are the same in the old format (capnslog, up
 * to 3.3, default of 3.4) and within the fields of the JSON one; Go 1.20 and later put `failed to verify
 * certificate:` in front of x509 errors, so nothing is anchored at the start.
 */
export const SIGNATURES: readonly (readonly [CauseId, RegExp])[] = [
  ['disk-full', /no space left on device/],
  ['memory', /cannot allocate memory|out of memory/i],
  ['corrupt-wal', /walpb: crc mismatch|wal: crc mismatch/],
  ['lost-snapshot', /failed to find database snapshot file|snap: snapshot file doesn't exist/],
  ['corrupt', /found data inconsistency with peers|alarm:CORRUPT|etcdserver: corrupt cluster/],
  ['downgrade', /cannot be downgraded|invalid downgrade/],
  ['shadowed', /shadowed by corresponding command-line flag/],
  ['permission', /permission denied/],
  ['port-taken', /bind: address already in use/],
  ['clock', /clock difference against peer|prober found high clock drift/],
  ['expired', /certificate has expired or is not yet valid/],
  ['wrong-ca', /certificate signed by unknown authority/],
  [
    'san',
    /certificate is valid for .*, not |does(?: not|n't) match any of DNSNames|doesn't contain any IP SANs/,
  ],
  ['key-usage', /incompatible key usage/],
  ['no-client-certificate', /client didn't provide a certificate/],
  [
    'http',
    /first record does not look like a TLS handshake|server gave HTTP response to HTTPS client|client sent an HTTP request to an HTTPS server/i,
  ],
  ['cluster-id', /cluster ID mismatch|cluster-id-mismatch/],
  ['removed', /permanently removed from the cluster|member has been removed|was removed from the cluster/],
  ['lost-log', /tocommit\(\d+\) is out of range/],
  ['bootstrapped', /has already been bootstrapped/],
  ['member-count', /member count is unequal/],
  ['peer-url', /PeerURLs: no match found for existing member|missing from --initial-advertise-peer-urls/],
  ['name', /couldn't find local name/],
  ['added-before', /Peer URLs already exists/i],
  ['learner', /too many learner member/],
  ['quota', /mvcc: database space exceeded|alarm:NOSPACE/],
  ['filtered', /i\/o timeout/],
  [
    'slow',
    /took too long|failed to send out heartbeat on time|leader is overloaded likely from slow disk|slow fdatasync/,
  ],
  ['refused', /connection refused/],
  ['rejected', /remote error: tls: (?:bad certificate|unknown certificate|certificate required)/],
  ['unhealthy', /not enough started members|etcdserver: unhealthy cluster/],
  ['start-timeout', /start operation timed out/],
  ['no-quorum', /request timed out|RAFT NO LEADER|etcdserver: no leader/],
];

/** The cause that a line speaks of; the first of the table, which is the most telling one. */
export function causeOfLine(line: string): CauseId | undefined {
  return SIGNATURES.find(([, pattern]) => pattern.test(line))?.[0];
}

/** Characters of a line that are shown. */
const WIDTH = 240;

/**
 * What is shown of a line that speaks of a cause: of JSON the message and its error, of a long one the part
 * around what gives it away.
 */
export function excerpt(line: string): string {
  const spoken = spokenOf(line);
  const text = spoken !== undefined && causeOfLine(spoken) === causeOfLine(line) ? spoken : line;
  if (text.length <= WIDTH) return text;
  const pattern = SIGNATURES.find(([, one]) => one.test(text))?.[1];
  const at = pattern === undefined ? 0 : text.search(pattern);
  const start = Math.max(0, Math.min(at - WIDTH / 3, text.length - WIDTH));
  const end = start + WIDTH;
  return `${start > 0 ? '…' : ''}${text.slice(start, end)}${end < text.length ? '…' : ''}`;
}

/** `msg: error` of a line of etcd's JSON log. */
function spokenOf(line: string): string | undefined {
  if (!line.startsWith('{')) return undefined;
  try {
    const { msg, error } = JSON.parse(line) as { readonly msg?: unknown; readonly error?: unknown };
    if (typeof msg !== 'string') return undefined;
    return typeof error === 'string' && error !== msg ? `${msg}: ${error}` : msg;
  } catch {
    return undefined;
  }
}

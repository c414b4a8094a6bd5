import { isIP } from 'node:net';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { EtcdFacts } from '../facts/index.ts';
import type { Member } from '../model/cluster.ts';

/** What became of one attempt to connect from a member's host to a port of a member. */
export interface PortReading {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** `filtered`: dropped or rejected by a firewall on the way; `unreachable`: no route, or no such name. */
  readonly state: 'open' | 'refused' | 'filtered' | 'unreachable' | 'unknown';
  readonly said: string;
  /** Addresses that packets from there carry; none where nobody could tell. */
  readonly sources: readonly string[];
}

/** A member that tries ports of others. */
interface Sender {
  readonly member: Member;
  readonly facts: Pick<EtcdFacts, 'sources'>;
}

/** Seconds after which a port that does not answer counts as filtered: a first retransmission fits in. */
const PATIENCE = 2;

/**
 * Read-only shell: tries both ports of the other members, side by side. Lines `port ADDRESS PORT STATUS SAID`.
 * bash can connect by itself; where there is none, nc or curl does. busybox's nc has no `-z`: there the
 * member hangs up, since nothing is sent.
 */
export function probePorts(others: readonly Member[]): Sh {
  return sh`q_port() {
  if command -v bash >/dev/null; then
    q_said=$(timeout ${PATIENCE} bash -c 'exec 3<>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1)
  elif command -v nc >/dev/null; then
    case $(nc --help 2>&1) in *BusyBox*) q_look= ;; *) q_look=-z ;; esac
    q_said=$(timeout ${PATIENCE} nc $q_look "$1" "$2" 2>&1 </dev/null)
  else q_said=$(timeout ${PATIENCE} curl -sS -o /dev/null "telnet://$1:$2" 2>&1 </dev/null); fi
  q_code=$?
  echo "port $1 $2 $q_code $(echo "$q_said" | tail -n 1)"
}
${joinSh(others.flatMap((one) => endsOf(one).map(([address, port]) => sh`q_port ${address} ${port} &`)))}
wait`;
}

function endsOf({
  address,
  clientPort,
  peerAddress,
  peerPort,
}: Member): readonly (readonly [string, number])[] {
  return [
    [address, clientPort],
    [peerAddress, peerPort],
  ];
}

/** Takes apart what `probePorts` printed on the host of a member. */
export function parsePorts(sender: Sender, others: readonly Member[], out: string): readonly PortReading[] {
  const sources = sourcesOf(sender);
  return out.split('\n').flatMap((line) => {
    const [, address, portText, code, said = ''] = /^port (\S+) (\d+) (\d+) ?(.*)$/.exec(line) ?? [];
    const port = Number(portText);
    const to = others.find((one) => endsOf(one).some(([at, of]) => at === address && of === port));
    if (to === undefined) return [];
    const state = stateOf(Number(code), said);
    return [{ from: sender.member.host, to: to.host, port, state, said, sources }];
  });
}

/** As the kernel says, else as the inventory has them. */
function sourcesOf({ member: { address, peerAddress }, facts }: Sender): readonly string[] {
  const sent = facts.sources.map(({ from }) => from);
  return sent.length > 0 ? sent : [address, peerAddress].filter((one) => isIP(one) !== 0);
}

/** The pairs between which a firewall stands. A host that cannot be `reached` at all is not behind one: it is down. */
export function filtered(
  readings: readonly PortReading[],
  reached: (host: string) => boolean,
): readonly PortReading[] {
  return readings.filter(({ state, to }) => state === 'filtered' && reached(to));
}

function stateOf(code: number, said: string): PortReading['state'] {
  if (code === 0) return 'open';
  // firewalld rejects with an ICMP message that the kernel reports as a missing route.
  // busybox's timeout ends with the signal it sent.
  if (code === 124 || code === 143 || /No route to host|timed out|prohibited/i.test(said)) return 'filtered';
  if (/refused/i.test(said) || (said === '' && code === 1)) return 'refused';
  return /unreachable|not known|resolve/i.test(said) ? 'unreachable' : 'unknown';
}

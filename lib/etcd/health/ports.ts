import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';

/** What became of one attempt to connect from a member's host to a port of a member. */
export interface PortReading {
  readonly from: string;
  readonly to: string;
  readonly port: number;
  /** `filtered`: dropped or rejected by a firewall on the way; `unreachable`: no route, or no such name. */
  readonly state: 'open' | 'refused' | 'filtered' | 'unreachable' | 'unknown';
  readonly said: string;
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

/** Takes apart what `probePorts` printed on the host `from`. */
export function parsePorts(from: string, others: readonly Member[], out: string): readonly PortReading[] {
  return out.split('\n').flatMap((line) => {
    const [, address, portText, code, said = ''] = /^port (\S+) (\d+) (\d+) ?(.*)$/.exec(line) ?? [];
    const port = Number(portText);
    const to = others.find((one) => endsOf(one).some(([at, of]) => at === address && of === port));
    return to ? [{ from, to: to.host, port, state: stateOf(Number(code), said), said }] : [];
  });
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

/**
 * Read-only shell: what the host's firewall says of a port. `firewalld` alone when no zone mentions it; the first
 * `rule` of others that drops or rejects it, and that of our `own`, which shuts out everybody else, as they stand.
 */
export function probeRules(ports: readonly number[]): Sh {
  return sh`q_rules=$(nft -nn list ruleset 2>/dev/null || iptables-save 2>/dev/null)
q_first() {
  grep -E "port.*[^0-9]$q_port([^0-9]|$)" | grep -iE 'drop|reject' | head -n 1 | sed "s/^[[:space:]]*/$q_port $1 /"
}
for q_port in ${ports}; do
  if [ "$(systemctl is-active firewalld.service 2>/dev/null)" = active ]; then
    firewall-cmd --list-all-zones 2>/dev/null | grep -qw "$q_port" || echo "$q_port no-rule firewalld"
  fi
  printf '%s\n' "$q_rules" | sed '/^table inet quorate_/,/^}/d; /QUORATE/d' | q_first rule
  printf '%s\n' "$q_rules" | sed -n '/^table inet quorate_/,/^}/p; /QUORATE/p' | q_first own
done`;
}

/**
 * `firewalld on etcd02 has no rule for it`, `etcd02 has the rule "tcp dport 2380 drop"`; undefined when nothing was
 * found. What lets in nobody but whom it knows, as firewalld and our own rules do, says nothing of what is sent.
 */
export function ruleSaid(
  host: string,
  port: number,
  out: string,
  kinds: readonly RuleKind[],
): string | undefined {
  const lines = out.split('\n').filter((line) => line.startsWith(`${port} `));
  for (const kind of kinds) {
    const start = `${port} ${kind} `;
    const said = lines.find((line) => line.startsWith(start))?.slice(start.length);
    if (said !== undefined)
      return kind === 'no-rule' ? `${said} on ${host} has no rule for it` : `${host} has the rule "${said}"`;
  }
  return undefined;
}

/** `no-rule` of a firewall that lets in only what it has rules for, `rule` of others, our `own`. */
type RuleKind = 'no-rule' | 'rule' | 'own';

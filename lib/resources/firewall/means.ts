import { isIP } from 'node:net';
import { canonicalAddress } from '../../addresses.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import type { FirewallDesired, PortWish } from './wish.ts';

export type SharedName = 'firewalld' | 'ufw';
export type TableName = 'nftables' | 'iptables';

/** What a host has to filter packets with. */
export interface FirewallFound {
  /** The active firewall, else what a table of our own is made with; `none` when there is neither. */
  readonly backend: SharedName | TableName | 'none';
  /** What a table of our own can be made with. */
  readonly own: TableName | 'none';
}

/** What carries the rules; neither: they are to go. */
interface Means {
  readonly shared: SharedName | undefined;
  readonly table: TableName | undefined;
}

/**
 * Shell that prints which firewall is active, and sets `q_firewall` and `q_own`: cheapest answers first. Where none is,
 * rules in iptables' INPUT that drop, in a family of `addresses`, decide for iptables: a table of our own cannot let in
 * what another one drops, a jump at the top of INPUT can. The rules are read with `nft`, because `iptables -S` may load
 * modules and make tables; old iptables says in /proc that it is in use.
 */
export function findFirewall(addresses: readonly string[]): Sh {
  return sh`q_firewall= q_own=none
if command -v nft >/dev/null; then q_own=nftables; elif command -v iptables >/dev/null; then q_own=iptables; fi
if [ -d /etc/firewalld ]; then
  case $(systemctl is-active firewalld.service) in active | activating | reloading) q_firewall=firewalld ;; esac
fi
if [ -z "$q_firewall" ] && [ -f /etc/ufw/ufw.conf ] && grep -qi '^ENABLED=yes' /etc/ufw/ufw.conf; then q_firewall=ufw; fi
if [ -z "$q_firewall" ]; then
  q_input=
  q_firewall=$q_own
  for q_family in ${familiesOf(addresses)}; do
    if ! command -v "\${q_family}tables" >/dev/null; then continue; fi
    if grep -qx filter "/proc/net/\${q_family}_tables_names" 2>/dev/null; then q_input=$q_input$("\${q_family}tables" -w -S INPUT)
    elif [ "$q_firewall" = nftables ]; then q_input=$q_input$(nft list chain "$q_family" filter INPUT 2>/dev/null); fi
  done
  case $q_input in *'policy drop;'* | *' drop'* | *' reject'* | *' DROP'* | *' REJECT'*) q_firewall=iptables ;; esac
fi
${FOUND}`;
}

/** The same where a table of our own is asked for, whatever else is active. */
export function findTool(name: TableName): Sh {
  return sh`q_firewall=none
if command -v ${COMMANDS[name]} >/dev/null; then q_firewall=${name}; fi
q_own=$q_firewall
${FOUND}`;
}

const FOUND = sh`echo "firewall $q_firewall"; echo "own-firewall $q_own"`;

export function parseFound(out: string): FirewallFound {
  return {
    backend: (/^firewall (\w+)$/m.exec(out)?.[1] ?? 'none') as FirewallFound['backend'],
    own: (/^own-firewall (\w+)$/m.exec(out)?.[1] ?? 'none') as FirewallFound['own'],
  };
}

/**
 * What is to carry the rules. A table of our own stands beside firewalld and ufw where not everybody may come in: a zone
 * that accepts, a range of ports or a default let in what our entries there cannot shut out. Throws exit code 2 where
 * the host has not what it takes; `later`: earlier tasks decide.
 */
export function meansFor(
  desired: Pick<FirewallDesired, 'state' | 'backend' | 'ports'>,
  found: FirewallFound & { readonly systemd: boolean },
  world: World,
): Means | 'later' {
  const { state, backend, ports } = desired;
  const shared = isShared(found.backend) ? found.backend : undefined;
  if (state === 'absent') return { shared, table: undefined };
  if (turns(found.backend, world) && (backend === 'auto' || isShared(backend))) return 'later';
  const isThere = backend === 'auto' ? found.backend !== 'none' : found.backend === backend;
  if (!isThere && world.bringsMore) return 'later';
  if (!isThere) throw missing(backend);
  if (shared === undefined) {
    if (!found.systemd) throw lostAtBoot();
    return { shared, table: found.backend as TableName };
  }
  const isBeside = found.systemd && found.own !== 'none' && ports.some(({ sources }) => sources !== 'any');
  return { shared, table: isBeside ? (found.own as TableName) : undefined };
}

/** An earlier task starts or stops firewalld; whether ufw is on, its unit does not tell. */
function turns(found: FirewallFound['backend'], world: World): boolean {
  const state = world.unit('firewalld').state?.state;
  return !world.isProof && state !== undefined && (state === 'running') !== (found === 'firewalld');
}

function isShared(name: string): name is SharedName {
  return name === 'firewalld' || name === 'ufw';
}

const COMMANDS = { nftables: 'nft', iptables: 'iptables' } as const;

/** firewalld and ufw are never started for it: that could shut out what nobody has listed yet. */
function missing(backend: FirewallDesired['backend']): QuorateError {
  const [message, hint] =
    backend === 'auto'
      ? [
          'there is no firewall to set: neither firewalld nor ufw is active, nft and iptables are missing',
          'install nftables',
        ]
      : isShared(backend)
        ? [
            `${backend} is asked for, which is not active`,
            'start it once SSH is allowed in it, or ask for auto: the one that is active',
          ]
        : [`${COMMANDS[backend]} is missing`, 'install it, or ask for auto: what the host has'];
  return new QuorateError(message, { exitCode: EXIT.failed, hint });
}

function lostAtBoot(): QuorateError {
  return new QuorateError('the rules for its ports would be lost at the next boot: there is no systemd', {
    exitCode: EXIT.failed,
    hint: 'filter the ports yourself',
  });
}

/** Who sends, as networks: everybody by the families of the host's `addresses`. */
export function senders(sources: PortWish['sources'], addresses: readonly string[]): readonly string[] {
  if (sources !== 'any') return sources;
  return familiesOf(addresses).map((family) => (family === 'ip' ? '0.0.0.0/0' : '::/0'));
}

/** As `nft` and `iptables` name them; both, where a name may stand for either. */
function familiesOf(addresses: readonly string[]): readonly ('ip' | 'ip6')[] {
  const isDual = (one: string) => isIP(one) === 0 || canonicalAddress(one) === '::';
  const has = (family: 4 | 6) =>
    addresses.length === 0 || addresses.some((one) => isDual(one) || isIP(one) === family);
  return (['ip', 'ip6'] as const).filter((name) => has(name === 'ip' ? 4 : 6));
}

import { requireAnswer } from '../../dsl/common/answer.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { MARK, partsOf, probe } from '../../dsl/shell/probe.ts';
import { joinSh, sh } from '../../dsl/shell/sh.ts';
import { Slot } from '../../dsl/world/things.ts';
import { UNKNOWN, type World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { type Barrier, parseBarriers, probeBarriers, requireOpen } from './barrier.ts';
import { type FirewallFound, findFirewall, findTool, meansFor, parseFound } from './means.ts';
import {
  changeTable,
  fileReads,
  parseTable,
  pathsOf,
  probeTable,
  restoreTable,
  type SeenTable,
  saveTable,
  tableDifferences,
  tableTraces,
} from './own.ts';
import { reversed, ruleName } from './rules.ts';
import {
  changeShared,
  isOfShared,
  probeShared,
  requireNoDenial,
  sharedDifferences,
  sharedTraces,
} from './shared.ts';
import {
  completeFirewall,
  FIREWALL,
  type FirewallDesired,
  type FirewallOptions,
  type PortWish,
} from './wish.ts';

interface ObservedFirewall extends FirewallFound {
  readonly systemd: boolean;
  readonly table: SeenTable;
  /** Tables of others that may drop what ours let in. */
  readonly barriers: readonly Barrier[];
  /** Addresses of the host, where others have rules. */
  readonly local: readonly string[];
  /** What the firewall printed that others have rules in, too. */
  readonly shared: string;
}

/**
 * Ports, each with whom it lets in, and nobody else; other ports are left alone. Where firewalld or ufw is active, they
 * are rules in it, and what lets in others at these ports is removed there. A table of our own (in nftables, or in
 * iptables where that drops) shuts out who comes in by other ways, and is all there is where neither is active; a unit
 * loads it at boot. Nothing is reloaded, so rules of others stay, and the host takes back what would cut off the run.
 * Refuses (3) where rules of others would still shut out whom a port is for, and says what they lack.
 *
 * @example
 * firewall('web', { ports: [{ port: 443, sources: 'any' }, { port: 9100, sources: ['10.0.0.0/8'] }] })
 * firewall('dns', { ports: [{ port: 53, protocol: 'udp', sources: ['10.0.0.0/8', 'fd00::/8'] }] })
 */
export const firewall = defineResource<FirewallOptions, FirewallDesired, ObservedFirewall>({
  kind: 'firewall',
  options: FIREWALL,
  complete: completeFirewall,
  name: ({ name }) => name,
  title: ({ name, ports, state }) =>
    state === 'absent'
      ? `the firewall has no rules for ${name}`
      : `the firewall opens ${ports.map(portName).join(' and ')} of ${name} to ${ports.length === 1 ? 'its' : 'their'} sources`,
  owns: (desired) => (desired.state === 'absent' ? [] : pathsOf(desired)),
  traces: (desired, changes) =>
    desired.state === 'absent' ? [] : [...tableTraces(desired, changes), ...sharedTraces(desired, changes)],
  probe(desired) {
    const { backend, addresses, ports, state } = desired;
    const isTable = backend === 'nftables' || backend === 'iptables';
    return probe(
      fileReads(desired).flat(),
      sh`${isTable ? findTool(backend) : findFirewall(addresses)}
if [ -d /run/systemd/system ]; then echo systemd; fi
${ports.length > 0 && state === 'present' ? BARRIERS : sh`:`}
case $q_firewall in nftables | iptables) q_table=$q_firewall ;; *) q_table=$q_own ;; esac
q_part table
${probeTable(desired)}
q_part shared
${ports.length > 0 ? probeShared(addresses) : sh`:`}`,
    );
  },
  parse({ code, out }, desired) {
    const parts = partsOf(out);
    const [found = '', table = '', shared = ''] = (parts.at(-1) ?? '').split(
      new RegExp(`^${MARK}(?:table|shared)$`, 'm'),
    );
    requireAnswer({ code, out: shared || found }, 'the rules of the firewall');
    return {
      ...parseFound(found),
      systemd: /^systemd$/m.test(found),
      barriers: parseBarriers(found),
      local: [...found.matchAll(/^local (\S+)$/gm)].map(([, address = '']) => address),
      table: parseTable(desired, table, parts),
      shared,
    };
  },
  diff(desired, seen, world) {
    refuseOther(desired, world);
    const means = meansFor(desired, seen, world);
    if (means === 'later') return [LATER];
    const certainty = world.bringsMore ? 'conditional' : 'certain';
    const differences = [
      ...sharedDifferences(means.shared, desired, seen.shared),
      ...tableDifferences(desired, means.table, seen.table, world),
    ];
    if (!bringsRules(world)) {
      const asked = { ...desired, ports: opened(desired, differences) };
      requireNoDenial(means.shared, asked, seen.shared, seen.local);
      requireOpen(asked, seen);
    }
    return differences.map((one) => ({ certainty, ...one }));
  },
  foresee(desired, _observed, _changes, world) {
    for (const one of desired.ports) world.slot(JUDGED, portName(one)).willBe(judgedBy(desired, one));
  },
  late: true,
  apply: (desired, changes) =>
    joinSh([
      changeShared(changes),
      changeTable(
        desired,
        changes.filter((one) => !isOfShared(one)),
      ),
    ]),
  guard: (desired) => ({
    save: saveTable(desired),
    undo(changes) {
      const shared = changes.filter(isOfShared);
      return joinSh([
        ...(shared.length > 0 ? [sh`( ${changeShared(shared.map(reversed))} )`] : []),
        ...(shared.length < changes.length ? [restoreTable(desired)] : []),
      ]);
    },
  }),
});

const BARRIERS = sh`q_barriers=$(${probeBarriers('incoming')})
echo "$q_barriers"
if [ -n "$q_barriers" ] || [ "$q_firewall" != "$q_own" ]; then
  ip -o addr show 2>/dev/null | sed -n 's/^.* inet6\{0,1\} \([^ /]*\).*/local \1/p'
fi`;

/**
 * Whom a port is opened to that it was not for before. Of others nothing is asked anew: somebody may have shut them out on
 * purpose since.
 */
function opened({ ports }: FirewallDesired, differences: readonly Difference[]): readonly PortWish[] {
  const made = differences.filter(({ kind }) => kind === 'create').map(({ property }) => ` ${property}`);
  return ports.flatMap((one): readonly PortWish[] => {
    const isMade = (from: string) => made.some((property) => property.endsWith(` ${ruleName(one, from)}`));
    if (one.sources === 'any') return isMade('any') ? [one] : [];
    const sources = one.sources.filter(isMade);
    return sources.length > 0 ? [{ ...one, sources }] : [];
  });
}

/** Earlier tasks may load other rules than were read. */
function bringsRules(world: World): boolean {
  return (
    world.bringsMore || RULE_UNITS.some((name) => !world.isProof && world.unit(name).state !== undefined)
  );
}

const RULE_UNITS = ['nftables', 'netfilter-persistent', 'iptables', 'ip6tables', 'firewalld', 'ufw'];

/** Earlier tasks decide which firewall it is. */
const LATER: Difference = {
  kind: 'update',
  property: 'rules',
  before: UNKNOWN,
  after: 'as wanted',
  certainty: 'conditional',
};

/** Who lets whom in at a port, or no more. */
interface Judged extends Pick<FirewallDesired, 'state'>, Pick<PortWish, 'sources'> {
  readonly by: string;
}

/** Another play may want it otherwise: its turn comes when this one is through. */
const JUDGED = new Slot<Judged>({ by: '', state: 'present', sources: [] }, { ofPlay: true });

function judgedBy({ name, state }: FirewallDesired, { sources }: PortWish): Judged {
  return { by: name, state, sources };
}

/** What one of two tasks lets in, the other one would shut out, in every run. */
function refuseOther(desired: FirewallDesired, world: World): void {
  const { name, ports } = desired;
  for (const one of ports) {
    const own = judgedBy(desired, one);
    const judged = { ...own, ...world.slot(JUDGED, portName(one)).state };
    if (judged.by === name || !disagree(judged, own)) continue;
    const isGone = judged.state !== own.state;
    throw new QuorateError(`the firewalls ${judged.by} and ${name} give ${portName(one)} different sources`, {
      exitCode: EXIT.usage,
      hint: isGone
        ? "give the absent one the option 'ports: []': its own table goes, and the rules of the other one stay"
        : 'name all its sources in one of them',
    });
  }
}

function disagree(one: Judged, other: Judged): boolean {
  if (one.state === other.state) return one.state === 'present' && `${one.sources}` !== `${other.sources}`;
  const [shut, open] = one.state === 'absent' ? [one, other] : [other, one];
  // An absent port without sources is for nobody at all.
  return [open.sources].flat().some((from) => shut.sources.length === 0 || shut.sources.includes(from));
}

function portName({ port, protocol }: PortWish): string {
  return `${port}/${protocol}`;
}

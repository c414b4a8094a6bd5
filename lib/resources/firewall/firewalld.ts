import { isWildcard } from '../../addresses.ts';
import { MARK } from '../../dsl/shell/probe.ts';
import { joinSh, quote, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Change } from '../../dsl/task.ts';
import { familyOf, overlaps } from './network.ts';
import { denyingRule } from './rich-rule.ts';
import { itemDifferences, ruleName, type SharedBackend } from './rules.ts';
import type { PortWish } from './wish.ts';
import { parseActiveZones, parseZoneFile, parseZoneReply, strings, type ZoneSettings } from './zone.ts';

interface ObservedFirewalld {
  readonly defaultZone: string;
  readonly active: ReturnType<typeof parseActiveZones>;
  /** Those that have the addresses of the service. */
  readonly interfaces: readonly string[];
  readonly zones: ReadonlyMap<string, { readonly runtime: ZoneSettings; readonly permanent: ZoneSettings }>;
}

/**
 * Rules in firewalld's zones, at runtime and in the zone files, each without a reload. Everything is asked
 * over D-Bus: it takes 5 ms, `firewall-cmd` 190 ms, and a call made while firewalld still starts waits for it.
 * What survives a reload is read from the zone's file.
 */
export const firewalld: SharedBackend = {
  property: /^\S+ (runtime|permanent) /,

  probe: (addresses, zones = []) => sh`q_fw() { busctl call ${SERVICE} ${OBJECT} "$@"; }
q_default=$(q_fw ${SERVICE} getDefaultZone) || exit 1
q_active=$(q_fw ${ZONE} getActiveZones) || exit 1
echo "default $q_default"
echo "active $q_active"
${interfaces(addresses)}
set -f
q_seen=' '
for q_zone in \${q_default#s} $q_active ${zones}; do
  q_zone=\${q_zone#\"}; q_zone=\${q_zone%\"}
  case $q_zone in '' | *[!A-Za-z0-9_-]*) continue ;; esac
  case $q_seen in *" $q_zone "*) continue ;; esac
  for q_file in /etc/firewalld/zones/$q_zone.xml /usr/lib/firewalld/zones/$q_zone.xml; do
    if [ -f "$q_file" ]; then
      q_seen="$q_seen$q_zone "
      q_part "zone $q_zone"
      q_fw ${ZONE} getZoneSettings2 s "$q_zone" 2>/dev/null ||
        for q_get in getPorts getServices getRichRules; do echo "$q_get $(q_fw ${ZONE} $q_get s "$q_zone")"; done
      q_part file
      cat "$q_file"
      break
    fi
  done
done`,

  diff(desired, out) {
    const observed = parseFirewalld(out);
    const { zones = servingZones(desired.ports, observed), isExact = false } = desired;
    return zones.flatMap((zone) => {
      const settings = observed.zones.get(zone);
      return (['permanent', 'runtime'] as const).flatMap((scope) =>
        itemDifferences(
          desired,
          (port) => (settings ? itemsOf(port, settings[scope], isExact) : []),
          (item) => `${zone} ${scope} ${item}`,
        ),
      );
    });
  },

  denial(port, from, out) {
    const observed = parseFirewalld(out);
    const found = judgingZones(from, observed).map((zone) => {
      const settings = observed.zones.get(zone);
      const rule =
        settings && denyingRule([...settings.runtime.richRules, ...settings.permanent.richRules], port, from);
      return rule === undefined ? undefined : { zone, rule };
    });
    const [first] = found;
    if (first === undefined || found.includes(undefined)) return undefined;
    const { zone, rule } = first;
    return {
      rule: `zone ${zone}: ${rule}`,
      hint: `firewall-cmd --zone ${zone} --remove-rich-rule ${quote(rule)} takes it out, and again with --permanent`,
    };
  },

  apply: (changes) => joinSh([HELPERS, ...inOrder(changes).map(changeZone)]),
};

/** Shell that prints the interfaces with these addresses, or all but loopback. */
function interfaces(addresses: readonly string[]): Sh {
  return addresses.length === 0 || addresses.some(isWildcard)
    ? sh`ip -o addr show 2>/dev/null | sed -n '/^[0-9]*: lo /!s/^/interface /p'`
    : sh`for q_address in ${addresses}; do echo "interface $(ip -o addr show to "$q_address" 2>/dev/null)"; done`;
}

function parseFirewalld(out: string): ObservedFirewalld {
  const [head = '', ...parts] = out.split(new RegExp(`^${MARK}zone `, 'm'));
  const line = (name: string) => new RegExp(`^${name} (.*)$`, 'm').exec(head)?.[1] ?? '';
  const lines = head.split('\n').filter((one) => one.startsWith('interface '));
  return {
    defaultZone: strings(line('default'))[0] ?? '',
    active: parseActiveZones(line('active')),
    interfaces: lines.flatMap((one) => one.split(/\s+/)[2]?.split('@')[0] ?? []),
    zones: new Map(
      parts.map((part) => {
        const [reply = '', file = ''] = part.split(new RegExp(`^${MARK}file$`, 'm'));
        const name = reply.slice(0, reply.indexOf('\n'));
        return [name, { runtime: parseZoneReply(reply), permanent: parseZoneFile(file) }];
      }),
    ),
  };
}

const SERVICE = 'org.fedoraproject.FirewallD1';
const OBJECT = '/org/fedoraproject/FirewallD1';
const ZONE = `${SERVICE}.zone`;

/**
 * The zones that judge packets to the service: those of its interfaces, or the default one; and those bound
 * to sources of which some are ours, since firewalld looks at sources first.
 */
function servingZones(ports: readonly PortWish[], observed: ObservedFirewalld): readonly string[] {
  const sources = ports.flatMap((port) => (port.sources === 'any' ? [] : port.sources));
  return [...new Set([...boundZones(observed), ...sourceZones(sources, observed)])];
}

/** The zones of its interfaces, or the default one. */
function boundZones({ active, defaultZone, interfaces: own }: ObservedFirewalld): readonly string[] {
  const zoneOf = (named: string) =>
    [...active].find(([, { interfaces }]) => interfaces.includes(named))?.[0] ?? defaultZone;
  return own.length > 0 ? own.map(zoneOf) : [defaultZone];
}

function sourceZones(sources: readonly string[], { active }: ObservedFirewalld): readonly string[] {
  return [...active].flatMap(([zone, has]) =>
    has.sources.some((one) => sources.some((other) => overlaps(one, other))) ? [zone] : [],
  );
}

/** Those of which one judges packets from a source. */
function judgingZones(from: string, observed: ObservedFirewalld): readonly string[] {
  const bySource = sourceZones([from], observed);
  return bySource.length > 0 && !/\/0$/.test(from) ? bySource : boundZones(observed);
}

/**
 * What a zone has that opens a port: `2379/tcp from any`, `service NAME`, or a rich rule. The name also says how to make
 * it. A range counts, unless `isExact`: firewalld takes one port out of it. What is not about ports (a zone that accepts everything, a
 * service of one's own) stays.
 */
function itemsOf(
  { port, protocol, sources, service }: PortWish,
  settings: ZoneSettings,
  isExact: boolean,
): readonly string[] {
  const own = `${port}/${protocol}`;
  const isOpen = settings.ports.some((entry) => (isExact ? entry === own : covers(entry, port, protocol)));
  const direct = isOpen ? [ruleName({ port, protocol }, 'any')] : [];
  const services =
    service && sources !== 'any' && settings.services.includes(service) ? [`service ${service}`] : [];
  const rich = settings.richRules.filter(
    (rule) => rule.includes(` port port="${port}" protocol="${protocol}"`) && / accept\b/.test(rule),
  );
  return [...direct, ...services, ...rich.map(richName)];
}

/** Whether `2379/tcp` or `2370-2390/tcp` opens a port. */
function covers(entry: string, port: number, protocol: string): boolean {
  const [, from, to = from, of] = /^(\d+)(?:-(\d+))?\/(\w+)$/.exec(entry) ?? [];
  return of === protocol && Number(from) <= port && port <= Number(to);
}

function richRule(port: string, protocol: string, from: string): string {
  return `rule family="ipv${familyOf(from)}" source address="${from}" port port="${port}" protocol="${protocol}" accept`;
}

function richName(rule: string): string {
  const [, from = '', port = '', protocol = ''] =
    / source address="([^"]+)" port port="(\d+)" protocol="(tcp|udp)"/.exec(rule) ?? [];
  if (from === '' || richRule(port, protocol, from) !== rule) return rule;
  return `${port}/${protocol} from ${from}`;
}

/** Stops at the first call that fails; what `busctl` said is the error. */
const HELPERS = sh`q_bus() { busctl call ${SERVICE} "$@" >/dev/null || exit 1; }
q_config() {
  q_object=$(busctl call ${SERVICE} ${`${OBJECT}/config`} ${`${SERVICE}.config`} getZoneByName s "$1") || exit 1
  q_object=\${q_object#*\"}; q_object=\${q_object%\"}
}`;

/** Who may go on is let in, for good too, before anyone is shut out. */
function inOrder(changes: readonly Change[]): readonly Change[] {
  return [
    ...changes.filter(({ kind }) => kind !== 'remove'),
    ...changes.filter(({ kind }) => kind === 'remove'),
  ];
}

function changeZone({ kind, property }: Change): Sh {
  const [, zone = '', scope = '', item = ''] = /^(\S+) (runtime|permanent) (.*)$/.exec(property) ?? [];
  const verb = kind === 'remove' ? 'remove' : 'add';
  const { what, signature, words } = itemCall(item);
  if (scope === 'permanent') {
    return sh`q_config ${zone} && q_bus "$q_object" ${`${SERVICE}.config.zone`} ${verb + what} ${signature} ${words}`;
  }
  // Additions take a time after which they would end; 0 is never.
  const timeout = verb === 'add' ? { type: 'i', words: [0] } : { type: '', words: [] };
  return sh`q_bus ${OBJECT} ${ZONE} ${verb + what} ${`s${signature}${timeout.type}`} ${zone} ${[...words, ...timeout.words]}`;
}

function itemCall(item: string): { what: string; signature: string; words: readonly string[] } {
  const [, port, protocol, from] = /^(\d+)\/(tcp|udp) from (\S+)$/.exec(item) ?? [];
  if (port !== undefined && protocol !== undefined && from !== undefined) {
    if (from === 'any') return { what: 'Port', signature: 'ss', words: [port, protocol] };
    return { what: 'RichRule', signature: 's', words: [richRule(port, protocol, from)] };
  }
  if (item.startsWith('service ')) {
    return { what: 'Service', signature: 's', words: [item.slice('service '.length)] };
  }
  return { what: 'RichRule', signature: 's', words: [item] };
}

import { MARK } from '../../dsl/probe.ts';
import type { Difference } from '../../dsl/resource.ts';
import { joinSh, type Sh, sh } from '../../dsl/sh.ts';
import type { Change } from '../../dsl/task.ts';
import type { FirewallBackend } from './backend.ts';
import { familyOf, overlaps } from './network.ts';
import { type FirewallDesired, reversible, ruleDifferences, ruleName } from './rules.ts';
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
export const firewalldBackend: FirewallBackend<ObservedFirewalld> = {
  probe: ({ addresses }) => sh`q_fw() { busctl call ${SERVICE} ${OBJECT} "$@"; }
q_default=$(q_fw ${SERVICE} getDefaultZone) || exit 1
q_active=$(q_fw ${ZONE} getActiveZones) || exit 1
echo "default $q_default"
echo "active $q_active"
for q_address in ${addresses}; do echo "interface $(ip -o addr show to "$q_address" 2>/dev/null)"; done
set -f
q_seen=' '
for q_zone in \${q_default#s} $q_active; do
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

  parse(reading) {
    const [head = '', ...parts] = reading.out.split(new RegExp(`^${MARK}zone `, 'm'));
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
  },

  diff(desired, observed) {
    return servingZones(desired, observed).flatMap((zone) => {
      const wanted = wantedItems(desired);
      const settings = observed.zones.get(zone);
      return (['permanent', 'runtime'] as const).flatMap((scope) => {
        const there = settings ? ownItems(desired, settings[scope]) : [];
        const named = (items: readonly string[]) =>
          new Map(items.map((item) => [`${zone} ${scope} ${item}`, 'accept']));
        return ruleDifferences(named(wanted), named(there));
      });
    }) satisfies readonly Difference[];
  },

  apply: (_desired, changes) => changeZones(changes),

  guard: () => reversible(changeZones),
};

const SERVICE = 'org.fedoraproject.FirewallD1';
const OBJECT = '/org/fedoraproject/FirewallD1';
const ZONE = `${SERVICE}.zone`;

/**
 * The zones that judge packets to the service: those of its interfaces, or the default one; and those bound
 * to sources of which some are ours, since firewalld looks at sources first.
 */
function servingZones({ ports }: FirewallDesired, observed: ObservedFirewalld): readonly string[] {
  const { active, defaultZone } = observed;
  const zoneOf = (named: string) =>
    [...active].find(([, { interfaces }]) => interfaces.includes(named))?.[0] ?? defaultZone;
  const bound = observed.interfaces.map(zoneOf);
  const sources = ports.flatMap((port) => (port.sources === 'any' ? [] : port.sources));
  const bySource = [...active].flatMap(([zone, has]) =>
    has.sources.some((one) => sources.some((other) => overlaps(one, other))) ? [zone] : [],
  );
  return [...new Set([...(bound.length > 0 ? bound : [defaultZone]), ...bySource])];
}

/** Items have a name that also says how to make them: `2379/tcp from any`, `service NAME`, or a rich rule. */
function wantedItems({ ports }: FirewallDesired): readonly string[] {
  return ports.flatMap(({ port, sources }) =>
    (sources === 'any' ? ['any'] : sources).map((from) => ruleName(port, from)),
  );
}

/**
 * What a zone has that opens our ports. A range counts: firewalld takes one port out of it. What is not about
 * ports (a zone that accepts everything, a service of one's own) stays.
 */
function ownItems({ ports }: FirewallDesired, settings: ZoneSettings): readonly string[] {
  return ports.flatMap(({ port, sources, service }) => {
    const direct = settings.ports.some((entry) => covers(entry, port)) ? [ruleName(port, 'any')] : [];
    const services =
      service && sources !== 'any' && settings.services.includes(service) ? [`service ${service}`] : [];
    const rich = settings.richRules.filter(
      (rule) => rule.includes(` port port="${port}" protocol="tcp"`) && / accept\b/.test(rule),
    );
    return [...direct, ...services, ...rich.map(richName)];
  });
}

/** Whether `2379/tcp` or `2370-2390/tcp` opens a port. */
function covers(entry: string, port: number): boolean {
  const [, from, to = from] = /^(\d+)(?:-(\d+))?\/tcp$/.exec(entry) ?? [];
  return from !== undefined && Number(from) <= port && port <= Number(to);
}

function richRule(port: string, from: string): string {
  return `rule family="ipv${familyOf(from)}" source address="${from}" port port="${port}" protocol="tcp" accept`;
}

function richName(rule: string): string {
  const [, from = '', port = ''] = / source address="([^"]+)" port port="(\d+)"/.exec(rule) ?? [];
  return from !== '' && richRule(port, from) === rule ? ruleName(Number(port), from) : rule;
}

/** Stops at the first call that fails; what `busctl` said is the error. */
const HELPERS = sh`q_run() { busctl call ${SERVICE} "$@" >/dev/null || exit 1; }
q_config() {
  q_object=$(busctl call ${SERVICE} ${`${OBJECT}/config`} ${`${SERVICE}.config`} getZoneByName s "$1") || exit 1
  q_object=\${q_object#*\"}; q_object=\${q_object%\"}
}`;

function changeZones(changes: readonly Change[]): Sh {
  return joinSh([HELPERS, ...inOrder(changes).map(changeZone)]);
}

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
    return sh`q_config ${zone} && q_run "$q_object" ${`${SERVICE}.config.zone`} ${verb + what} ${signature} ${words}`;
  }
  // Additions take a time after which they would end; 0 is never.
  const timeout = verb === 'add' ? { type: 'i', words: [0] } : { type: '', words: [] };
  return sh`q_run ${OBJECT} ${ZONE} ${verb + what} ${`s${signature}${timeout.type}`} ${zone} ${[...words, ...timeout.words]}`;
}

function itemCall(item: string): { what: string; signature: string; words: readonly string[] } {
  const [, port, from] = /^(\d+)\/tcp from (\S+)$/.exec(item) ?? [];
  if (port !== undefined && from !== undefined) {
    if (from === 'any') return { what: 'Port', signature: 'ss', words: [port, 'tcp'] };
    return { what: 'RichRule', signature: 's', words: [richRule(port, from)] };
  }
  if (item.startsWith('service ')) {
    return { what: 'Service', signature: 's', words: [item.slice('service '.length)] };
  }
  return { what: 'RichRule', signature: 's', words: [item] };
}

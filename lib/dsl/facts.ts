import { isIP } from 'node:net';
import { interfaceAddresses } from './common/addresses-shell.ts';
import { DISTRIBUTIONS, serviceManagerOf } from './distributions.ts';
import type { FactName, Family, HostFacts, Mount, ToldFacts, UserFact } from './host-facts.ts';
import type { FactSource } from './role.ts';
import { namedParts } from './shell/probe.ts';
import { joinSh, type Sh, sh } from './shell/sh.ts';

/** How a fact is read, and what it is on a host that nobody has asked: roles are built with that before any contact. */
interface Fact<Value> {
  readonly probe: Sh;
  parse(out: string): Value;
  readonly ordinary: Value;
}

const OS_RELEASE = sh`cat /etc/os-release 2>/dev/null || cat /usr/lib/os-release 2>/dev/null`;

const FACTS: { readonly [Name in FactName]: Fact<HostFacts[Name]> } = {
  distribution: { probe: OS_RELEASE, parse: (out) => osRelease(out).get('ID') ?? '', ordinary: 'debian' },
  version: { probe: OS_RELEASE, parse: (out) => osRelease(out).get('VERSION_ID') ?? '', ordinary: '12' },
  family: { probe: OS_RELEASE, parse: familyOf, ordinary: 'debian' },
  architecture: { probe: sh`uname -m`, parse: (out) => out, ordinary: 'x86_64' },
  kernel: { probe: sh`uname -r`, parse: (out) => out, ordinary: '6.1.0' },
  serviceManager: {
    probe: sh`if [ -d /run/systemd/system ]; then echo systemd; elif [ -d /run/openrc ]; then echo openrc; fi`,
    parse: (out) => (out === 'systemd' || out === 'openrc' ? out : 'none'),
    ordinary: 'systemd',
  },
  cpus: {
    probe: sh`nproc 2>/dev/null || grep -c ^processor /proc/cpuinfo`,
    parse: (out) => Number.parseInt(out, 10) || 1,
    ordinary: 1,
  },
  memoryMb: {
    probe: sh`sed -n 's/^MemTotal: *//p' /proc/meminfo`,
    parse: (out) => Math.floor((Number.parseInt(out, 10) || 0) / 1024),
    ordinary: 1024,
  },
  addresses: {
    probe: interfaceAddresses,
    parse: (out) => [...new Set(out.split('\n').filter(isReachable))],
    ordinary: ['192.0.2.1'],
  },
  mounts: {
    probe: sh`sed 's/^/mount /' /proc/self/mounts; df -Pkl 2>/dev/null | sed 's/^/df /'`,
    parse: mountsOf,
    ordinary: [],
  },
  users: {
    probe: sh`getent passwd 2>/dev/null || cat /etc/passwd`,
    parse: (out) => out.split('\n').flatMap(userOf),
    ordinary: [],
  },
  packages: {
    probe: sh`if command -v dpkg-query >/dev/null; then dpkg-query -W -f='\${db:Status-Status} \${Package} \${Version}\n' 2>/dev/null | sed -n 's/^installed //p'
elif command -v rpm >/dev/null; then rpm -qa --qf '%{NAME} %{VERSION}-%{RELEASE}\n' 2>/dev/null
fi`,
    parse: (out) =>
      Object.fromEntries(out.split('\n').flatMap((line) => (line.includes(' ') ? [line.split(' ', 2)] : []))),
    ordinary: {},
  },
};

/** Reads the facts of these names; the same text of two facts is read once. */
export function factSource(names: readonly FactName[]): FactSource<HostFacts> {
  const probes = new Map(names.map((name) => [FACTS[name].probe, name] as const));
  const asked = [...probes].map(
    ([probe, name]) => sh`q_part ${`fact-${name}`}
{ ${probe}
} || :`,
  );
  return {
    probe: () => (asked.length === 0 ? sh`:` : joinSh(asked)),
    parse(reading) {
      const parts = namedParts(reading.out);
      return only(names, (name) =>
        FACTS[name].parse((parts.get(`fact-${probes.get(FACTS[name].probe)}`) ?? '').trim()),
      );
    },
    ordinary: only(names, (name) => FACTS[name].ordinary),
    others: OTHERS.map((other) => only(names, (name) => other[name] ?? FACTS[name].ordinary)),
    shared: (facts) => facts,
    told,
  };
}

/** In what other hosts differ from the ordinary one. */
const OTHERS: readonly Partial<HostFacts>[] = [
  ...DISTRIBUTIONS.map(([family, distribution, version]) => {
    const system = { family, distribution, version };
    return { ...system, serviceManager: serviceManagerOf(system) };
  }),
  { architecture: 'aarch64' },
];

/** Mounts of disks by path; users and packages are counted. */
function told({ mounts, users, packages, ...facts }: Partial<HostFacts>): ToldFacts {
  return {
    ...facts,
    ...(mounts && {
      mounts: mounts.flatMap(({ path, device, type }) => (device.startsWith('/') ? `${path} (${type})` : [])),
    }),
    ...(users && { users: users.length }),
    ...(packages && { packages: Object.keys(packages).length }),
  };
}

/** An object with a value for each name. Only roles that asked for a fact can name it: the types of `role()` see to that. */
function only(names: readonly FactName[], of: (name: FactName) => HostFacts[FactName]): HostFacts {
  return Object.fromEntries(names.map((name) => [name, of(name)])) as Partial<HostFacts> as HostFacts;
}

/** `KEY=value` lines, quoted as a shell would read them. */
function osRelease(out: string): ReadonlyMap<string, string> {
  return new Map(
    out.split('\n').flatMap((line) => {
      const [, key, , value] = /^\s*([A-Z_0-9]+)=(["']?)(.*)\2\s*$/.exec(line) ?? [];
      return key === undefined || value === undefined ? [] : [[key, value.replace(/\\(.)/g, '$1')] as const];
    }),
  );
}

const FAMILIES: Readonly<Record<string, Family>> = {
  debian: 'debian',
  ubuntu: 'debian',
  rhel: 'redhat',
  fedora: 'redhat',
  centos: 'redhat',
  amzn: 'redhat',
  suse: 'suse',
  opensuse: 'suse',
  sles: 'suse',
  arch: 'arch',
  alpine: 'alpine',
};

function familyOf(out: string): Family {
  const said = osRelease(out);
  const names = `${said.get('ID') ?? ''} ${said.get('ID_LIKE') ?? ''}`.toLowerCase().split(/[\s-]+/);
  return names.flatMap((name) => FAMILIES[name] ?? [])[0] ?? 'other';
}

function isReachable(address: string): boolean {
  return isIP(address) !== 0 && !/^(127\.|::1$|fe80:|169\.254\.)/i.test(address);
}

/** `/proc/self/mounts` writes spaces and backslashes as octal numbers. */
function mountsOf(out: string): readonly Mount[] {
  const free = new Map(
    out.split('\n').flatMap((line) => {
      const [, kib, path] = /^df .* (\d+) +\d+% (\/.*)$/.exec(line) ?? [];
      return kib === undefined || path === undefined ? [] : [[path, Math.floor(Number(kib) / 1024)] as const];
    }),
  );
  return out.split('\n').flatMap((line) => {
    const [word, ...fields] = line.split(' ');
    const [device, path, type, options] = fields.map((field) =>
      field.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8))),
    );
    if (word !== 'mount' || path === undefined || device === undefined || type === undefined) return [];
    return [{ path, device, type, options: options?.split(',') ?? [], freeMb: free.get(path) }];
  });
}

function userOf(line: string): readonly UserFact[] {
  const [name, , uid, gid, , home = '', shell = ''] = line.split(':');
  return name === undefined || !/^\d+$/.test(uid ?? '')
    ? []
    : [{ name, uid: Number(uid), gid: Number(gid), home, shell }];
}

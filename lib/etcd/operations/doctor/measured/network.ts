import { isIP } from 'node:net';
import { isLoopback, isWildcard } from '../../../../addresses.ts';
import { quote } from '../../../../dsl/shell/sh.ts';
import { filteredSaid } from '../../../health/port-matrix.ts';
import { filtered, type PortReading } from '../../../health/ports.ts';
import { type Stop, stopOf } from '../../../health/stops.ts';
import { hostPort, type Member } from '../../../model/cluster.ts';
import { confFile } from '../../../model/paths.ts';
import type { Evidence, Route } from '../evidence.ts';
import { anew, DOCTOR, on, type Remedy, site } from '../remedies.ts';
import { aboutMember, type Clue, isHealthy, type Scene } from '../scene.ts';

/** Whether packets find their way from member to member, and under which address. */
export function ofNetwork(scene: Scene): readonly Clue[] {
  const cut = filteredPorts(scene.all);
  const suffers = (host: string) => !scene.all.every(isHealthy) || cut.some(({ from }) => from === host);
  // Rules and certificates may have both addresses: what works is no trouble.
  const strayed = scene.all.filter(({ member }) => suffers(member.host)).flatMap(ofSource);
  const strays = new Set(strayed.map(({ host }) => host));
  return [
    ...strayed,
    ...cut
      // Rules let the known addresses in.
      .filter(({ from }) => !strays.has(from))
      .map((reading) => ofFiltered(reading, scene)),
    ...scene.all.flatMap((one) => [...ofNames(one, scene), ...ofOwnName(one, scene)]),
    ...scene.all.flatMap((one) => [...ofOwnAddress(one), ...ofBound(one, scene)]),
  ];
}

/** Between hosts that were reached. */
export function filteredPorts(all: readonly Evidence[]): readonly PortReading[] {
  return filtered(
    all.flatMap(({ ports }) => ports),
    (name) => all.some(({ member }) => member.host === name),
  );
}

function ofFiltered(reading: PortReading, { rules, all }: Scene): Clue {
  const stop = stopOf(reading, rules);
  const host = stop?.host ?? reading.to;
  const owner = all.find(({ member }) => member.host === host);
  return {
    cause: 'filtered',
    host,
    evidence: filteredSaid(reading, rules),
    remedy: owner && stop ? openedAt(stop, owner.member, reading) : [site({ isReady: true }, 'firewall')],
  };
}

function openedAt({ by, opening }: Stop, member: Member, { from, to, port }: PortReading): Remedy {
  const firewall = site({ isReady: true }, 'firewall');
  switch (by) {
    case 'zone':
    case 'own':
      return [firewall];
    case 'rule':
      return [
        on(
          member,
          `nft -a list ruleset | grep -B 9 -w ${port} shows the rule in its table: take it out, or let members in before it`,
        ),
        firewall,
      ];
    case 'chain':
      return [on(member, `${opening}; also in the file that this table is loaded from`), DOCTOR];
    case 'way':
      return [
        ...(opening === undefined ? [] : [on(member, `where its rules do not let that in: ${opening}`)]),
        `let ${from} reach ${port}/tcp of ${to} in what stands between them: the security group, the router`,
        DOCTOR,
      ];
  }
}

/** One clue for all its ways that leave from another address than the inventory has. */
function ofSource({ member, routes, addresses }: Evidence): readonly Clue[] {
  const { host, peerAddress: address } = member;
  if (isIP(address) === 0) return [];
  const strayed = routes.filter(
    ({ source }) => isIP(source) === isIP(address) && source !== address && !isLoopback(source),
  );
  const [first] = strayed;
  if (first === undefined) return [];
  const evidence = `${host}: packets to ${strayed.map(({ to }) => to).join(', ')} leave from ${first.source}, and others know it as ${address}`;
  return [
    {
      cause: 'source-address',
      host,
      evidence,
      ...(addresses.includes(address) && { remedy: fromAddress(member, strayed) }),
    },
  ];
}

function fromAddress(member: Member, strayed: readonly Route[]): Remedy {
  const { host, peerAddress: address } = member;
  const commands = strayed.map(
    ({ target, way }) =>
      `ip route replace ${[target, ...way.split(' '), 'src', address].map(quote).join(' ')}`,
  );
  return [on(member, ...commands), `make it last, in the network settings of ${host}`, DOCTOR];
}

/** Names of others that lead nowhere here, or elsewhere than on the other hosts. */
function ofNames(one: Evidence, { all, members }: Scene): readonly Clue[] {
  const here = one.facts.firewall.resolved;
  const others = members.filter(({ host }) => host !== one.member.host);
  const names = new Set(others.flatMap(({ address, peerAddress }) => [address, peerAddress]));
  return [...names]
    .filter((name) => isIP(name) === 0)
    .flatMap((name): readonly Clue[] => {
      const views = all.map(({ facts }) => facts.firewall.resolved.get(name) ?? []);
      const usual = mostOf(
        views.filter((view) => view.length > 0 && !view.every(isLoopback)).map((view) => view.join(' ')),
      );
      const said = (here.get(name) ?? []).join(' ');
      if (usual === undefined || said === usual) return [];
      const what = said === '' ? 'does not resolve there' : `is ${said} there`;
      return [
        {
          cause: 'unresolved',
          host: one.member.host,
          evidence: `${one.member.host}: ${name} ${what}, and ${usual} on others`,
          remedy: [
            on(one.member, `getent ahosts ${quote(name)}; mend DNS or /etc/hosts, it is ${usual}`),
            DOCTOR,
          ],
        },
      ];
    });
}

/**
 * Find a member whose own name resolves to 127.0.1.1, as distributions set it up: it binds and answers where nobody
 * else reaches it.
 */
function ofOwnName(one: Evidence, { all }: Scene): readonly Clue[] {
  const { member, facts } = one;
  const { host, address } = member;
  const isAlone = facts.resolved !== undefined && isLoopback(facts.resolved) && address !== 'localhost';
  if (isHealthy(one) || member.listenAddress !== undefined || isIP(address) !== 0 || !isAlone) return [];
  const views = all.flatMap(({ facts: { firewall } }) => firewall.resolved.get(address) ?? []);
  const usual = mostOf(views.filter((view) => !isLoopback(view)));
  return [
    {
      cause: 'unresolved',
      host,
      evidence: `${host}: ${address} is ${facts.resolved} on the host itself, where nobody else reaches it`,
      remedy: [
        on(
          member,
          `getent ahosts ${quote(address)}; give it its address in /etc/hosts${usual === undefined ? '' : `, ${usual}`}`,
        ),
        DOCTOR,
      ],
    },
  ];
}

function mostOf(values: readonly string[]): string | undefined {
  const votes = (value: string) => values.filter((other) => other === value).length;
  const [first] = [...values].sort((a, b) => votes(b) - votes(a));
  return first !== undefined && votes(first) * 2 > values.length ? first : undefined;
}

/** The address that it is to bind is none of the host's. */
function ofOwnAddress(one: Evidence): readonly Clue[] {
  const { member, facts, addresses } = one;
  const listen = member.listenAddress ?? facts.resolved;
  const every = listen === undefined || isWildcard(listen);
  if (isHealthy(one) || every || addresses.length === 0 || addresses.includes(listen) || isLoopback(listen)) {
    return [];
  }
  const own = addresses.filter((address) => !isLoopback(address) && !address.startsWith('fe80:'));
  return [
    {
      cause: 'address',
      host: member.host,
      evidence: `${member.host}: ${listen} is not an address of the host, which has ${own.join(', ') || 'loopback only'}`,
      remedy: [
        `give ${member.host} the address ${listen} back, or set etcd_address to ${own.length === 1 ? own[0] : 'the one that it has'}`,
        DOCTOR,
      ],
    },
  ];
}

/** etcd.conf has it listen where nobody looks for it. Of a member that is well only where others see nothing there. */
function ofBound(one: Evidence, scene: Scene): readonly Clue[] {
  const { member, settings } = one;
  const { host } = member;
  const seen = scene.all.flatMap(({ ports }) => ports).filter(({ to }) => to === host);
  return (['client', 'peer'] as const).flatMap((end): readonly Clue[] => {
    const name = `ETCD_LISTEN_${end.toUpperCase()}_URLS`;
    const urls = settings.get(name);
    const [address, port] =
      end === 'peer' ? [member.peerAddress, member.peerPort] : [member.address, member.clientPort];
    const isRefused = seen.some((reading) => reading.port === port && reading.state === 'refused');
    if (urls === undefined || (isHealthy(one) && !isRefused)) return [];
    if (urls.split(',').some((url) => isFound(url, port, one))) return [];
    const about = aboutMember(member, scene);
    return [
      {
        cause: 'bound-elsewhere',
        host,
        evidence: `${host}: ${confFile(member)} has ${name}="${urls}", and others look for it at ${hostPort(address, port)}`,
        remedy: anew(about, 'config'),
      },
    ];
  });
}

/** A name is another matter: etcd does not take any. */
function isFound(url: string, port: number, { addresses }: Evidence): boolean {
  if (!URL.canParse(url)) return true;
  const { port: bound, hostname } = new URL(url);
  const address = hostname.replace(/^\[|\]$/g, '');
  const isOwn = isWildcard(address) || isLoopback(address) || addresses.includes(address);
  return bound === String(port) && (isIP(address) === 0 || addresses.length === 0 || isOwn);
}

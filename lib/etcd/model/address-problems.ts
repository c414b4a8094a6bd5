import { isIP } from 'node:net';
import { isWildcard } from '../../addresses.ts';
import type { Listed, Problem } from './listed.ts';
import { ETCD_VARS, type EtcdVar } from './vars.ts';

const HOST_NAME = /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/;

/** Addresses, ports, networks and where a release comes from, each by itself. */
export function ofAddresses({ host, member }: Listed): readonly Problem[] {
  const { vars } = host;
  const problems: Problem[] = [];
  const tell = (variable: EtcdVar, message: string, hint: string) =>
    problems.push({ host: host.name, variable, message: `${variable} of ${host.name} ${message}`, hint });
  const { address, listenAddress } = member;
  if (isIP(address) === 0 && !isName(address))
    tell('etcd_address', `must be an IP address or a name, found "${address}"`, PORT_HINT);
  if (isWildcard(address))
    tell(
      'etcd_address',
      `is ${address}, which nobody can connect to`,
      'it is what others reach the member at',
    );
  for (const [variable, value] of [
    ['etcd_address', address],
    ['etcd_peer_address', member.peerAddress],
  ] as const)
    if (isLinkLocal(value) && (variable === 'etcd_address' || value !== address))
      tell(
        variable,
        `is ${value}, a link-local address: each host would have to name a link of its own for it`,
        `set ${variable} to an address or a name that all members and clients reach it at`,
      );
  if (listenAddress !== undefined && isIP(listenAddress) === 0)
    tell('etcd_listen_address', `must be an IP address, found "${listenAddress}"`, PORT_HINT);
  if (vars.etcd_listen_address !== undefined && listenAddress !== undefined && isWildcard(listenAddress))
    tell(
      'etcd_listen_address',
      `is ${listenAddress}, which is not an address of the host but all of them`,
      'leave it out: etcd_address is used, and one address is enough',
    );
  const { peerAddress } = member;
  if (peerAddress !== address && isIP(peerAddress) === 0 && !isName(peerAddress))
    tell('etcd_peer_address', `must be an IP address or a name, found "${peerAddress}"`, PORT_HINT);
  for (const [variable, value] of [
    ['etcd_peer_address', member.peerAddress],
    ['etcd_peer_listen_address', member.peerListenAddress],
  ] as const) {
    if (vars[variable] === undefined || value === undefined) continue;
    if (isWildcard(value))
      tell(
        variable,
        `is ${value}, which is not an address of the host but all of them`,
        'name the one that members reach it at',
      );
    else if (variable === 'etcd_peer_listen_address' && isIP(value) === 0)
      tell(variable, `must be an IP address, found "${value}"`, PORT_HINT);
  }
  if (member.metricsPort === member.clientPort || member.metricsPort === member.peerPort)
    tell('etcd_metrics_port', `is ${member.metricsPort}, as is another port`, '2381 is usual');
  if (member.clientPort === member.peerPort)
    // The one that was set is where to look.
    tell(
      member.peerPort === ETCD_VARS.etcd_peer_port.default ? 'etcd_client_port' : 'etcd_peer_port',
      `is ${member.peerPort}, as is the other port`,
      '2379 for clients and 2380 for members are usual',
    );
  for (const cidr of list(vars.etcd_client_cidrs)) {
    const [ip = '', bits] = cidr.split('/');
    const most = isIP(ip) === 6 ? 128 : 32;
    if (isIP(ip) === 0 || Number(bits ?? most) > most)
      tell('etcd_client_cidrs', `has "${cidr}", which is not a network`, 'write 10.0.52.0/24 or fd00::/64');
  }
  for (const san of list(vars.etcd_extra_sans))
    if (isIP(san) === 0 && !isName(san))
      tell('etcd_extra_sans', `has "${san}", which is neither an IP address nor a name`, PORT_HINT);
  const url = String(vars.etcd_download_url ?? '');
  if (/^\w+:\/\//.test(url) && !/^(https?|file):\/\//.test(url))
    tell(
      'etcd_download_url',
      `must be https, http, file or a path, found "${url}"`,
      'name a mirror over https',
    );
  else if (/^https?:/.test(url) && !URL.canParse(url.replaceAll(/\{(version|arch)\}/g, '1')))
    tell('etcd_download_url', 'is not an address that can be asked', 'check its host and its port');
  return problems;
}

const PORT_HINT = 'without a port: etcd_client_port and etcd_peer_port are for that';

/** fe80::/10, with a zone or without. */
function isLinkLocal(text: string): boolean {
  return isIP(text) === 6 && /^fe[89ab]/i.test(text);
}

function isName(text: string): boolean {
  return HOST_NAME.test(text) && !/^[\d.]+$/.test(text);
}

function list(value: unknown): readonly string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

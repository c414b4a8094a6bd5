import type { Target } from '../../dsl/role.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { boundAddress } from '../facts/bound-address.ts';
import type { EtcdFacts } from '../facts/index.ts';
import { clusterOf, hostPort, type Member, memberOf } from '../model/cluster.ts';
import { settingsEnvironment, unfitSettings } from '../model/flags.ts';
import { caFile, crlFile, pairFiles } from '../model/paths.ts';
import { isQuotable } from '../model/quotable.ts';
import { settingsAt } from '../model/translate-settings.ts';

const SETTINGS = '#[Settings]';

/**
 * `etcd.conf` of a member, laid out as in the tutorial. It always says `existing` and carries no token:
 * what a bootstrap needs comes from a second file, so nothing here is rewritten afterwards, and a wiped
 * member can never found an empty cluster of its own. etcd takes every setting from its environment
 * alone: from 3.4 on the same setting as variable and flag is fatal.
 */
export function etcdConf(target: Target<EtcdFacts>): string {
  const member = memberOf(target);
  const { name, dataDir, walDir, clientPort, peerPort, metricsPort, clientUrl, peerUrl } = member;
  const listen = listenAddress(target, 'client');
  const [server, peer, ca] = [pairFiles(member, 'server'), pairFiles(member, 'peer'), caFile(member)];
  const loopback = target.vars.etcd_loopback_http === true ? `,http://127.0.0.1:${clientPort}` : '';
  const initialCluster = clusterOf(target).members.map((one) => `${one.name}=${one.peerUrl}`);
  const settings = settingsOf(target);
  return [
    '#[Member]',
    line('ETCD_NAME', name),
    line('ETCD_DATA_DIR', dataDir),
    ...(walDir === undefined ? [] : [line('ETCD_WAL_DIR', walDir)]),
    line('ETCD_LISTEN_PEER_URLS', `https://${hostPort(listenAddress(target, 'peer'), peerPort)}`),
    line('ETCD_LISTEN_CLIENT_URLS', `https://${hostPort(listen, clientPort)}${loopback}`),
    ...(metricsPort === undefined
      ? []
      : [line('ETCD_LISTEN_METRICS_URLS', `http://${hostPort(listen, metricsPort)}`)]),
    '',
    '#[Clustering]',
    line('ETCD_INITIAL_ADVERTISE_PEER_URLS', peerUrl),
    line('ETCD_ADVERTISE_CLIENT_URLS', clientUrl),
    line('ETCD_INITIAL_CLUSTER', initialCluster.join(',')),
    line('ETCD_INITIAL_CLUSTER_STATE', 'existing'),
    '',
    '#[Security]',
    line('ETCD_CERT_FILE', server.cert),
    line('ETCD_KEY_FILE', server.key),
    line('ETCD_TRUSTED_CA_FILE', ca),
    line('ETCD_CLIENT_CERT_AUTH', 'true'),
    ...(revokes(target) ? [line('ETCD_CLIENT_CRL_FILE', crlFile(member))] : []),
    line('ETCD_PEER_CERT_FILE', peer.cert),
    line('ETCD_PEER_KEY_FILE', peer.key),
    line('ETCD_PEER_TRUSTED_CA_FILE', ca),
    line('ETCD_PEER_CLIENT_CERT_AUTH', 'true'),
    // Each member's certificate has it, and no client's.
    ...(target.facts.cluster?.peersApart && !saysWhoIsPeer(target)
      ? [line('ETCD_PEER_CERT_ALLOWED_HOSTNAME', 'localhost')]
      : []),
    ...(settings.length ? ['', SETTINGS, ...settings.map(([key, value]) => line(key, value))] : []),
    '',
  ].join('\n');
}

/** `etcd_settings` as such a file has them, all of them text. */
export function settingsIn(conf: string): Readonly<Record<string, string>> {
  const [, section = ''] = conf.split(`\n${SETTINGS}\n`);
  const lines = section.matchAll(/^ETCD_(\w+)=(["'])(.*)\2$/gm);
  return Object.fromEntries(
    Array.from(lines, ([, name = '', , value = '']) => [name.toLowerCase().replaceAll('_', '-'), value]),
  );
}

/** The user has said which certificates are those of members. */
export function saysWhoIsPeer({ vars }: Pick<Target, 'vars'>): boolean {
  return Object.keys(vars.etcd_settings ?? {}).some((flag) => flag.startsWith('peer-cert-allowed-'));
}

/** There is a list of revoked certificates, here or on the host, and the user has none of their own. */
function revokes(target: Target<EtcdFacts>): boolean {
  const { facts } = target;
  const own = settingsOf(target).some(([key]) => key === 'ETCD_CLIENT_CRL_FILE');
  return !own && (facts.cluster?.crl !== undefined || facts.kept.crl !== undefined);
}

/** The second environment file of a bootstrap. */
export function bootstrapEnvironment(token: string): string {
  return [line('ETCD_INITIAL_CLUSTER_STATE', 'new'), line('ETCD_INITIAL_CLUSTER_TOKEN', token), ''].join(
    '\n',
  );
}

/** The same of a member that joins a living cluster: those who are listed, as `name=URL`. */
export function joinEnvironment(members: readonly string[]): string {
  return [line('ETCD_INITIAL_CLUSTER', members.join(',')), ''].join('\n');
}

/**
 * Environment of a member closed to clients: only its own host reaches it. Empty when it listens on loopback only
 * anyway.
 */
export function closedEnvironment(member: Member): string {
  const url = closedUrl(member);
  if (url === undefined) return '';
  // Empty is none: whatever `listen-client-http-urls` says, the gateway answers at the one URL that is left.
  return [line('ETCD_LISTEN_CLIENT_URLS', url), line('ETCD_LISTEN_CLIENT_HTTP_URLS', ''), ''].join('\n');
}

/** Where a closed member listens for clients; undefined where it listens there anyway. */
export function closedUrl({ listenAddress, clientPort }: Member): string | undefined {
  return listenAddress === '127.0.0.1' ? undefined : `https://${hostPort('127.0.0.1', clientPort)}`;
}

/**
 * `etcd.conf` as far as a running member depends on it: the keys that only a first start reads are left
 * out, so a changed member list restarts nothing. The same expression runs as sed on the host.
 */
export function withoutBootstrapKeys(conf: string): string {
  return conf
    .split('\n')
    .filter((one) => !/^ETCD_INITIAL_/.test(one))
    .join('\n');
}

export const BOOTSTRAP_KEYS_SED = '/^ETCD_INITIAL_/d';

/** The IP address that a member binds for clients or for members. */
function listenAddress(target: Target<EtcdFacts>, end: 'client' | 'peer'): string {
  const member = memberOf(target);
  const listen = boundAddress(member, target.facts, end);
  if (listen !== undefined) return listen;
  const [name, variable] =
    end === 'client'
      ? [member.address, 'etcd_listen_address']
      : [member.peerAddress, 'etcd_peer_listen_address'];
  throw new QuorateError(`${name} does not resolve on the host itself`, {
    exitCode: EXIT.failed,
    hint: `set ${variable} to an IP address of the host`,
  });
}

function settingsOf(target: Target<EtcdFacts>): ReturnType<typeof settingsEnvironment> {
  if (Object.keys(target.vars.etcd_settings ?? {}).length === 0) return [];
  const { cluster } = target.facts;
  // Before the survey only what the inventory says is known: roles are built once before any contact.
  const version = cluster?.version ?? (target.vars.etcd_version as string | undefined);
  if (version === undefined && cluster !== undefined) {
    throw new QuorateError('etcd_settings can only be checked against a version', {
      exitCode: EXIT.usage,
      hint: 'set etcd_version',
    });
  }
  const { settings, problem } = settingsAt(target.vars, version);
  if (problem) throw unfitSettings(problem);
  return settingsEnvironment(settings, version);
}

/** Taken literally between single quotes, too, which JSON needs. Refuses what would end the quotes: a setting of its own. */
function line(key: string, value: string): string {
  if (/[\r\n\0]/.test(value) || !isQuotable(value))
    throw new QuorateError(`${key} cannot be written in an environment file: ${JSON.stringify(value)}`, {
      exitCode: EXIT.failed,
      hint: 'a value is one line, and has not both kinds of quotes',
    });
  return value.includes('"') ? `${key}='${value}'` : `${key}="${value}"`;
}

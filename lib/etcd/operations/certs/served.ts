import { connect } from 'node:tls';
import { isWildcard } from '../../../addresses.ts';
import { sh } from '../../../dsl/shell/sh.ts';
import { certificatesIn, readClientPair } from '../../../pki/index.ts';
import { clusterOf, hostPort, type Member, memberOf } from '../../model/cluster.ts';
import type { EtcdHost } from '../../surveyed.ts';

/** What a member shows in a handshake. */
export interface Served {
  /** undefined where no handshake came about. */
  readonly pem: string | undefined;
  /** Who made the handshake. */
  readonly by: 'host' | 'control';
}

/** By the certificate that it is; none where nobody could try. */
export type ServedByKind = Readonly<Partial<Record<'server' | 'peer', Served>>>;

/** Time limit for a handshake from this machine, in ms: ports of a cluster need not be open to it. */
const PATIENCE = 3000;

/**
 * Learns what a member shows at its two ports, by a handshake of our own: on its host where that has openssl, else from
 * here. etcd reads its files anew for each handshake, so another one than on disk means that it cannot, or that another
 * process answers.
 */
export async function readServed(host: EtcdHost): Promise<ServedByKind> {
  const member = memberOf(host.target);
  const { out } = await host.read(
    'making a handshake',
    handshakes(member, host.target.facts.reading?.askedAt),
  );
  const said = new Map(
    out.split(/^chain of /m).map((part) => [part.slice(0, part.indexOf('\n')), part] as const),
  );
  const from = (kind: 'server' | 'peer'): Served | undefined => {
    const part = said.get(kind);
    return part === undefined ? undefined : { pem: certificatesIn(part)[0]?.toString(), by: 'host' };
  };
  const [server, peer] = await Promise.all([
    from('server') ?? fromHere(host, member.address, member.clientPort),
    from('peer') ?? fromHere(host, member.peerAddress, member.peerPort),
  ]);
  return { ...(server && { server }), ...(peer && { peer }) };
}

/** Read-only shell: PEM after `chain of server` and `chain of peer`; nothing where there is no openssl. */
function handshakes(member: Member, askedAt: string | undefined) {
  const { certDir, clientPort, peerPort, peerListenAddress, peerAddress, clientUrl } = member;
  const client = new URL(askedAt ?? clientUrl);
  const peer = peerListenAddress ?? peerAddress;
  const at = (kind: string, address: string) => sh`echo chain of ${kind}
  timeout 5 openssl s_client -connect ${address} -cert ${`${certDir}/${kind}.pem`} -key ${`${certDir}/${kind}-key.pem`} </dev/null 2>/dev/null |
    sed -n '/-----BEGIN CERTIFICATE-----/,/-----END CERTIFICATE-----/p'`;
  return sh`if command -v openssl >/dev/null 2>&1 && command -v timeout >/dev/null 2>&1; then
  ${at('server', `${client.hostname}:${client.port || clientPort}`)}
  ${at('peer', hostPort(isWildcard(peer) ? '127.0.0.1' : peer, peerPort))}
fi`;
}

/** A handshake from this machine; undefined when none comes about. */
async function fromHere({ target }: EtcdHost, address: string, port: number): Promise<Served | undefined> {
  const pair = await readClientPair(clusterOf(target).pkiDir);
  return new Promise((resolve) => {
    const socket = connect({
      host: address,
      port,
      // It is looked at, and nothing is said to it.
      rejectUnauthorized: false,
      timeout: PATIENCE,
      ...(pair && { cert: pair.certPem, key: pair.keyPem.reveal() }),
    });
    const end = (served?: Served) => {
      socket.destroy();
      resolve(served);
    };
    socket.once('secureConnect', () => {
      const shown = socket.getPeerX509Certificate();
      end(shown && { pem: shown.toString(), by: 'control' });
    });
    socket.once('timeout', () => end());
    socket.once('error', () => end());
  });
}

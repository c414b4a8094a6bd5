import { openExternal, requireNextChain } from '../../../../pki/index.ts';
import { memberCertificates, pkiOptions } from '../../../files/certificates.ts';
import { refusal } from '../../../refusal.ts';
import type { Surveyed } from '../../../surveyed.ts';
import { verbLine } from '../../../verb-line.ts';
import type { Rotation } from './state.ts';

/** What the new CA, whose key is elsewhere, has yet to sign, each named as its request is; nothing of one that signs here. */
export async function yetToSign({ hosts }: Surveyed, { cas, state }: Rotation): Promise<readonly string[]> {
  if (!state.isElsewhere || cas.new === undefined) return [];
  const { namesDue } = await openExternal();
  const members = hosts.flatMap(({ target }) => memberCertificates(target));
  const due = await namesDue(pkiOptions(hosts[0]!.target), { members, clients: [], own: false }, cas.new);
  const clients = state.clients.filter(({ certificate }) => certificate !== 'new');
  return [...due, ...clients.map(({ name }) => `client-${name}`)];
}

/**
 * Refuses a chain under which nothing can be signed, before members trust it; and clients that are said to be ready before
 * all is here that members and clients are to show: without it there would be no way on.
 */
export async function refuseUnsigned(surveyed: Surveyed, rotation: Rotation): Promise<void> {
  const { cluster } = surveyed;
  const { control, clientsReady } = rotation.state;
  if (control === 'ready') await requireNextChain(cluster.pkiDir);
  const lacking = clientsReady ? await yetToSign(surveyed, rotation) : [];
  if (lacking.length === 0) return;
  throw refusal(
    cluster,
    `the new CA has yet to sign ${lacking.join(', ')}; nothing was changed`,
    control === 'new'
      ? `${verbLine('certs', cluster, '--csr', 'DIR')} writes the requests, ${verbLine('certs', cluster, '--import', 'PATH')} takes in what it has signed`
      : `let members trust it first: ${verbLine('certs', cluster, '--rotate-ca')}`,
  );
}

import { createPrivateKey, generateKeyPairSync } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { signCertificate } from '../../../../lib/pki/engine.ts';
import { alternativeNames } from '../../../../lib/pki/names.ts';
import type { Lab } from '../lab.ts';

const DAY = 86_400_000;

/** A certificate of the lab's own CA that is not as it should be; what is not said is as usual. */
export interface Leaf {
  readonly names?: readonly string[];
  /** Days from now. */
  readonly from?: number;
  readonly until?: number;
  readonly usages?: readonly string[];
}

/** Puts such a pair in place of a host's own, as `server` or `peer`; etcd reads it with the next handshake. */
export async function plantLeaf(lab: Lab, host: string, kind: 'server' | 'peer', leaf: Leaf): Promise<void> {
  const pki = join(lab.stateDir, '.quorate/inventory/pki');
  const address = lab.hosts.find(({ name }) => name === host)?.address ?? '';
  const { names = [address, '127.0.0.1', 'localhost', host], from = -2, until = 300, usages = USAGES } = leaf;
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = await signCertificate(
    {
      subject: [['CN', host]],
      names: alternativeNames(names),
      notBefore: new Date(Date.now() + from * DAY),
      notAfter: new Date(Date.now() + until * DAY),
      usages,
    },
    privateKey,
    {
      key: createPrivateKey(readFileSync(join(pki, 'ca-key.pem'))),
      certPem: readFileSync(join(pki, 'ca.pem'), 'utf8'),
    },
  );
  const key = privateKey.export({ type: 'sec1', format: 'pem' }).toString();
  await lab.ssh(
    host,
    `cat >/opt/etcd/ssl/${kind}.pem <<'E'\n${pem}E\ncat >/opt/etcd/ssl/${kind}-key.pem <<'E'\n${key}E`,
  );
}

const USAGES = ['signing', 'key encipherment', 'server auth', 'client auth'];

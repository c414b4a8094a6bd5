import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { describe, expect, it, vi } from 'vitest';
import { certificateProblems } from '../../../lib/pki/index.ts';
import { scratch } from '../support/scratch.ts';
import { extensions, missingTools, open, SANS, tool } from './support.ts';

const withoutOpenssl = missingTools(['openssl', 'version']);

describe.skipIf(withoutOpenssl)(`beside openssl${withoutOpenssl ? `: ${withoutOpenssl}` : ''}`, () => {
  it.each(['ecdsa-256', 'ed25519', 'rsa-2048'])(
    'encrypts a CA key that openssl opens, and no further CA comes of it, with %s',
    async (keyType) => {
      const dir = scratch();
      vi.stubEnv('QUORATE_CA_PASSPHRASE', 'correct horse battery');
      await (await open(dir, { keyType })).ensureCa();
      vi.unstubAllEnvs();
      const file = join(dir, 'ca-key.pem');
      tool('openssl', ['pkey', '-check', '-noout', '-in', file, '-passin', 'pass:correct horse battery']);
      expect(tool('openssl', ['asn1parse', '-in', file])).toMatch(/scrypt/);
      const text = tool('openssl', ['x509', '-in', join(dir, 'ca.pem'), '-noout', '-text']);
      expect(text).toMatch(/CA:TRUE, pathlen:0/);
    },
  );

  it.each(['ecdsa-256', 'ecdsa-384', 'ecdsa-521', 'rsa-2048', 'rsa-3072', 'ed25519'])(
    'makes chains that verify with %s',
    async (keyType) => {
      const dir = scratch();
      const pki = await open(dir, { keyType });
      await pki.issueMember('m1', 'peer', [...SANS, '2001:0DB8:0:0::1', 'a@b.test', 'spiffe://x/y']);
      const pem = join(dir, 'm1/peer.pem');
      tool('openssl', [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslserver',
        '-CAfile',
        join(dir, 'ca.pem'),
        pem,
      ]);
      tool('openssl', [
        'verify',
        '-x509_strict',
        '-purpose',
        'sslclient',
        '-CAfile',
        join(dir, 'ca.pem'),
        pem,
      ]);
      tool('openssl', ['pkey', '-check', '-noout', '-in', join(dir, 'm1/peer-key.pem')]);
      const text = tool('openssl', ['x509', '-in', pem, '-noout', '-text']);
      expect(text).toContain('IP Address:2001:DB8:0:0:0:0:0:1');
      expect(text).toContain('email:a@b.test');
      expect(text).toContain('URI:spiffe://x/y');
      expect(text).not.toContain('DNS:m1');
      const [, bits] = keyType.split('-');
      if (bits) expect(text).toContain(`Public-Key: (${bits} bit)`);
      const age = Date.now() - Date.parse(new X509Certificate(readFileSync(pem)).validFrom);
      expect(age).toBeGreaterThanOrEqual(300_000);
      expect(age).toBeLessThan(320_000);
    },
    // A key of 3072 bits takes seconds to make where others work, too.
    60_000,
  );

  it('signs with a CA that was made elsewhere and identifies no key', async () => {
    const dir = scratch();
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'Elsewhere' }], {
      keyType: 'ec',
      algorithm: 'sha256',
      extensions: [{ name: 'basicConstraints', cA: true, critical: true }],
    });
    writeFileSync(join(dir, 'ca.pem'), cert);
    writeFileSync(join(dir, 'ca-key.pem'), key, { mode: 0o600 });
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    const problems = certificateProblems({ pem: certPem, sans: SANS, caPem: cert, renewBefore: 0 });
    expect(problems).toEqual([]);
    tool('openssl', ['verify', '-CAfile', join(dir, 'ca.pem'), join(dir, 'm1/server.pem')]);
    expect(readFileSync(join(dir, 'ca.pem'), 'utf8')).toBe(cert);
  });

  it("names the CA's key as the CA does", async () => {
    const dir = scratch();
    const at = (name: string) => join(dir, name);
    const request = [
      'req',
      '-x509',
      '-newkey',
      'ec',
      '-pkeyopt',
      'ec_paramgen_curve:P-256',
      '-nodes',
      '-subj',
      '/CN=x',
    ];
    const identifier = [
      '-addext',
      'subjectKeyIdentifier=01020304',
      '-addext',
      'authorityKeyIdentifier=none',
      '-days',
      '30',
    ];
    tool('openssl', [...request, ...identifier, '-keyout', at('ca-key.pem'), '-out', at('ca.pem')]);
    await (await open(dir)).issueMember('m1', 'server', SANS);
    tool('openssl', ['verify', '-CAfile', at('ca.pem'), at('m1/server.pem')]);
    expect(extensions(dir, 'm1/server.pem').join(' ')).toContain('Authority Key Identifier: 01:02:03:04');
  });

  it('identifies keys by SHA-1, and gives serial numbers of 20 bytes with the top bit clear', async () => {
    const dir = scratch();
    const pki = await open(dir);
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) await pki.issueMember(name, 'server', SANS);
    const seen = new Set<string>();
    for (const name of ['a', 'b', 'c', 'd', 'e', 'f']) {
      const pem = join(dir, name, 'server.pem');
      const serial = tool('openssl', ['x509', '-in', pem, '-noout', '-serial'])
        .trim()
        .slice('serial='.length);
      expect(serial).toMatch(/^[0-7][0-9A-F]{39}$/);
      seen.add(serial);
      // `hash` asks openssl for the first method of RFC 5280.
      const request = join(dir, name, 'server.csr');
      const again = join(dir, name, 'again.pem');
      writeFileSync(join(dir, 'ext'), 'subjectKeyIdentifier=hash\n');
      tool('openssl', [
        'x509',
        '-req',
        '-in',
        request,
        '-CA',
        join(dir, 'ca.pem'),
        '-CAkey',
        join(dir, 'ca-key.pem'),
        '-set_serial',
        '1',
        '-extfile',
        join(dir, 'ext'),
        '-out',
        again,
      ]);
      const identifier = (file: string) =>
        tool('openssl', ['x509', '-in', file, '-noout', '-ext', 'subjectKeyIdentifier']);
      expect(identifier(pem)).toBe(identifier(again));
    }
    expect(seen.size).toBe(6);
  });
});

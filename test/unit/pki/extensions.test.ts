import { X509Certificate } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generate } from 'selfsigned';
import { describe, expect, it } from 'vitest';
import { certificateProblems } from '../../../lib/pki/index.ts';
import { scratch } from '../support/scratch.ts';
import { extensions, missingTools, open, SANS, tool } from './support.ts';
import { TUTORIAL } from './tutorial.ts';

const reason = missingTools(['cfssl', 'version'], ['openssl', 'version']);

describe.skipIf(reason)(`beside cfssl${reason ? `: ${reason}` : ''}`, () => {
  /** The same request through both; cfssl's files under `theirs`, ours under `dir`. */
  async function both(files: Readonly<Record<string, string>>, profile: string) {
    const dir = scratch();
    const theirs = scratch();
    const hosts = [...SANS, '2001:db8::1'];
    for (const [name, text] of Object.entries(files)) {
      writeFileSync(join(dir, name), text);
      writeFileSync(join(theirs, name), text);
    }
    const request = JSON.parse(files['server-csr.json']!);
    writeFileSync(join(theirs, 'server-csr.json'), JSON.stringify({ ...request, hosts }));
    const save = (name: string, output: string) => {
      const { cert, csr, key } = JSON.parse(output);
      writeFileSync(join(theirs, `${name}.pem`), cert);
      writeFileSync(join(theirs, `${name}.csr`), csr);
      writeFileSync(join(theirs, `${name}-key.pem`), key);
    };
    const at = (name: string) => join(theirs, name);
    save('ca', tool('cfssl', ['gencert', '-initca', at('ca-csr.json')]));
    const signer = [`-ca=${at('ca.pem')}`, `-ca-key=${at('ca-key.pem')}`, `-config=${at('ca-config.json')}`];
    save('server', tool('cfssl', ['gencert', ...signer, `-profile=${profile}`, at('server-csr.json')]));
    await (await open(dir)).issueMember('m1', 'server', hosts);
    return { dir, theirs };
  }

  const ecdsa = Object.fromEntries(
    Object.entries(TUTORIAL).map(([name, text]) => [
      name,
      text.replace(/"rsa"/, '"ecdsa"').replace('2048', '384'),
    ]),
  );

  it.each([
    ['the tutorial, RSA', TUTORIAL],
    ['the tutorial, ECDSA', ecdsa],
    [
      'a subject with everything',
      {
        ...ecdsa,
        'server-csr.json': JSON.stringify({
          CN: 'ü & co',
          serialnumber: '7',
          key: { algo: 'ecdsa', size: 256 },
          names: [
            { OU: 'ou1', O: 'o1', L: 'l1', ST: 'a*b', C: 'CN' },
            { C: 'DE', O: 'o2', OU: 'ou2' },
          ],
        }),
      },
    ],
    [
      'a path length, addresses of services, more usages',
      {
        ...ecdsa,
        'ca-csr.json':
          '{"CN": "x", "key": {"algo": "ecdsa", "size": 521}, "ca": {"pathlen": 2, "expiry": "90000h"}}',
        'ca-config.json': JSON.stringify({
          signing: {
            default: { expiry: '100h', crl_url: 'http://crl.test/a' },
            profiles: {
              etcd: {
                expiry: '50h',
                usages: [
                  'digital signature',
                  'key agreement',
                  'any',
                  'server auth',
                  'client auth',
                  'ocsp signing',
                ],
                issuer_urls: ['http://ca.test/'],
                ocsp_url: 'http://ocsp.test/',
              },
            },
          },
        }),
      },
    ],
  ])('writes the same extensions, subjects, lives and algorithms: %s', async (_name, files) => {
    const { dir, theirs } = await both(files, 'etcd');
    for (const [ours, other] of [
      ['ca.pem', 'ca.pem'],
      ['m1/server.pem', 'server.pem'],
    ] as const) {
      expect(extensions(dir, ours), ours).toEqual(extensions(theirs, other));
      const about = (folder: string, file: string) =>
        tool('openssl', ['x509', '-in', join(folder, file), '-noout', '-text']).match(
          /(Signature Algorithm|Issuer|Subject|Public Key Algorithm|NIST CURVE|Public-Key): .*/g,
        );
      expect(about(dir, ours), ours).toEqual(about(theirs, other));
    }
    expect(subjectDer(dir, 'ca.pem')).toEqual(subjectDer(theirs, 'ca.pem'));
    expect(subjectDer(dir, 'm1/server.pem')).toEqual(subjectDer(theirs, 'server.pem'));
    expect(header(dir, 'ca-key.pem')).toBe(header(theirs, 'ca-key.pem'));
    expect(header(dir, 'm1/server-key.pem')).toBe(header(theirs, 'server-key.pem'));
    tool('openssl', ['verify', '-x509_strict', '-CAfile', join(dir, 'ca.pem'), join(dir, 'm1/server.pem')]);
    for (const csr of ['ca.csr', 'm1/server.csr']) {
      tool('openssl', ['req', '-verify', '-noout', '-in', join(dir, csr)]);
    }
  });

  /** What the subject is made of, down to the types of its strings. */
  function subjectDer(dir: string, file: string): readonly string[] {
    return tool('openssl', [
      'x509',
      '-in',
      join(dir, file),
      '-noout',
      '-subject',
      '-nameopt',
      'show_type,sep_multiline',
    ]).split('\n');
  }

  function header(dir: string, file: string): string {
    return readFileSync(join(dir, file), 'utf8').split('\n')[0]!;
  }

  it('lets cfssl sign with our CA', async () => {
    const dir = scratch();
    for (const [name, text] of Object.entries(TUTORIAL)) writeFileSync(join(dir, name), text);
    await (await open(dir)).ensureCa();
    const at = (name: string) => join(dir, name);
    const output = tool('cfssl', [
      'gencert',
      `-ca=${at('ca.pem')}`,
      `-ca-key=${at('ca-key.pem')}`,
      `-config=${at('ca-config.json')}`,
      '-profile=etcd',
      at('server-csr.json'),
    ]);
    writeFileSync(at('x.pem'), JSON.parse(output).cert);
    tool('openssl', ['verify', '-CAfile', at('ca.pem'), at('x.pem')]);
  });
});

const withoutOpenssl = missingTools(['openssl', 'version']);

describe.skipIf(withoutOpenssl)(`beside openssl${withoutOpenssl ? `: ${withoutOpenssl}` : ''}`, () => {
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

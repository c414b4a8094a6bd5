import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
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
      // One thing is ours: a CA makes no further CA, unless its file says so.
      const limited = extensions(theirs, other).map((line) => line.replace(/CA:TRUE$/, 'CA:TRUE, pathlen:0'));
      expect(extensions(dir, ours), ours).toEqual(limited);
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

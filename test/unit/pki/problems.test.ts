import { beforeAll, describe, expect, it } from 'vitest';
import { EXIT } from '../../../lib/errors.ts';
import { signCertificate } from '../../../lib/pki/engine.ts';
import { certificateProblems, describeProblem, fingerprint, parseDuration } from '../../../lib/pki/index.ts';
import { newKey } from '../../../lib/pki/keys.ts';
import { alternativeNames } from '../../../lib/pki/names.ts';
import type { CertificatePlan } from '../../../lib/pki/profile.ts';
import { SANS } from './support.ts';

const HOUR = 3_600_000;
const now = new Date('2030-06-15T12:00:00Z');
const at = (hours: number) => new Date(now.getTime() + hours * HOUR);

describe('parseDuration', () => {
  it.each([
    ['87600h', 87_600 * HOUR],
    ['365d', 365 * 24 * HOUR],
    ['1h30m', 1.5 * HOUR],
    ['1.5h', 1.5 * HOUR],
    ['.5s', 500],
    ['100ms', 100],
    ['5µs', 0.005],
    ['0', 0],
  ])('%s', (text, wanted) => expect(parseDuration(text)).toBeCloseTo(wanted, 6));

  it.each(['', 'h', '5', '1x', '1h ', '-1h', '1h-3m', 'NaNh', '1e3s'])('refuses "%s"', (text) => {
    expect(() => parseDuration(text)).toThrow(expect.objectContaining({ exitCode: EXIT.usage }));
  });
});

describe('certificateProblems', () => {
  let ca: Awaited<ReturnType<typeof makeCa>>;
  let sameName: typeof ca;

  async function makeCa(subject: string, notAfter = at(10_000)) {
    const key = await newKey({ algo: 'ecdsa', size: 256 });
    const plan: CertificatePlan = {
      subject: [['CN', subject]],
      names: [],
      usages: ['cert sign', 'crl sign'],
      notBefore: at(-1000),
      notAfter,
      ca: { pathLength: 0 },
    };
    return { key, certPem: await signCertificate(plan, key, { key }) };
  }

  async function leaf(plan: Partial<CertificatePlan> = {}, signer = ca) {
    const whole: CertificatePlan = {
      subject: [['CN', 'm1']],
      names: alternativeNames(SANS),
      usages: ['signing', 'key encipherment', 'server auth', 'client auth'],
      notBefore: at(-100),
      notAfter: at(900),
      ...plan,
    };
    return signCertificate(whole, await newKey({ algo: 'ecdsa', size: 256 }), signer);
  }

  beforeAll(async () => {
    ca = await makeCa('ca');
    sameName = await makeCa('ca');
  });

  it.each<[string, () => Promise<Partial<Parameters<typeof certificateProblems>[0]>>, readonly string[]]>([
    ['fine', async () => ({}), []],
    [
      'names in another order and spelling',
      async () => ({ sans: [...SANS].reverse().map((name) => name.toUpperCase()) }),
      [],
    ],
    [
      'a name that lacks',
      async () => ({ sans: [...SANS, 'x.test', '10.9.9.9'] }),
      ['lacks x.test, 10.9.9.9'],
    ],
    ['a name too many', async () => ({ sans: SANS.slice(1) }), ['has 10.0.52.14 besides']],
    ['both', async () => ({ sans: [...SANS.slice(1), 'x.test'] }), ['lacks x.test; has 10.0.52.14 besides']],
    [
      'IPv6 in another spelling',
      async () => ({
        pem: await leaf({ names: alternativeNames(['2001:db8::1']) }),
        sans: ['2001:0DB8:0::0:1'],
      }),
      [],
    ],
    [
      'names that need quotes',
      async () => ({
        pem: await leaf({ names: [{ type: 'url', value: 'urn:a, DNS:evil' }] }),
        sans: ['urn:a, DNS:evil'],
      }),
      [],
    ],
    [
      'other kinds of names',
      async () => ({
        pem: await leaf({ names: alternativeNames(['a@b.test', 'spiffe://x/y']) }),
        sans: ['spiffe://x/y', 'a@b.test'],
      }),
      [],
    ],
    [
      'an address that is written as a name',
      async () => ({ pem: await leaf({ names: [{ type: 'dns', value: '10.9.9.9' }] }), sans: ['10.9.9.9'] }),
      ['lacks 10.9.9.9; has DNS:10.9.9.9 besides'],
    ],
    [
      'a name that is written as something else',
      async () => ({
        pem: await leaf({
          names: [
            { type: 'email', value: 'a.test' },
            { type: 'url', value: 'b.test' },
          ],
        }),
        sans: ['a.test', 'b.test'],
      }),
      ['lacks a.test, b.test; has email:a.test, URI:b.test besides'],
    ],
    [
      'an address of IPv6 that stands for one of IPv4',
      async () => ({ pem: await leaf({ names: alternativeNames(['::ffff:10.9.9.9']) }), sans: ['10.9.9.9'] }),
      ['lacks 10.9.9.9; has ::ffff:a09:909 besides'],
    ],
    ['no names', async () => ({ pem: await leaf({ names: [] }), sans: ['a'] }), ['lacks a']],
    ['expired', async () => ({ pem: await leaf({ notAfter: at(-1) }) }), ['expired 2030-06-15']],
    [
      'expires within the lead',
      async () => ({ pem: await leaf({ notAfter: at(10) }) }),
      ['expires 2030-06-15'],
    ],
    ['does not expire within the lead', async () => ({ pem: await leaf({ notAfter: at(60) }) }), []],
    [
      'was made for less than the lead, which new ones are not',
      async () => ({ pem: await leaf({ notBefore: at(-1), notAfter: at(5) }) }),
      ['expires 2030-06-15'],
    ],
    [
      'renewal cannot outlive the CA',
      async () => {
        const old = await makeCa('old', at(10));
        return { pem: await leaf({ notAfter: at(10) }, old), caPem: old.certPem };
      },
      [],
    ],
    [
      'not valid yet',
      async () => ({ pem: await leaf({ notBefore: at(24) }) }),
      ['not valid before 2030-06-16'],
    ],
    ['another CA', async () => ({ caPem: (await makeCa('b')).certPem }), ['not from this CA (issuer CN=ca)']],
    [
      'another CA of the same name',
      async () => ({ caPem: sameName.certPem }),
      ['not from this CA (issuer CN=ca)'],
    ],
    ['no CA', async () => ({ caPem: undefined }), ['there is no CA yet']],
    ['a CA that cannot be read', async () => ({ caPem: 'x' }), ['there is no CA yet']],
    [
      'no client auth',
      async () => ({ pem: await leaf({ usages: ['signing', 'server auth'] }) }),
      ['not for client auth'],
    ],
    [
      'no extended usage',
      async () => ({ pem: await leaf({ usages: ['signing'] }) }),
      ['not for server auth and client auth'],
    ],
    ['a key of another type', async () => ({ keyType: 'rsa-2048' }), ['its key is ecdsa-256']],
    ['a longer life', async () => ({ life: 2000 * HOUR }), ['made for 42d']],
    ['a life that counts from when it was made', async () => ({ life: 1000 * HOUR - 5 * 60_000 }), []],
    ['not a certificate', async () => ({ pem: 'x' }), ['not a certificate']],
    ['half a certificate', async () => ({ pem: (await leaf()).slice(0, 300) }), ['not a certificate']],
    [
      'several at once',
      async () => ({ pem: await leaf({ names: [], notAfter: at(-48) }), caPem: sameName.certPem }),
      ['not from this CA (issuer CN=ca)', `lacks ${SANS.join(', ')}`, 'expired 2030-06-13'],
    ],
  ])('%s', async (_name, change, wanted) => {
    const required = { pem: await leaf(), sans: SANS, caPem: ca.certPem, renewBefore: 20 * HOUR, now };
    const problems = certificateProblems({ ...required, ...(await change()) });
    expect(problems.map(describeProblem)).toEqual(wanted);
  });

  it('verifies the signature, not only the identifiers', async () => {
    const pem = await leaf();
    const der = Buffer.from(pem.replace(/-----.*-----|\n/g, ''), 'base64');
    der[der.length - 1]! ^= 1;
    const forged = `-----BEGIN CERTIFICATE-----\n${der.toString('base64')}\n-----END CERTIFICATE-----\n`;
    const problems = certificateProblems({ pem: forged, sans: SANS, caPem: ca.certPem, renewBefore: 0, now });
    expect(problems).toEqual([{ kind: 'wrong-ca', issuer: 'CN=ca' }]);
  });

  it('takes the fingerprint of the DER, whatever the PEM looks like', () => {
    expect(fingerprint(ca.certPem)).toMatch(/^[0-9a-f]{64}$/);
    expect(fingerprint(`a comment\n${ca.certPem.replaceAll('\n', '\r\n')}`)).toBe(fingerprint(ca.certPem));
  });
});

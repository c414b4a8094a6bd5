import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { EXIT } from '../../../../lib/errors.ts';
import { readConfig } from '../../../../lib/pki/cfssl/cfssl.ts';
import { scratch } from '../../support/scratch.ts';
import { ADDRESSES, open, SANS } from '../support.ts';
import { TUTORIAL } from '../tutorial.ts';

const DAY = 86_400_000;
const YEAR = 8760 * 3_600_000;

function config(files: Readonly<Record<string, unknown>>, addresses: readonly string[] = ADDRESSES) {
  const dir = scratch();
  for (const [name, content] of Object.entries(files)) {
    writeFileSync(join(dir, name), typeof content === 'string' ? content : JSON.stringify(content));
  }
  const lives = { caExpiry: '20d', certExpiry: '10d', renewBefore: '1d' };
  const read = () =>
    readConfig({ dir, cluster: 'test', caName: 'test etcd CA', keyType: 'ecdsa-384', ...lives, addresses });
  return { dir, read };
}

const signing = (value: unknown) => ({ 'ca-config.json': { signing: value } });
const uses = (...usages: string[]) => ({ expiry: '1h', usages });

describe('the tutorial', () => {
  it('is understood', () => {
    const { read } = config(TUTORIAL);
    const subject = [
      ['C', 'CN'],
      ['ST', 'Beijing'],
      ['L', 'Beijing'],
    ];
    const usages = ['signing', 'key encipherment', 'server auth', 'client auth'];
    expect(read()).toMatchObject({
      ca: { subject: [...subject, ['CN', 'etcd CA']], key: { algo: 'rsa', size: 2048 }, expiry: 5 * YEAR },
      leaf: {
        subject: [...subject, ['CN', 'etcd']],
        key: { algo: 'rsa', size: 2048 },
        profiles: {
          server: { usages, expiry: 10 * YEAR },
          peer: { usages, expiry: 10 * YEAR },
          client: { usages, expiry: 10 * YEAR },
        },
      },
      further: [],
      warnings: [],
    });
  });

  it('asks for certificates that outlive their CA: they are cut short, with one warning', async () => {
    const { dir } = config(TUTORIAL);
    const pki = await open(dir);
    const members = (['server', 'peer'] as const).map((kind) => ({ name: 'm1', kind, sans: SANS }));
    const warning = expect.stringMatching(/^test: certificates would last until .* their CA ends/);
    expect(await pki.foresee(members)).toEqual([warning]);
    const first = await pki.issueMember('m1', 'server', SANS);
    expect(await pki.foresee(members)).toEqual([warning]);
    await pki.issueMember('m1', 'peer', SANS);
    expect(await pki.foresee(members)).toEqual([]);
    const end = new X509Certificate((await pki.ensureCa()).pem).validTo;
    expect(new X509Certificate(first.certPem).validTo).toBe(end);
    expect(Date.parse(end) - Date.now()).toBeGreaterThan(5 * YEAR - DAY);
    expect(Date.parse(end) - Date.now()).toBeLessThan(5 * YEAR);
  });
});

describe('profiles', () => {
  it('are those of the name, else the sole one, else the default', () => {
    const both = ['server auth', 'client auth'];
    const chosen = (value: unknown) => {
      const { server, peer, client } = config(signing(value)).read().leaf.profiles;
      return [server, peer, client].map(({ expiry }) => expiry / 3_600_000);
    };
    const named = {
      server: { ...uses(...both), expiry: '2h' },
      client: { ...uses('client auth'), expiry: '3h' },
    };
    expect(chosen({ default: uses(...both), profiles: named })).toEqual([2, 1, 3]);
    expect(chosen({ default: uses(...both), profiles: { x: { usages: both, expiry: '5h' } } })).toEqual([
      5, 5, 5,
    ]);
    expect(chosen({ default: uses(...both), profiles: { x: { usages: both } } })).toEqual([1, 1, 1]);
    expect(chosen({ default: uses(...both) })).toEqual([1, 1, 1]);
    expect(chosen({})).toEqual([240, 240, 240]);
  });
});

describe('requests', () => {
  it('keep what they leave out', () => {
    const read = config({ 'ca-csr.json': { CN: 'x' }, 'server-csr.json': { hosts: [] } }).read();
    expect(read.ca).toMatchObject({ key: { algo: 'ecdsa', size: 384 }, expiry: 5 * YEAR });
    expect(read.leaf.subject).toBeUndefined();
  });

  it.each([
    [{ pathlen: 2 }, 2],
    [{ pathlen: 0 }, 0],
    [{ pathlen: 0, pathlenzero: true }, 0],
    [{}, 0],
  ])('limit the path of a CA: %j', (ca, wanted) => {
    expect(config({ 'ca-csr.json': { CN: 'x', ca } }).read().ca.pathLength).toBe(wanted);
  });

  it('read names in any case, as Go does', () => {
    const { ca } = config({ 'ca-csr.json': { cn: 'x', Names: [{ o: 'y' }], SerialNumber: '7' } }).read();
    expect(ca.subject).toEqual([
      ['O', 'y'],
      ['CN', 'x'],
      ['SERIALNUMBER', '7'],
    ]);
  });

  it('add hosts of no member, and tell of members they forget', () => {
    const hosts = ['10.0.52.14', 'etcd.test', '10.0.52.13', '10.0.0.100', ''];
    const text = `{\n  "CN": "etcd",\n  "hosts": ${JSON.stringify(hosts)}\n}`;
    // Members on one machine have one address.
    const { dir, read } = config({ 'server-csr.json': text }, [...ADDRESSES, '10.0.52.6']);
    const { further, warnings } = read();
    expect(further).toEqual(['etcd.test', '10.0.0.100']);
    expect(warnings).toEqual([
      `${join(dir, 'server-csr.json')}:3:12: "hosts" lacks the member 10.0.52.6; it is added`,
    ]);
  });
});

describe('mistakes are shown with their place', () => {
  const hello =
    '{\n  "signing": {\n    "default": {"expiry": "1h", "usages": ["server auth", "client auth"]},\n    ';
  it.each<[string, string, number, number, RegExp, RegExp | undefined]>([
    [
      'ca-config.json',
      '{"signing": {"defualt": {}}}',
      1,
      14,
      /unknown field "defualt"/,
      /did you mean "default"/,
    ],
    [
      'ca-config.json',
      '{"signing": {"zzz": {}}}',
      1,
      14,
      /unknown field "zzz"/,
      /known here: default, profiles/,
    ],
    ['ca-config.json', '{"auth_keys": {}}', 1, 2, /"auth_keys" is not supported/, undefined],
    ['ca-config.json', '{\n  "signing": {,}\n}', 2, 15, /not JSON/, undefined],
    ['ca-config.json', '{"signing": {}} x', 1, 17, /not JSON/, undefined],
    ['ca-config.json', '', 1, 1, /not JSON: value expected/, undefined],
    ['ca-config.json', '[]', 1, 1, /wanted an object/, undefined],
    ['ca-config.json', '{"signing": {"default": {}}}', 1, 25, /needs an expiry/, undefined],
    [
      'ca-config.json',
      '{"signing": {"default": {"expiry": "1y"}}}',
      1,
      36,
      /"1y" is not a duration/,
      /8760h/,
    ],
    ['ca-config.json', '{"signing": {"default": {"expiry": 5}}}', 1, 36, /wanted a string/, undefined],
    ['ca-config.json', '{"signing": {"default": {"expiry": "0s"}}}', 1, 36, /more than nothing/, undefined],
    ['ca-config.json', `${hello}"profiles": {"x": {}}}}`, 4, 23, /at least one usage/, undefined],
    [
      'ca-config.json',
      `${hello}"profiles": {"x": {"usages": ["srever auth"]}}}}`,
      4,
      35,
      /unknown usage/,
      /server auth/,
    ],
    [
      'ca-config.json',
      `${hello}"profiles": {"x": {"usages": ["server auth"]}}}}`,
      4,
      23,
      /lacks client auth/,
      /gateway/,
    ],
    [
      'ca-config.json',
      '{"signing": {"default": {"expiry": "1h"}}}',
      1,
      25,
      /lacks server auth and client auth/,
      undefined,
    ],
    [
      'ca-config.json',
      `${hello}"profiles": {"x": {"usages": ["server auth"], "ca_constraint": {"is_ca": true}}}}}`,
      4,
      23,
      /makes a CA/,
      undefined,
    ],
    [
      'ca-config.json',
      `${hello}"profiles": {"x": {"usages": ["any"], "not_after": "2001-01-01T00:00:00Z"}}}}`,
      4,
      56,
      /not in the future/,
      undefined,
    ],
    [
      'ca-config.json',
      `${hello}"profiles": {"x": {"usages": ["any"], "not_after": "soon"}}}}`,
      4,
      56,
      /not a time/,
      undefined,
    ],
    ['ca-csr.json', '{"key": {"algo": "ecdsa"}}', 1, 1, /needs a "CN"/, undefined],
    ['ca-csr.json', '{"CN": "x", "key": {"algo": "dsa"}}', 1, 29, /no key of type dsa/, undefined],
    [
      'ca-csr.json',
      '{"CN": "x", "key": {"algo": "rsa", "size": 1024}}',
      1,
      44,
      /no key of type rsa 1024/,
      /2048/,
    ],
    ['ca-csr.json', '{"CN": "x", "names": [{"C": "China"}]}', 1, 29, /not a country/, undefined],
    ['ca-csr.json', '{"CN": "x", "ca": {"pathlen": 1.5}}', 1, 31, /whole number/, undefined],
    ['server-csr.json', '{"CN": "x", "ca": {}}', 1, 19, /request of a CA/, undefined],
    ['server-csr.json', '{"host": ["a"]}', 1, 2, /unknown field "host"/, /did you mean "hosts"/],
    ['server-csr.json', '{"hosts": "a"}', 1, 11, /wanted a list/, undefined],
    ['server-csr.json', '{"hosts": ["bücher.test"]}', 1, 12, /not a name a certificate can have/, /xn--/],
    ['server-csr.json', '{"hosts": ["a", "b c"]}', 1, 17, /not a name a certificate can have/, undefined],
    ['server-csr.json', '{"hosts": ["fe80::1%eth0"]}', 1, 12, /has a zone/, /leave out/],
  ])('%s: %s', (file, text, line, column, message, hint) => {
    const { dir, read } = config({ [file]: text });
    expect(read).toThrow(
      expect.objectContaining({
        exitCode: EXIT.usage,
        message: expect.stringMatching(message),
        position: { file: join(dir, file), line, column },
        ...(hint && { hint: expect.stringMatching(hint) }),
      }),
    );
  });
});

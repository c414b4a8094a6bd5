import { existsSync, mkdirSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  crlPath,
  fingerprint,
  listOf,
  parseCertificate,
  readBundles,
  readCrl,
  revokeBundle,
  wasRevoked,
} from '../../../lib/pki/index.ts';
import { scratch } from '../support/scratch.ts';
import { missingTools, open, options, SANS, tool } from './support.ts';

describe('the bundle of a client', () => {
  const keyIn = (dir: string) => readFileSync(join(dir, 'clients/app/app-key.pem'), 'utf8');

  it('has its key, its certificate and what it is to trust, and stays while it is fine', async () => {
    const dir = scratch();
    const pki = await open(dir);
    const { certPem } = await pki.issueBundle('app');
    const { pem } = await pki.ensureCa();
    expect(parseCertificate(certPem)?.subject).toBe('CN=app');
    expect(parseCertificate(certPem)?.keyUsage).toEqual(['1.3.6.1.5.5.7.3.2']);
    expect(statSync(join(dir, 'clients/app/app-key.pem')).mode & 0o777).toBe(0o600);
    expect(readFileSync(join(dir, 'clients/app/ca.pem'), 'utf8')).toBe(pem);
    expect((await (await open(dir)).issueBundle('app')).certPem).toBe(certPem);
    expect((await readBundles(dir)).map(({ name }) => name)).toEqual(['app']);
    expect(await pki.bundlesDue()).toEqual([]);
  });

  it('trusts what it is told to', async () => {
    const dir = scratch();
    await (await open(dir)).issueBundle('app', 'two of them\n');
    expect(readFileSync(join(dir, 'clients/app/ca.pem'), 'utf8')).toBe('two of them\n');
  });

  it('is made anew with its key, or with another one where that is asked for', async () => {
    const dir = scratch();
    const { certPem } = await (await open(dir)).issueBundle('app');
    const retired = [fingerprint(certPem)];
    const key = keyIn(dir);
    const pki = await open(dir);
    expect(await pki.bundlesDue(retired)).toEqual(['app']);
    const second = await pki.issueBundle('app', undefined, { retired });
    expect([second.certPem === certPem, keyIn(dir) === key]).toEqual([false, true]);
    await pki.issueBundle('app', undefined, { retired: [fingerprint(second.certPem)], newKey: true });
    expect(keyIn(dir)).not.toBe(key);
  });

  it('keeps a key of the kind that is wanted only', async () => {
    const dir = scratch();
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    const retired = [fingerprint(certPem)];
    const other = await open(dir, { keyType: 'ecdsa-384' });
    const { certPem: second } = await other.issueMember('m1', 'server', SANS, { retired });
    expect(parseCertificate(second)?.publicKey.asymmetricKeyDetails?.namedCurve).toBe('secp384r1');
  });

  it('counts wherever its key is, and stays while it is fine', async () => {
    const dir = scratch();
    const { certPem } = await (await open(dir)).issueBundle('app');
    rmSync(join(dir, 'clients/app/app-key.pem'));
    expect(await readBundles(dir)).toMatchObject([{ name: 'app', certPem, hasKey: false }]);
    const pki = await open(dir);
    expect(await pki.bundlesDue()).toEqual([]);
    expect(await pki.issueBundle('app', 'trusted\n')).toEqual({ certPem });
    expect(readFileSync(join(dir, 'clients/app/ca.pem'), 'utf8')).toBe('trusted\n');
    const retired = [fingerprint(certPem)];
    expect(await pki.bundlesDue(retired)).toEqual(['app']);
    await pki.issueBundle('app', undefined, { retired });
    const [made] = await readBundles(dir);
    expect([made?.hasKey, made?.serials.length]).toEqual([true, 2]);
    rmSync(join(dir, 'clients/app/app-key.pem'));
    rmSync(join(dir, 'clients/app/app.pem'));
    expect(await readBundles(dir)).toMatchObject([{ certPem: undefined, serials: made?.serials }]);
    await revokeBundle(options(dir), 'app');
    expect(await wasRevoked(dir, 'app')).toBe(true);
  });

  it.each(['ecdsa-256', 'ecdsa-384', 'ecdsa-521', 'rsa-2048', 'ed25519'])(
    'is on a list that is known by its CA, of %s',
    async (keyType) => {
      const dir = scratch();
      await (await open(dir, { keyType })).issueBundle('app');
      await revokeBundle(options(dir), 'app');
      const der = (await readCrl(dir))!;
      const ca = readFileSync(join(dir, 'ca.pem'), 'utf8');
      expect((await listOf(der, [ca]))?.entries.length).toBe(1);
      der[der.length - 1]! ^= 1;
      expect(await listOf(der, [ca])).toBeUndefined();
    },
  );

  it('that cannot be read is none that is not there', async () => {
    const dir = scratch();
    await (await open(dir)).issueBundle('app');
    mkdirSync(crlPath(dir));
    await expect(readCrl(dir)).rejects.toThrow('cannot read');
    renameSync(join(dir, 'clients/app'), join(dir, 'app'));
    expect(await readBundles(dir)).toEqual([]);
  });

  const reason = missingTools(['openssl', 'version']);

  it.skipIf(reason)('is revoked with every certificate that it had before, and set aside', async () => {
    const dir = scratch();
    const pki = await open(dir);
    const first = await pki.issueBundle('app');
    const second = await pki.issueBundle('app', undefined, { retired: [fingerprint(first.certPem)] });
    await revokeBundle(options(dir), 'app');
    expect(existsSync(join(dir, 'clients/app'))).toBe(false);
    expect([await wasRevoked(dir, 'app'), await wasRevoked(dir, 'ap')]).toEqual([true, false]);
    const serials = [first, second].map(({ certPem }) => parseCertificate(certPem)!.serialNumber);
    await pki.issueBundle('other');
    const [{ serials: third } = { serials: [] }] = await readBundles(dir);
    await revokeBundle(options(dir), 'other');
    await revokeBundle(options(dir), 'other');
    const told = tool('openssl', ['crl', '-inform', 'DER', '-in', crlPath(dir), '-noout', '-text']);
    const listed = [...told.matchAll(/Serial Number: ([0-9A-F]+)/g)].map(([, serial]) => serial);
    expect(listed.sort()).toEqual([...serials, ...third.map((one) => one.toUpperCase())].sort());
    const args = ['crl', '-inform', 'DER', '-in', crlPath(dir), '-CAfile', join(dir, 'ca.pem'), '-noout'];
    expect(() => tool('openssl', args)).not.toThrow();
  });
});

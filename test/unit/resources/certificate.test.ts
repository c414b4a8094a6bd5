import { X509Certificate } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { asOneRun } from '../../../lib/dsl/common/per-run.ts';
import { unread } from '../../../lib/dsl/common/unread.ts';
import { type CertificateOptions, caCertificate, certificate } from '../../../lib/resources/certificate.ts';
import { file } from '../../../lib/resources/file.ts';
import { dry, run } from '../support/cycle.ts';
import { scratch } from '../support/scratch.ts';

describe('a certificate', () => {
  let dir: string;
  const at = (name: string) => join(dir, 'at', name);
  const wish = (more: Partial<CertificateOptions> = {}) =>
    certificate(at('cert.pem'), { key: at('key.pem'), names: ['www.example.org', '10.0.0.7'], ...more });
  const found = () => new X509Certificate(readFileSync(at('cert.pem')));
  beforeEach(() => {
    dir = scratch();
    mkdirSync(at(''));
  });

  it('is its own issuer, for its names, and then nothing differs', async () => {
    expect(await dry([wish()], { dir })).toEqual([
      'create cert.pem: null → unknown',
      'create key.pem: null → unknown',
    ]);
    await run([wish()], { dir });
    const cert = found();
    expect(cert.subjectAltName).toBe('DNS:www.example.org, IP Address:10.0.0.7');
    expect(cert.verify(cert.publicKey)).toBe(true);
    expect(statSync(at('key.pem')).mode & 0o777).toBe(0o600);
  });

  it.each<[string, Partial<CertificateOptions>, () => void]>([
    ['is close to its end', { expiry: '400d', renewBefore: '380d' }, () => {}],
    ['has other names', { names: ['other.example.org'] }, () => {}],
    ['has another type of key', { keyType: 'rsa-2048' }, () => {}],
    ['lasts longer than is wanted', { expiry: '60d' }, () => {}],
    ['is not the one that was installed', {}, () => writeFileSync(at('key.pem'), 'edited')],
  ])('is made anew where it %s', async (_name, options, drift) => {
    await run([wish()], { dir });
    const first = found().serialNumber;
    drift();
    await run([wish(options)], { dir });
    expect(found().serialNumber).not.toBe(first);
  });

  it('comes from a CA that is made once, and that hosts can trust', async () => {
    const authority = join(dir, 'pki');
    const tasks = () => [
      file(at('ca.pem'), { content: caCertificate(authority) }),
      wish({ authority }),
      certificate(at('b.pem'), { key: at('b-key.pem'), names: ['b'], authority }),
    ];
    await run(tasks(), { dir });
    const ca = new X509Certificate(readFileSync(at('ca.pem')));
    expect([found().verify(ca.publicKey), found().checkIssued(ca)]).toEqual([true, true]);
    await run([wish({ authority, names: ['x'] })], { dir });
    expect(new X509Certificate(readFileSync(join(authority, 'ca.pem'))).fingerprint256).toBe(
      ca.fingerprint256,
    );
    // The day comes by itself.
    vi.useFakeTimers({ now: Date.now() + 350 * 86_400_000, toFake: ['Date'] });
    try {
      expect(await dry(tasks().slice(2), { dir })).toEqual([
        expect.stringMatching(/^update b.pem: expires .* → unknown$/),
      ]);
      await run(tasks().slice(2), { dir });
    } finally {
      vi.useRealTimers();
    }
  });

  it('is not made anew, nor is what hosts trust, because the folder of its CA is not here', async () => {
    const authority = join(dir, 'pki');
    const trusted = () => file(at('ca.pem'), { content: caCertificate(authority) });
    const another = () => certificate(at('b.pem'), { key: at('b-key.pem'), names: ['b'], authority });
    const wished = () => [wish({ authority }), trusted()];
    await run(wished(), { dir });
    renameSync(authority, `${authority}-elsewhere`);
    const refusal = { exitCode: 3, message: expect.stringMatching(/\/pki is not on this machine/) };
    await asOneRun(async () => {
      for (const one of wished()) await expect(dry([one], { dir })).rejects.toMatchObject(refusal);
      // Nor for a host that has none of it yet, which is free of the others.
      await expect(run([another()], { dir })).rejects.toMatchObject(refusal);
    });
    expect(existsSync(authority)).toBe(false);
    renameSync(`${authority}-elsewhere`, authority);
    expect(await asOneRun(() => dry(wished(), { dir }))).toEqual([]);
  });

  it('is not a reason for a CA where hosts that may have one were not looked at, unless its folder is here', async () => {
    const authority = join(dir, 'pki');
    const trusted = () => file(at('ca.pem'), { content: caCertificate(authority) });
    await asOneRun(async () => {
      unread.own.names = ['web-1', 'web-2'];
      const refusal = { exitCode: 3, message: expect.stringMatching(/nobody has looked .*: web-1, web-2$/) };
      for (const one of [wish({ authority }), trusted()])
        await expect(dry([one], { dir })).rejects.toMatchObject(refusal);
      expect(await dry([wish()], { dir })).toHaveLength(2);
      mkdirSync(authority);
      await run([trusted(), wish({ authority })], { dir });
    });
  });

  it('of others does not keep a CA from being made, and trusted in its place', async () => {
    await run([wish()], { dir });
    const authority = join(dir, 'pki');
    const trusted = file(at('cert.pem'), { content: caCertificate(authority) });
    expect(await dry([trusted], { dir })).toEqual([expect.stringMatching(/^update content: .* → unknown$/)]);
    const wished = certificate(at('b.pem'), { key: at('b-key.pem'), names: ['b'], authority });
    expect(await dry([wished], { dir })).toHaveLength(2);
  });

  it('that was its own issuer gets the first one of a CA', async () => {
    await run([wish()], { dir });
    await run([wish({ authority: join(dir, 'pki') })], { dir });
  });

  it.each<[string, Partial<CertificateOptions>, string]>([
    ['type of key', { keyType: 'ecdsa-384' }, 'update cert.pem: its key is ecdsa-256 → unknown'],
    ['life', { expiry: '90d' }, 'update cert.pem: made for 365d → unknown'],
  ])('from a CA is made anew where another %s is wanted, and once', async (_name, options, wanted) => {
    const authority = join(dir, 'pki');
    await run([wish({ authority })], { dir });
    expect(await run([wish({ authority, ...options })], { dir })).toContain(wanted);
    expect(await dry([wish({ authority, ...options })], { dir })).toEqual([]);
  });

  it('from a folder with files of cfssl is as those say', async () => {
    const authority = join(dir, 'pki');
    mkdirSync(authority);
    const config = { signing: { default: { expiry: '2400h', usages: ['server auth', 'client auth'] } } };
    writeFileSync(join(authority, 'ca-config.json'), JSON.stringify(config));
    const csr = { key: { algo: 'rsa', size: 2048 }, names: [] };
    writeFileSync(join(authority, 'server-csr.json'), JSON.stringify(csr));
    await run([wish({ authority })], { dir });
    expect(found().publicKey.asymmetricKeyType).toBe('rsa');
  });

  it('whose CA ends first is not made anew for that', async () => {
    const authority = join(dir, 'pki');
    mkdirSync(authority);
    writeFileSync(join(authority, 'ca-csr.json'), JSON.stringify({ CN: 'x', ca: { expiry: '2400h' } }));
    await run([wish({ authority })], { dir });
  });

  it('from a CA alone is proven by it', async () => {
    await run([wish({ authority: join(dir, 'pki') })], { dir });
  });

  it.each(['cert.pem', './/cert.pem', 'cert.pem.next'])('does not lie where its key does: %s', (key) => {
    expect(() => wish({ key: `${dir}/at/${key}` })).toThrow(
      expect.objectContaining({
        exitCode: 1,
        message: expect.stringMatching(/cert\.pem would put two things at .*\/at\/cert\.pem/),
      }),
    );
  });

  it.each<Partial<CertificateOptions>>([
    { names: [] },
    { expiry: '10d' },
    { expiry: 'soon' },
    { keyType: 'rsa-512' },
  ])('%j is refused before any contact', (options) => {
    expect(() => wish(options)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});

it('hands every word of a task on', () => {
  const one = certificate('/x.pem', {
    key: '/x-key.pem',
    names: ['x'],
    when: false,
    becomeUser: 'app',
    ignoreErrors: true,
  });
  expect(one.words).toMatchObject({ when: false, becomeUser: 'app', ignoreErrors: true });
});

it('a certificate has names as DNS does', () => {
  expect(() => certificate('/x.pem', { key: '/x.key', names: ['ümlaut.example'] })).toThrow(
    expect.objectContaining({ exitCode: 1, hint: expect.stringContaining("'xn--mlaut-jva.example'") }),
  );
});

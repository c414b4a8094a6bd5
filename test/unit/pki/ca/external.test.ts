import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { examineArrivals, makeRequests, namesDue, takeInArrivals } from '../../../../lib/pki/ca/external.ts';
import { readCertificateFiles } from '../../../../lib/pki/certificate-files.ts';
import { endOfChain } from '../../../../lib/pki/chain/chain-end.ts';
import { scratch } from '../../support/scratch.ts';
import { company } from '../company.ts';
import { missingTools, open, options, SANS, walk } from '../support.ts';

const missing = missingTools(['openssl', 'version']);

const MEMBERS = [
  { name: 'm1', kind: 'server', sans: SANS },
  { name: 'm1', kind: 'peer', sans: SANS },
] as const;
const ALL = { members: MEMBERS, clients: ['app'], own: true };

/** Requests of a cluster that has nothing yet, in a folder, and a CA beside it. */
async function asked() {
  const dir = scratch();
  const out = scratch();
  const requests = await makeRequests(options(dir), ALL, { again: false });
  for (const { name, pem } of requests) writeFileSync(join(out, `${name}.csr`), pem);
  return { dir, out, requests, ca: company(out), back: scratch() };
}

describe.skipIf(missing)('a CA whose key is elsewhere', () => {
  it('is sent requests for exactly the names, by keys that stay and are the same when asked again', async () => {
    const { dir, out, requests } = await asked();
    expect(requests.map(({ name }) => name)).toEqual(['m1-server', 'm1-peer', 'client', 'client-app']);
    const said = (args: string[]) =>
      execFileSync('openssl', ['req', '-in', join(out, 'm1-server.csr'), ...args], { encoding: 'utf8' });
    expect(said(['-noout', '-verify', '-text'])).toMatch(
      /Subject: CN ?= ?m1\n[\s\S]*DNS:etcd01, DNS:localhost, IP Address:10.0.52.14, IP Address:127.0.0.1/,
    );
    expect(walk(dir).filter((file) => file.endsWith('.pem'))).toEqual([
      'client-key.pem',
      'clients/app/app-key.pem',
      'm1/peer-key.pem',
      'm1/server-key.pem',
    ]);
    expect(statSync(join(dir, 'm1/server-key.pem')).mode & 0o777).toBe(0o600);
    const again = await makeRequests(options(dir), ALL, { again: false });
    const publicKey = (pem: string) =>
      execFileSync('openssl', ['req', '-noout', '-pubkey'], { input: pem, encoding: 'utf8' });
    expect(again.map(({ pem }) => publicKey(pem))).toEqual(requests.map(({ pem }) => publicKey(pem)));
  });

  it('gives certificates that issuing then hands out, without any key of the CA', async () => {
    const { dir, out, requests, ca, back } = await asked();
    for (const { name } of requests) ca.sign(`${name}.csr`, join(back, `${name}.crt`));
    writeFileSync(join(back, 'chain.pem'), ca.chain());
    writeFileSync(join(back, 'notes.txt'), 'no certificate');
    execFileSync('openssl', ['x509', '-in', 'm1-peer.crt', '-outform', 'DER', '-out', 'm1-peer.cer'], {
      cwd: back,
    });
    execFileSync('rm', ['m1-peer.crt'], { cwd: back });
    const files = await readCertificateFiles([back]);
    const arrivals = await examineArrivals(options(dir), files, MEMBERS);
    expect(arrivals.map(({ name, isNew }) => [name, isNew]).sort()).toEqual(
      requests.map(({ name }) => [name, true]).sort(),
    );
    expect(walk(dir)).not.toContain('ca.pem');
    await takeInArrivals(options(dir), files, MEMBERS);
    expect((await examineArrivals(options(dir), files, MEMBERS)).some(({ isNew }) => isNew)).toBe(false);
    expect(walk(dir)).not.toContain('ca-key.pem');
    const pki = await open(dir);
    const { certPem } = await pki.issueMember('m1', 'server', SANS);
    writeFileSync(join(out, 'shown.pem'), certPem);
    const verify = [
      'verify',
      '-CAfile',
      'root.pem',
      '-untrusted',
      'shown.pem',
      '-purpose',
      'sslserver',
      'shown.pem',
    ];
    expect(execFileSync('openssl', verify, { cwd: out, encoding: 'utf8' })).toContain('OK');
    expect(readFileSync(join(dir, 'ca.pem'), 'utf8').match(/BEGIN/g)).toHaveLength(2);
    expect(await pki.bundlesDue()).toEqual([]);
    expect(await makeRequests(options(dir), ALL, { again: false })).toEqual([]);
    // What is due again later: issuing says how.
    await expect(pki.issueMember('m1', 'server', [...SANS, 'new.example'])).rejects.toMatchObject({
      exitCode: 3,
      hint: expect.stringContaining('--csr DIR'),
    });
  });

  it.each<[what: string, sign: Parameters<ReturnType<typeof company>['sign']>[2], wrong: string]>([
    ['for one use alone', { uses: 'serverAuth' }, 'm1-server: not for client auth'],
    ['that is due at once', { days: 29 }, 'and is due again at once: the expiry that is asked for'],
    ['without names', { names: false }, 'm1-server: lacks 10.0.52.14, etcd01, localhost, 127.0.0.1'],
  ])('is refused a certificate %s, and nothing is written', async (_, how, wrong) => {
    const { dir, ca, back } = await asked();
    ca.sign('m1-server.csr', join(back, 'm1-server.crt'), how);
    ca.sign('m1-peer.csr', join(back, 'm1-peer.crt'));
    writeFileSync(join(back, 'chain.pem'), ca.chain());
    const before = walk(dir);
    const files = await readCertificateFiles([back]);
    const refused = takeInArrivals(options(dir), files, MEMBERS);
    await expect(refused).rejects.toMatchObject({ exitCode: 5, message: expect.stringContaining(wrong) });
    expect(walk(dir)).toEqual(before);
  });

  it('is told by its chain: whole, one for all, and the one in use', async () => {
    const { dir, out, ca, back } = await asked();
    ca.sign('m1-server.csr', join(back, 'm1-server.crt'));
    const leaf = join(back, 'm1-server.crt');
    const problem = async (...paths: string[]) => {
      const files = await readCertificateFiles(paths);
      return examineArrivals(options(dir), files, MEMBERS).catch(({ message }) => String(message));
    };
    expect(await problem(leaf)).toContain('its CA (CN=etcd-ca) is not among what was given');
    expect(await problem(leaf, join(out, 'etcd-ca.pem'))).toContain('whose own CA (CN=root) is not in it');
    expect(await problem(join(out, 'root.pem'))).toContain("no certificate but CAs'");
    const stranger = await asked();
    stranger.ca.sign('m1-server.csr', join(stranger.back, 'other.crt'));
    expect(
      await problem(
        join(stranger.back, 'other.crt'),
        join(stranger.out, 'etcd-ca.pem'),
        join(stranger.out, 'root.pem'),
      ),
    ).toContain(`no key in ${dir} belongs to it`);
    await (await open(dir)).ensureCa();
    expect(await problem(leaf, join(out, 'etcd-ca.pem'), join(out, 'root.pem'))).toContain(
      'm1-server: not from this CA (issuer CN=etcd-ca)',
    );
  });

  it('may sign by another intermediate under its root: what is trusted stays, and so does what the first has signed', async () => {
    const { dir, out, ca, back } = await asked();
    for (const name of ['m1-server', 'm1-peer']) ca.sign(`${name}.csr`, join(back, `${name}.crt`));
    writeFileSync(join(back, 'chain.pem'), ca.chain());
    await takeInArrivals(options(dir), await readCertificateFiles([back]), MEMBERS);
    const trusted = readFileSync(join(dir, 'ca.pem'), 'utf8');
    ca.another('etcd-ca-2');
    ca.sign('m1-server.csr', join(out, 'm1-server.crt'));
    const leaf = join(out, 'm1-server.crt');
    const bare = await readCertificateFiles([leaf]);
    await expect(examineArrivals(options(dir), bare, MEMBERS)).rejects.toMatchObject({
      message: expect.stringContaining('not from this CA (issuer CN=etcd-ca-2)'),
      hint: expect.stringContaining('another one under its root, which is given as well'),
    });
    const files = await readCertificateFiles([leaf, join(out, 'etcd-ca-2.pem')]);
    await takeInArrivals(options(dir), files, MEMBERS);
    expect(readFileSync(join(dir, 'ca.pem'), 'utf8')).toBe(trusted);
    const pki = await open(dir);
    const { certPem } = await pki.issueMember('m1', 'server', SANS);
    expect(certPem.match(/BEGIN/g)).toHaveLength(2);
    const shown = join(out, 'shown.pem');
    writeFileSync(shown, certPem);
    const verify = ['verify', '-CAfile', 'root.pem', '-untrusted', shown, '-purpose', 'sslserver', shown];
    expect(execFileSync('openssl', verify, { cwd: out, encoding: 'utf8' })).toContain('OK');
    await pki.issueMember('m1', 'peer', SANS);
    expect(await namesDue(options(dir), ALL, trusted)).toEqual(['client', 'client-app']);
    const end = (name: string) => new Date(new X509Certificate(readFileSync(join(out, name))).validTo);
    expect(endOfChain(trusted, [certPem])).toEqual(end('etcd-ca-2.pem'));
  });

  it('sends back nothing that is on its list of revoked certificates', async () => {
    const { dir, ca, back } = await asked();
    ca.sign('m1-server.csr', join(back, 'm1-server.crt'));
    writeFileSync(join(back, 'chain.pem'), ca.chain());
    const list = ca.list('crl.pem', { revoke: [join(back, 'm1-server.crt')] });
    execFileSync('openssl', ['crl', '-in', list, '-outform', 'DER', '-out', join(dir, 'crl.der')]);
    await expect(
      examineArrivals(options(dir), await readCertificateFiles([back]), MEMBERS),
    ).rejects.toMatchObject({ message: expect.stringContaining('m1-server: is on the list of revoked') });
  });

  it('signs for a client under its own name alone: etcd takes it for the user', async () => {
    const { dir, out, ca, back } = await asked();
    const key = join(dir, 'clients/app/app-key.pem');
    execFileSync('openssl', ['req', '-new', '-key', key, '-subj', '/CN=root', '-out', 'forged.csr'], {
      cwd: out,
    });
    ca.sign('forged.csr', join(back, 'app.crt'), { uses: 'clientAuth' });
    writeFileSync(join(back, 'chain.pem'), ca.chain());
    const files = await readCertificateFiles([back]);
    await expect(examineArrivals(options(dir), files, MEMBERS)).rejects.toMatchObject({
      message: expect.stringContaining('client-app: for CN=root, not for CN=app'),
    });
  });

  it('is not a reason to pass over a file that was named and has no certificate', async () => {
    const file = join(scratch(), 'chain.p7b');
    writeFileSync(file, '-----BEGIN PKCS7-----\nAA==\n-----END PKCS7-----\n');
    await expect(readCertificateFiles([file])).rejects.toMatchObject({
      exitCode: 1,
      hint: expect.stringContaining('pkcs7'),
    });
    await expect(readCertificateFiles([scratch()])).rejects.toMatchObject({ exitCode: 1 });
  });
});

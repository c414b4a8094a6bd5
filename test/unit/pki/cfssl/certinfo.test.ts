import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { showCertificate } from '../../../../lib/etcd/operations/certs/show.ts';
import { scratch } from '../../support/scratch.ts';
import { missingTools, open, SANS, tool } from '../support.ts';

const reason = missingTools(['cfssl', 'version'], ['openssl', 'version']);

describe.skipIf(reason)(`what is in a certificate${reason ? `: ${reason}` : ''}`, () => {
  it.each<[subject: string, key: string, more: readonly string[]]>([
    [
      '/C=CN/ST=Beijing/L=Beijing/O=a/O=b/OU=x/CN=test/serialNumber=7/emailAddress=a@b',
      'ec:prime256v1',
      ['-addext', 'subjectAltName=DNS:a.example,IP:10.0.0.1,IP:2001:db8::1,email:x@y,URI:spiffe://a'],
    ],
    ['/CN=a&b <x>', 'rsa:2048', []],
    ['/O=only/street=Long Road 1/postalCode=1000', 'ec:secp384r1', ['-sha384']],
    ['/CN=one/CN=two', 'ed25519', []],
    ['/', 'rsa:2048', ['-sha512']],
  ])('%s (%s) is told byte by byte as cfssl does', async (subject, key, more) => {
    const dir = scratch();
    const file = join(dir, 'cert.pem');
    const [kind = '', detail] = key.split(':');
    const wanted = kind === 'ec' ? ['ec', '-pkeyopt', `ec_paramgen_curve:${detail}`] : [key];
    const out = ['-keyout', join(dir, 'key.pem'), '-out', file, '-days', '10'];
    tool('openssl', ['req', '-x509', '-newkey', ...wanted, '-nodes', ...out, '-subj', subject, ...more]);
    expect(await showCertificate(file)).toBe(tool('cfssl', ['certinfo', '-cert', file]));
  });

  it('the certificates that are made here, too', async () => {
    const dir = scratch();
    await (await open(dir)).issueMember('m1', 'server', SANS);
    for (const name of ['ca.pem', 'client.pem', 'm1/server.pem']) {
      const file = join(dir, name);
      expect(await showCertificate(file)).toBe(tool('cfssl', ['certinfo', '-cert', file]));
    }
  });

  it('says what is wrong with a file: 1', async () => {
    const dir = scratch();
    await (await open(dir)).ensureCa();
    expect(readFileSync(join(dir, 'ca-key.pem'), 'utf8')).toContain('PRIVATE KEY');
    for (const name of ['nothing.pem', 'ca-key.pem']) {
      await expect(showCertificate(join(dir, name))).rejects.toMatchObject({ exitCode: 1 });
    }
  });
});

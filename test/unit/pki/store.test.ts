import { X509Certificate } from 'node:crypto';
import { chmodSync, existsSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { EXIT } from '../../../lib/errors.ts';
import { writeWhole } from '../../../lib/files.ts';
import { certificateProblems, parseDuration, readCa } from '../../../lib/pki/index.ts';
import { scratch } from '../support/scratch.ts';
import { open, read, SANS, walk } from './support.ts';

afterEach(() => {
  vi.unstubAllEnvs();
});

describe('the folder', () => {
  it.each([0, 0o022, 0o777])('has its files, private whatever the modes before: umask %i', async (mask) => {
    const dir = scratch();
    chmodSync(dir, 0o777);
    const umask = process.umask(mask);
    try {
      const pki = await open(dir);
      await pki.issueMember('m1', 'server', SANS);
      await pki.issueMember('m1', 'peer', SANS);
    } finally {
      process.umask(umask);
    }
    const mode = (name: string) => (statSync(join(dir, name)).mode & 0o7777).toString(8);
    expect(Object.fromEntries(['.', ...walk(dir)].map((name) => [name, mode(name)]))).toEqual({
      '.': '700',
      '.gitignore': '644',
      'ca-key.pem': '600',
      'ca.csr': '644',
      'ca.pem': '644',
      'client-key.pem': '600',
      'client.pem': '644',
      m1: '700',
      'm1/peer-key.pem': '600',
      'm1/peer.pem': '644',
      'm1/server-key.pem': '600',
      'm1/server.csr': '644',
      'm1/server.pem': '644',
    });
    expect(read(dir, '.gitignore')).toContain('*-key.pem');
  });

  it('never shows a file that is half written or of another mode', async () => {
    const dir = scratch();
    const path = join(dir, 'x-key.pem');
    let stop = false;
    const seen = new Set<string>();
    const watch = (async () => {
      while (!stop) {
        for (const name of readdirSync(dir)) {
          try {
            seen.add(`${(statSync(join(dir, name)).mode & 0o777).toString(8)}`);
          } catch {
            // Gone meanwhile.
          }
        }
        if (existsSync(path)) expect(readFileSync(path, 'utf8')).toMatch(/^(a{100000}|b{100000})$/);
        await sleep(0);
      }
    })();
    const umask = process.umask(0);
    try {
      for (let i = 0; i < 10; i++)
        await writeWhole(path, (i % 2 ? 'a' : 'b').repeat(100_000), { mode: 0o600 });
    } finally {
      process.umask(umask);
      stop = true;
    }
    await watch;
    expect([...seen]).toEqual(['600']);
  });

  it('is left as it is by a second run, and by one that only reads', async () => {
    const dir = join(scratch(), 'pki');
    expect(await readCa(dir)).toBeUndefined();
    await open(dir);
    expect(existsSync(dir)).toBe(false);
    const first = await (await open(dir)).issueMember('m1', 'server', SANS);
    const before = walk(dir).map((name) => [name, statSync(join(dir, name)).mtimeMs]);
    const second = await (await open(dir)).issueMember('m1', 'server', [...SANS].reverse());
    expect(second.certPem).toBe(first.certPem);
    expect(second.keyPem.reveal()).toBe(first.keyPem.reveal());
    expect(walk(dir).map((name) => [name, statSync(join(dir, name)).mtimeMs])).toEqual(before);
  });

  it('gives every certificate a key of its own, hidden in print', async () => {
    const pki = await open(scratch());
    const keys = [
      await pki.issueMember('m1', 'server', SANS),
      await pki.issueMember('m1', 'peer', SANS),
      await pki.issueMember('m2', 'server', SANS),
    ].map(({ keyPem }) => keyPem);
    expect(new Set(keys.map((key) => key.reveal())).size).toBe(3);
    expect(keys[0]).toBeInstanceOf(Secret);
    expect(`${keys[0]}`).not.toContain('BEGIN');
  });

  it('issues anew when the names or the CA changed, or the stored key is another', async () => {
    const dir = scratch();
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    const other = await (await open(dir)).issueMember('m1', 'server', [...SANS, 'x.test']);
    expect(other.certPem).not.toBe(certPem);
    writeFileSync(join(dir, 'm1/server-key.pem'), read(dir, 'client-key.pem'));
    const third = await (await open(dir)).issueMember('m1', 'server', [...SANS, 'x.test']);
    expect(third.certPem).not.toBe(other.certPem);
    const caPem = await readCa(dir);
    expect(
      certificateProblems({ pem: third.certPem, sans: [...SANS, 'x.test'], caPem, renewBefore: 0 }),
    ).toEqual([]);
  });

  it.each<[string, Parameters<typeof open>[1], RegExp]>([
    ['a CA that is over', { caExpiry: '5m' }, /^the CA would have ended when it is made/],
    ['a CA without an end', { caExpiry: '3650000d' }, /^the CA would end after the year 9999/],
    ['a CA of all time', { caExpiry: '9999999999d' }, /^the CA would end after the year 9999/],
    ['a certificate that is over', { certExpiry: '5m' }, /^a certificate would have ended when it is made/],
    ['a certificate of no time', { certExpiry: '0' }, /^a certificate would have ended when it is made/],
    ['a certificate without an end', { certExpiry: '3650000d' }, /^a certificate would end after/],
  ])('refuses %s', async (_name, options, message) => {
    const dir = join(scratch(), 'pki');
    await expect((await open(dir, options)).issueMember('m1', 'server', SANS)).rejects.toMatchObject({
      exitCode: EXIT.usage,
      message: expect.stringMatching(message),
    });
    expect(existsSync(join(dir, 'm1'))).toBe(false);
    expect(existsSync(join(dir, 'ca-key.pem'))).toBe(options?.caExpiry === undefined);
  });

  it('makes certificates that last a minute, and until the next century', async () => {
    for (const certExpiry of ['6m', '60000d']) {
      const { certPem } = await (await open(scratch(), { certExpiry, caExpiry: '70000d' })).issueMember(
        'm1',
        'server',
        SANS,
      );
      const { validFrom, validTo } = new X509Certificate(certPem);
      expect(Date.parse(validTo) - Date.parse(validFrom)).toBe(parseDuration(certExpiry));
    }
  });

  it('refuses a member without names', async () => {
    const issued = (await open(scratch())).issueMember('m1', 'server', []);
    await expect(issued).rejects.toMatchObject({ exitCode: EXIT.usage });
  });
});

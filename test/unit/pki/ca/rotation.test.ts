import { copyFileSync, existsSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isIssuedBy } from '../../../../lib/pki/chain/chain.ts';
import {
  bundleOf,
  certificatesIn,
  fingerprint,
  fingerprints,
  isForeignFolder,
  isNextElsewhere,
  makeNextCa,
  readCa,
  readNextCa,
  readPreviousCa,
  requireNextChain,
  switchToNextCa,
  withoutCa,
} from '../../../../lib/pki/index.ts';
import { scratch } from '../../support/scratch.ts';
import { company } from '../company.ts';
import { open, options, SANS } from '../support.ts';

const NEXT = { caName: 'test etcd CA 2' };

describe('a CA that takes the place of another one', () => {
  async function begun() {
    const dir = scratch();
    const { pem: old } = await (await open(dir)).ensureCa();
    const next = await makeNextCa(options(dir, NEXT));
    return { dir, old, next };
  }

  it('lies apart, is made once, and issues nothing', async () => {
    const { dir, old, next } = await begun();
    expect(await makeNextCa(options(dir, NEXT))).toBe(next);
    expect([await readCa(dir), await readNextCa(dir)]).toEqual([old, next]);
    expect(statSync(join(dir, 'next/ca-key.pem')).mode & 0o777).toBe(0o600);
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    const [leaf] = certificatesIn(certPem);
    expect(isIssuedBy(leaf!, certificatesIn(old)[0]!)).toBe(true);
  });

  it('makes a folder ours that has no CA in use any more', async () => {
    const dir = scratch();
    await makeNextCa(options(dir, NEXT));
    expect(await isForeignFolder(dir)).toBe(false);
  });

  it('may be one that was put there', async () => {
    const [dir, other] = [scratch(), scratch()];
    await (await open(dir)).ensureCa();
    const { pem } = await (await open(other)).ensureCa();
    mkdirSync(join(dir, 'next'));
    for (const name of ['ca.pem', 'ca-key.pem']) copyFileSync(join(other, name), join(dir, 'next', name));
    expect(await makeNextCa(options(dir, NEXT))).toBe(pem);
  });

  it('may have its key elsewhere: then the one before takes its key along', async () => {
    const [dir, other] = [scratch(), scratch()];
    const { pem: old } = await (await open(dir)).ensureCa();
    const { pem } = await (await open(other)).ensureCa();
    mkdirSync(join(dir, 'next'));
    copyFileSync(join(other, 'ca.pem'), join(dir, 'next/ca.pem'));
    expect(isNextElsewhere(dir)).toBe(true);
    await requireNextChain(dir);
    expect(await makeNextCa(options(dir, NEXT))).toBe(pem);
    for (let tries = 0; tries < 2; tries++) await switchToNextCa(dir);
    expect([await readCa(dir), existsSync(join(dir, 'ca-key.pem'))]).toEqual([pem, false]);
    expect(existsSync(join(dir, 'previous', fingerprint(old).slice(0, 16), 'ca-key.pem'))).toBe(true);
  });

  it.each(['root first', 'no root'])(
    'that has its key elsewhere is refused with a chain that has %s',
    async (what) => {
      const [dir, out] = [scratch(), scratch()];
      const [signer, root] = certificatesIn(company(out).chain());
      mkdirSync(join(dir, 'next'));
      const chain = what === 'no root' ? [signer] : [root, signer];
      writeFileSync(join(dir, 'next/ca.pem'), chain.join(''));
      await expect(requireNextChain(dir)).rejects.toMatchObject({ exitCode: 3 });
    },
  );

  it('is not the one that is in use', async () => {
    const dir = scratch();
    await (await open(dir)).ensureCa();
    mkdirSync(join(dir, 'next'));
    for (const name of ['ca.pem', 'ca-key.pem']) copyFileSync(join(dir, name), join(dir, 'next', name));
    await expect(makeNextCa(options(dir, NEXT))).rejects.toMatchObject({ exitCode: 3 });
  });

  it('issues after the switch, and the one before is kept with its key', async () => {
    const { dir, old, next } = await begun();
    const oldKey = readFileSync(join(dir, 'ca-key.pem'), 'utf8');
    await switchToNextCa(dir);
    expect([await readCa(dir), await readNextCa(dir)]).toEqual([next, undefined]);
    expect(await readPreviousCa(dir, fingerprint(old))).toBe(old);
    const kept = join(dir, 'previous', fingerprint(old).slice(0, 16), 'ca-key.pem');
    expect(readFileSync(kept, 'utf8')).toBe(oldKey);
    expect(statSync(kept).mode & 0o777).toBe(0o600);
    const { certPem } = await (await open(dir)).issueMember('m1', 'server', SANS);
    expect(isIssuedBy(certificatesIn(certPem)[0]!, certificatesIn(next)[0]!)).toBe(true);
  });

  /** What lies there when the switch was cut off: files of the new CA that have taken their place by then. */
  it.each([[[]], [['ca-key.pem']], [['ca-key.pem', 'ca.csr']], [['ca-key.pem', 'ca.csr', 'ca.pem']]])(
    'goes on with a switch that was cut off after %j',
    async (moved) => {
      const { dir, old, next } = await begun();
      const oldKey = readFileSync(join(dir, 'ca-key.pem'), 'utf8');
      const newKey = readFileSync(join(dir, 'next/ca-key.pem'), 'utf8');
      const kept = join(dir, 'previous', fingerprint(old).slice(0, 16));
      mkdirSync(kept, { recursive: true });
      for (const name of ['ca-key.pem', 'ca.csr', 'ca.pem']) copyFileSync(join(dir, name), join(kept, name));
      for (const name of moved) copyFileSync(join(dir, 'next', name), join(dir, name));
      await switchToNextCa(dir);
      await switchToNextCa(dir);
      expect(await readCa(dir)).toBe(next);
      expect(readFileSync(join(dir, 'ca-key.pem'), 'utf8')).toBe(newKey);
      expect(readFileSync(join(kept, 'ca-key.pem'), 'utf8')).toBe(oldKey);
      expect(await readPreviousCa(dir, fingerprint(old))).toBe(old);
      expect(existsSync(join(dir, 'next'))).toBe(false);
    },
  );

  it('is trusted beside the other one by a file that has both, each once', async () => {
    const { old, next } = await begun();
    const both = bundleOf(old, next, old);
    expect(fingerprints(both)).toEqual([fingerprint(old), fingerprint(next)].sort());
    expect(withoutCa(both, next)?.trim()).toBe(old.trim());
    expect(withoutCa(next, next)).toBeUndefined();
  });
});

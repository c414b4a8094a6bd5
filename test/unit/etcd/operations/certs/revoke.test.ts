import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOTHING_KEPT } from '../../../../../lib/etcd/facts/kept.ts';
import { deriveRevocation } from '../../../../../lib/etcd/operations/certs/revoke.ts';
import { fingerprints, readCa, readCrl, readList, revokeBundle } from '../../../../../lib/pki/index.ts';
import { open, options } from '../../../pki/support.ts';
import { fakeCluster, listedMember, memberReading, memberStatus } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

/** A cluster whose hosts have a list with alice, on a clone of the folder: no crl.der, and no keys of clients. */
async function clone() {
  const dir = scratch();
  const pki = await open(dir);
  for (const name of ['alice', 'carol']) await pki.issueBundle(name);
  await revokeBundle(options(dir), 'alice');
  const crl = (await readCrl(dir))!;
  const caPem = (await readCa(dir))!;
  for (const path of ['crl.der', 'revoked', 'clients/carol/carol-key.pem'])
    rmSync(join(dir, path), { recursive: true });
  const member = (i: number) => ({
    facts: {
      owner: 'cluster etcd',
      data: 'present' as const,
      service: 'active' as const,
      installed: '3.5.30',
      caPem,
      kept: { ...NOTHING_KEPT, crl, trusted: fingerprints(caPem) },
      reading: memberReading({
        status: memberStatus(i),
        members: [1, 2, 3].map((one) => listedMember(one)),
      }),
    },
  });
  const cluster = fakeCluster([member(1), member(2), member(3)], { etcd_pki_dir: dir });
  const derive = (name: string) => deriveRevocation(cluster.run(), cluster, name);
  return { dir, derive };
}

describe('a revocation on a machine that has no list and no key of the client', () => {
  it('keeps whom another one has revoked', async () => {
    const { dir, derive } = await clone();
    const [first, ...others] = await derive('carol');
    expect(first?.title).toContain('every certificate of carol');
    expect(others.map(({ host }) => host)).toEqual(['etcd02', 'etcd03', 'etcd01']);
    await first?.carryOut();
    expect((await readList(dir))?.entries.length).toBe(2);
  });

  it('is refused without the key of the CA, before anything is asked', async () => {
    const { dir, derive } = await clone();
    rmSync(join(dir, 'ca-key.pem'));
    await expect(derive('carol')).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('no list of revoked certificates can be signed here'),
    });
  });
});

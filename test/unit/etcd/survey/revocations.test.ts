import { copyFileSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { NOTHING_KEPT } from '../../../../lib/etcd/facts/kept.ts';
import { listsOnHosts, listsThatCount, revocations } from '../../../../lib/etcd/survey/revocations.ts';
import { crlPath, readCa, readCrl, readList, revokeBundle } from '../../../../lib/pki/index.ts';
import { open, options } from '../../pki/support.ts';
import { fakeCluster } from '../../support/fake-cluster.ts';
import { scratch } from '../../support/scratch.ts';

/** A folder in which these clients were issued, and lists of those that were revoked, one after the other. */
async function folder(...revoked: string[]) {
  const dir = scratch();
  const pki = await open(dir);
  for (const name of ['alice', 'bob', 'carol']) await pki.issueBundle(name);
  const lists: Buffer[] = [];
  for (const name of revoked) {
    await revokeBundle(options(dir), name);
    lists.push((await readCrl(dir))!);
  }
  return { dir, caPem: (await readCa(dir))!, lists };
}

function hosts(dir: string, ...lists: readonly (Buffer | undefined)[]) {
  const kept = (crl: Buffer | undefined) => ({ kept: { ...NOTHING_KEPT, crl } });
  return fakeCluster(
    lists.map((crl) => ({ facts: kept(crl) })),
    { etcd_pki_dir: dir },
  );
}

const count = async (dir: string) => (await readList(dir))?.entries.length;

describe('the list of revoked certificates', () => {
  it('is that of control where no host has another one', async () => {
    const { dir, caPem, lists } = await folder('alice');
    const cluster = hosts(dir, lists[0], undefined);
    const { crl } = await revocations(cluster.run(), cluster, caPem);
    expect(await crl?.lay()).toEqual({ source: crlPath(dir), sha256: crl?.sha256 });
    expect(await readCrl(dir)).toEqual(lists[0]);
    rmSync(crlPath(dir));
    expect(await revocations(cluster.run(), hosts(dir, undefined), caPem)).toEqual({});
  });

  it('is that of the hosts where control has an older one, or none, also without the key', async () => {
    const { dir, caPem, lists } = await folder('alice', 'bob');
    rmSync(join(dir, 'ca-key.pem'));
    for (const older of [lists[0], undefined]) {
      rmSync(crlPath(dir), { force: true });
      if (older) writeFileSync(crlPath(dir), older);
      const cluster = hosts(dir, lists[1], undefined);
      const { crl } = await revocations(cluster.run(), cluster, caPem);
      expect(await readCrl(dir)).toEqual(older);
      expect(await crl?.lay()).toEqual({ source: crlPath(dir), sha256: crl?.sha256 });
      expect([await readCrl(dir), cluster.said]).toEqual([lists[1], []]);
    }
  });

  it('is signed anew where each knows of somebody else, and nothing is written before', async () => {
    const { dir, caPem, lists } = await folder('alice');
    rmSync(crlPath(dir));
    await revokeBundle(options(dir), 'carol');
    const cluster = hosts(dir, lists[0]);
    const { crl } = await revocations(cluster.run(), cluster, caPem);
    expect([crl?.sha256, await count(dir)]).toEqual([undefined, 1]);
    const [one, other] = await Promise.all([crl!.lay(), crl!.lay()]);
    expect([one, await count(dir)]).toEqual([other, 2]);
  });

  it('stays on hosts that know more where it cannot be signed', async () => {
    const { dir, caPem, lists } = await folder('alice');
    rmSync(crlPath(dir));
    await revokeBundle(options(dir), 'carol');
    rmSync(join(dir, 'ca-key.pem'));
    const cluster = hosts(dir, lists[0], undefined);
    const { crl } = await revocations(cluster.run(), cluster, caPem);
    expect(crl?.keeps).toEqual(['etcd01']);
    expect(cluster.said[0]).toMatch(/etcd01:.*client\.crl.*ca-key\.pem is missing/s);
    await crl?.lay();
    expect(await count(dir)).toBe(1);
  });

  it('has nothing of what a CA that is none of the cluster has signed', async () => {
    const { dir, caPem } = await folder('alice');
    const stranger = await folder('bob');
    const own = await readCrl(dir);
    const cluster = hosts(dir, stranger.lists[0], Buffer.from('no list'));
    const { crl } = await revocations(cluster.run(), cluster, caPem);
    await crl?.lay();
    expect(await readCrl(dir)).toEqual(own);
    // One that it had before is its own.
    mkdirSync(join(dir, 'previous/old'), { recursive: true });
    copyFileSync(join(stranger.dir, 'ca.pem'), join(dir, 'previous/old/ca.pem'));
    await (await revocations(cluster.run(), cluster, caPem)).crl?.lay();
    expect(await count(dir)).toBe(2);
  });

  it('counts where a CA of the cluster has signed it, whoever else has written one', async () => {
    const { dir, lists } = await folder('alice');
    const [own, other] = [lists[0]!, (await folder('bob')).lists[0]!];
    expect(await listsThatCount(hosts(dir, other, own, Buffer.from('no list')))).toEqual([own]);
    expect(await listsThatCount(hosts(dir, undefined), own)).toEqual([own]);
  });

  it('is begun with what hosts have, by a machine that has none', async () => {
    const { dir, caPem, lists } = await folder('alice');
    rmSync(crlPath(dir));
    const others = await listsOnHosts(hosts(dir, lists[0]), caPem);
    await revokeBundle(options(dir), 'carol', [...others.values()]);
    expect(await count(dir)).toBe(2);
  });

  it('on control is refused where it is not a list', async () => {
    const { dir, caPem, lists } = await folder('alice');
    writeFileSync(crlPath(dir), 'no list');
    const cluster = hosts(dir, lists[0]);
    await expect(revocations(cluster.run(), cluster, caPem)).rejects.toThrow('is not a list of revoked');
  });
});

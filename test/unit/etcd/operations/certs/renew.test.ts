import { describe, expect, it } from 'vitest';
import { NOTHING_KEPT } from '../../../../../lib/etcd/facts/kept.ts';
import { deriveClient } from '../../../../../lib/etcd/operations/certs/clients.ts';
import { deriveRenewal, namesMeant } from '../../../../../lib/etcd/operations/certs/renew.ts';
import { fingerprints, readCa } from '../../../../../lib/pki/index.ts';
import { open } from '../../../pki/support.ts';
import { fakeCluster, listedMember, memberReading, memberStatus } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

describe('whose certificates are meant', () => {
  const cluster = fakeCluster([
    { vars: { etcd_member_name: 'm1' } },
    { vars: { etcd_member_name: 'patroni' } },
  ]);

  it('a host may be called as its member, and a client comes before such a name', () => {
    expect(namesMeant(cluster, ['m1', 'etcd02', 'patroni'], ['patroni'])).toEqual([
      'etcd01',
      'etcd02',
      'patroni',
    ]);
    expect(namesMeant(cluster, ['patroni'], [])).toEqual(['etcd02']);
  });

  it('nobody else is', () => {
    expect(() => namesMeant(cluster, ['m1', 'm9'], ['patroni'])).toThrow(
      'no host or client of that name: m9',
    );
  });
});

it('certificates are issued while another version is to come or half there: an upgrade wants those that hold', async () => {
  const dir = scratch();
  await (await open(dir)).issueBundle('app');
  const caPem = (await readCa(dir))!;
  const upgrade = { verb: 'upgrade', target: 'etcd 3.7.3', runId: 'r1' };
  const cluster = (versions: readonly string[], intent?: typeof upgrade) => {
    const members = versions.map((_, i) => listedMember(i + 1));
    const facts = (version: string, i: number) => ({
      owner: 'cluster etcd',
      data: 'present' as const,
      service: 'active' as const,
      installed: version,
      caPem,
      ...(intent && { intent }),
      kept: { ...NOTHING_KEPT, trusted: fingerprints(caPem) },
      reading: memberReading({ status: memberStatus(i + 1, { version }), members }),
    });
    const vars = { etcd_pki_dir: dir, etcd_version: '3.7.3' };
    return fakeCluster(
      versions.map((version, i) => ({ facts: facts(version, i) })),
      vars,
    );
  };
  for (const one of [
    cluster(['3.6.16', '3.6.16', '3.6.16']),
    cluster(['3.7.3', '3.6.16', '3.6.16'], upgrade),
  ]) {
    expect(await deriveRenewal(one.run(), one, [])).toEqual([]);
    expect(await deriveClient(one.run(), one, 'bob')).toMatchObject([{ title: 'issue a bundle for bob' }]);
  }
});

import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { NOTHING_KEPT } from '../../../../../lib/etcd/facts/kept.ts';
import { deriveList } from '../../../../../lib/etcd/operations/certs/company-list.ts';
import { fingerprints, readCa, readCrl, takeInLists } from '../../../../../lib/pki/index.ts';
import { open, options } from '../../../pki/support.ts';
import { fakeCluster, workingFacts } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

it('a list that came goes to control, then to all hosts, the leader last; members are restarted the first time alone', async () => {
  const dir = scratch();
  await (await open(dir)).ensureCa();
  const caPem = (await readCa(dir))!;
  // Signed here, and carried to a machine that has no key.
  await takeInLists(options(dir), [], ['70aa']);
  const der = (await readCrl(dir))!;
  const [file, other] = [join(scratch(), 'crl.der'), scratch()];
  writeFileSync(file, der);
  writeFileSync(join(other, 'ca.pem'), caPem);
  const steps = async (kept: object) => {
    const member = (i: number) => ({
      facts: workingFacts(i, 3, {
        caPem,
        kept: { ...NOTHING_KEPT, ...kept, trusted: fingerprints(caPem) },
      }),
    });
    const cluster = fakeCluster([1, 2, 3].map(member), { etcd_pki_dir: other });
    return deriveList(cluster.run(), cluster, file);
  };
  const told = async (kept: object) =>
    (await steps(kept)).map(({ host, title }) => `${host} ${/^\w+/.exec(title)?.[0]}`);
  const laid = ['etcd02 lay', 'etcd03 lay', 'etcd01 lay'];
  const turns = ['etcd02 look', 'etcd03 look', 'etcd01 look'];
  expect(await told({})).toEqual(['control take', ...laid, ...turns]);
  expect(await told({ looksAtList: true })).toEqual(['control take', ...laid]);
  await (await steps({}))[0]?.carryOut();
  expect(await readCrl(other)).toEqual(der);
  expect(await told({ looksAtList: true })).toEqual(laid);
  expect(await told({ looksAtList: true, crl: der })).toEqual([]);
});

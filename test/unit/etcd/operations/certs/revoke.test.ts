import { rmSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { PlannedTask } from '../../../../../lib/dsl/play.ts';
import { NOTHING_KEPT } from '../../../../../lib/etcd/facts/kept.ts';
import { mayMissToLay } from '../../../../../lib/etcd/operations/certs/lists.ts';
import { deriveRevocation } from '../../../../../lib/etcd/operations/certs/revoke.ts';
import {
  fingerprints,
  readBundles,
  readCa,
  readCrl,
  readList,
  revokeBundle,
  takeInLists,
} from '../../../../../lib/pki/index.ts';
import { file } from '../../../../../lib/resources/file.ts';
import { open, options } from '../../../pki/support.ts';
import { fakeCluster, MEMBER_SERVICE, planned, workingFacts } from '../../../support/fake-cluster.ts';
import { scratch } from '../../../support/scratch.ts';

/** A CA with two clients, of whom nobody was revoked yet. */
async function authority() {
  const dir = scratch();
  const pki = await open(dir);
  for (const name of ['alice', 'carol']) await pki.issueBundle(name);
  return { dir, caPem: (await readCa(dir))! };
}

/** What a revocation has to do in a cluster of so many members whose hosts have this list, or none. */
function deriving(
  { dir, caPem }: { readonly dir: string; readonly caPem: string },
  count: number,
  crl: Buffer | undefined,
  vars = {},
  plan: readonly PlannedTask[] = [],
  reached = count,
) {
  const numbers = Array.from({ length: count }, (_, i) => i + 1);
  const member = (i: number) => ({
    plan,
    facts: workingFacts(i, count, {
      caPem,
      kept: { ...NOTHING_KEPT, ...(crl && { crl, looksAtList: true }), trusted: fingerprints(caPem) },
    }),
  });
  const members = numbers.map((i) => (i > reached ? undefined : member(i)));
  const cluster = fakeCluster(members, { etcd_pki_dir: dir, ...vars });
  return (name: string) => deriveRevocation(cluster.run(), cluster, name);
}

/** A cluster whose hosts have a list with alice, on a clone of the folder: no crl.der, and no keys of clients. */
async function clone() {
  const { dir, caPem } = await authority();
  await revokeBundle(options(dir), 'alice');
  const crl = (await readCrl(dir))!;
  for (const path of ['crl.der', 'revoked', 'clients/carol/carol-key.pem'])
    rmSync(join(dir, path), { recursive: true });
  return { dir, derive: deriving({ dir, caPem }, 3, crl) };
}

it.each([1, 2, 3, 4, 5, 6, 7])(
  'a revocation in a cluster of %i: control, then all hosts, the leader last; a restart of each the first time alone',
  async (count) => {
    const ca = await authority();
    const leaderLast = [...Array.from({ length: count - 1 }, (_, i) => `etcd0${i + 2}`), 'etcd01'];
    const kinds = async (crl: Buffer | undefined, vars = {}) =>
      (await deriving(ca, count, crl, vars)('carol')).map(
        ({ host, title, ledger }) => `${host} ${/put|list/.exec(title)?.[0]} ${ledger.after.healthy - count}`,
      );
    const control = 'control put 0';
    const laid = leaderLast.map((host) => `${host} list 0`);
    if (count < 3)
      await expect(kinds(undefined)).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringContaining(
          `${count} voters, quorum ${count}: restarting one leaves ${count - 1}`,
        ),
      });
    expect(await kinds(undefined, { 'accept-downtime': true })).toEqual([
      control,
      ...laid,
      ...leaderLast.map((host) => `${host} list -1`),
    ]);
    await revokeBundle(options(ca.dir), 'alice');
    expect(await kinds((await readCrl(ca.dir))!)).toEqual([control, ...laid]);
  },
);

describe('what the inventory asks for beside the list', () => {
  const service = planned(MEMBER_SERVICE, 'restart');

  it('is not part of a revocation, which refuses to bring it along by the restart that it needs', async () => {
    const ca = await authority();
    await expect(deriving(ca, 3, undefined, {}, [service])('carol')).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('the inventory asks for other changes'),
    });
  });

  it.each(['/opt/etcd/cfg/etcd.conf', '/etc/systemd/system/etcd.service'])(
    'keeps no list from members that look at one, and restarts none of them: %s',
    async (path) => {
      const ca = await authority();
      await revokeBundle(options(ca.dir), 'alice');
      const other = planned(file(path, { content: 'x' }), 'update');
      const { task } = other;
      const withWish = { ...other, task: { ...task, wish: file(path, { content: 'x' }).wish } };
      const crl = (await readCrl(ca.dir))!;
      const steps = await deriving(ca, 3, crl, {}, [withWish, service])('carol');
      expect(steps.map(({ ledger }) => ledger.after.healthy)).toEqual([3, 3, 3, 3]);
      const most = await deriving(ca, 3, crl, {}, [withWish, service], 2)('carol');
      expect(most.map(({ host }) => host)).toEqual(['control', 'etcd02', 'etcd01']);
      const cutOff = await deriving(ca, 3, crl, {}, [service])('carol');
      expect(cutOff.map(({ ledger }) => ledger.after.healthy)).toEqual([3, 3, 3, 3, 2, 2, 2]);
    },
  );
});

it.each<[string, reached: readonly boolean[], missable: readonly string[]]>([
  ['is carried out', [true, true], ['etcd03']],
  ['waits where a member does not look at a list yet, since that takes a restart', [true, false], []],
  ['waits without most hosts', [true], []],
])('a revocation %s while a host is down', (_what, looking, missable) => {
  const { run } = fakeCluster(
    [0, 1, 2].map((i) => {
      const looksAtList = looking[i];
      return looksAtList === undefined ? undefined : { facts: { kept: { ...NOTHING_KEPT, looksAtList } } };
    }),
  );
  expect(mayMissToLay(run())).toEqual(missable);
});

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
      hint: expect.stringMatching(/have the CA revoke serial [0-9a-f]+, take its list in with .*--crl FILE/),
    });
  });

  it('sets the bundle aside without that key, once its certificates are on a list', async () => {
    const { dir, caPem } = await authority();
    const { serials } = (await readBundles(dir)).find(({ name }) => name === 'carol')!;
    await takeInLists(options(dir), [], serials);
    rmSync(join(dir, 'ca-key.pem'));
    const [first] = await deriving({ dir, caPem }, 3, (await readCrl(dir))!)('carol');
    await first?.carryOut();
    expect((await readBundles(dir)).map(({ name }) => name)).toEqual(['alice']);
  });
});

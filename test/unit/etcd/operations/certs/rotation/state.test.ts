import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { sha256 } from '../../../../../../lib/dsl/path.ts';
import { NOTHING_KEPT } from '../../../../../../lib/etcd/facts/kept.ts';
import { memberCertificates } from '../../../../../../lib/etcd/files/certificates.ts';
import { bothOf, rotationTarget } from '../../../../../../lib/etcd/operations/certs/rotation/cas.ts';
import { refuseUnsigned } from '../../../../../../lib/etcd/operations/certs/rotation/elsewhere.ts';
import {
  type FinishedRotation,
  type Rotation,
  readRotation,
  rotatingAuthority,
  surveyWithCas,
} from '../../../../../../lib/etcd/operations/certs/rotation/state.ts';
import {
  fingerprint,
  fingerprints,
  makeNextCa,
  switchToNextCa,
  whyNextUnsigned,
} from '../../../../../../lib/pki/index.ts';
import { open as makeFolder, open, options } from '../../../../pki/support.ts';
import { fakeCluster, surveyedOf, workingFacts } from '../../../../support/fake-cluster.ts';
import { scratch } from '../../../../support/scratch.ts';

const WORDS = { clientsReady: false, again: false };

describe('how far a rotation has come', () => {
  async function cas() {
    const dir = scratch();
    const { pem: old } = await (await open(dir)).ensureCa();
    const next = await makeNextCa(options(dir, { caName: 'another' }));
    return { dir, old, next, both: bothOf({ old, new: next }) };
  }
  const facts = (
    pem: string,
    wish?: { target: string; from: string; done?: string; notes?: Rotation['notes'] },
  ) => ({
    caPem: pem,
    kept: { ...NOTHING_KEPT, trusted: fingerprints(pem), loadedCa: sha256(pem) },
    intent: wish && {
      verb: 'certs',
      target: wish.target,
      runId: 'r1',
      notes: wish.notes ?? { from: wish.from },
      ...(wish.done && { done: wish.done }),
    },
  });
  const told = (found: Rotation | FinishedRotation) =>
    'done' in found
      ? `done by ${found.done.done}`
      : [found.state.control, ...found.state.hosts.map((one) => `${one.disk}/${one.loaded} ${one.wish}`)];

  it('is read from this machine and the hosts', async () => {
    const { dir, old, next, both } = await cas();
    const open = { target: rotationTarget(next), from: fingerprint(old) };
    const vars = { etcd_pki_dir: dir };
    const read = async (...hosts: ReturnType<typeof facts>[]) =>
      told(await readRotation(surveyedOf(hosts, vars), WORDS));
    expect(await read(facts(old), facts(old))).toEqual(['ready', 'old/old none', 'old/old none']);
    expect(await read(facts(both, open), facts(old))).toEqual(['ready', 'both/both open', 'old/old none']);
    await switchToNextCa(dir);
    expect(await read(facts(both, open), facts(next, open))).toEqual([
      'new',
      'both/both open',
      'new/new open',
    ]);
    const done = { ...open, done: 'r2' };
    // Its run was killed while it noted that, or this host was away.
    expect(await read(facts(next, done), facts(next, open))).toBe('done by r2');
    expect(await read(facts(next, done), facts(next, done))).toBe('done by r2');
  });

  it('knows the old CA by hosts that still trust it, where it is kept nowhere else', async () => {
    const { dir, old, next, both } = await cas();
    await switchToNextCa(dir);
    rmSync(join(dir, 'previous'), { recursive: true });
    const open = { target: rotationTarget(next), from: fingerprint(old) };
    const found = await readRotation(
      surveyedOf([facts(next, open), facts(both, open)], { etcd_pki_dir: dir }),
      WORDS,
    );
    expect(told(found)).toEqual(['new', 'new/new open', 'both/both open']);
  });

  it('knows a CA to come whose key is elsewhere: at first by its file without one, then by what hosts have noted', async () => {
    const { dir, old, next, both } = await cas();
    const vars = { etcd_pki_dir: dir };
    const read = async (...hosts: ReturnType<typeof facts>[]) =>
      (await readRotation(surveyedOf(hosts, vars), WORDS)) as Rotation;
    rmSync(join(dir, 'next/ca-key.pem'));
    // One that was made here has left its request: its key is lost.
    expect((await read(facts(old))).state.isElsewhere).toBe(false);
    rmSync(join(dir, 'next/ca.csr'));
    const begun = await read(facts(old));
    expect([begun.state.isElsewhere, begun.notes]).toEqual([
      true,
      { from: fingerprint(old), signs: 'elsewhere' },
    ]);
    await switchToNextCa(dir);
    expect(existsSync(join(dir, 'ca-key.pem'))).toBe(false);
    const open = { target: rotationTarget(next), from: fingerprint(old) };
    expect((await read(facts(both, { ...open, notes: begun.notes }))).state.isElsewhere).toBe(true);
    expect((await read(facts(both, open))).state.isElsewhere).toBe(false);
  });

  it('waits until all is signed that members and clients are to show, where the key is elsewhere', async () => {
    const { dir, old, next, both } = await cas();
    const wish = { target: rotationTarget(next), from: fingerprint(old), notes: { signs: 'elsewhere' } };
    const READY = { ...WORDS, clientsReady: true };
    const refusal = async (pem: string) => {
      const surveyed = surveyedOf([facts(pem, wish)], { etcd_pki_dir: dir });
      return refuseUnsigned(surveyed, (await readRotation(surveyed, READY)) as Rotation);
    };
    await (await open(dir)).issueBundle('app');
    await expect(refusal(old)).rejects.toMatchObject({
      exitCode: 3,
      message: expect.stringContaining('has yet to sign etcd01-server, etcd01-peer, client-app'),
      hint: expect.stringMatching(/^let members trust it first: .*--rotate-ca$/),
    });
    await switchToNextCa(dir);
    const { hosts } = surveyedOf([facts(both, wish)], { etcd_pki_dir: dir });
    const pki = await open(dir);
    for (const { name, kind, sans } of memberCertificates(hosts[0]!.target))
      await pki.issueMember(name, kind, sans);
    await expect(refusal(both)).rejects.toMatchObject({
      message: expect.stringContaining('has yet to sign client-app;'),
      hint: expect.stringMatching(/--csr DIR.*--import PATH/),
    });
    await pki.issueBundle('app');
    await expect(refusal(both)).resolves.toBeUndefined();
  });

  it('leaves certificates of the old CA as they are for other words of certs', async () => {
    const { dir, old, next, both } = await cas();
    await switchToNextCa(dir);
    const wish = { target: rotationTarget(next), from: fingerprint(old) };
    const member = workingFacts(1, 1, facts(both, wish));
    const cluster = fakeCluster([{ facts: member }], { etcd_pki_dir: dir });
    await surveyWithCas(cluster.run(), cluster);
    const { caPem = '', trustPem = '' } = cluster.hosts[0]?.target.facts.cluster ?? {};
    expect([fingerprints(caPem), trustPem]).toEqual([fingerprints(both), both]);
  });

  it('is refused where the CA to come is not here', async () => {
    const { next, old } = await cas();
    const other = scratch();
    await (await open(other)).ensureCa();
    const wish = { target: rotationTarget(next), from: fingerprint(old) };
    await expect(
      readRotation(surveyedOf([facts(old, wish)], { etcd_pki_dir: other }), WORDS),
    ).rejects.toMatchObject({ exitCode: 3, message: expect.stringContaining(fingerprint(next)) });
  });

  it('cannot go on without the key of the CA to come', async () => {
    const { dir } = await cas();
    expect(await whyNextUnsigned(options(dir))).toBeUndefined();
    rmSync(join(dir, 'next/ca-key.pem'));
    expect(await whyNextUnsigned(options(dir))).toContain('next/ca-key.pem is missing');
    await switchToNextCa(dir);
    expect(await whyNextUnsigned(options(dir))).toContain('ca-key.pem is missing');
  });

  it('is refused where clients are said to be ready and nothing is under way, or something else is', async () => {
    const { dir, old } = await cas();
    const vars = { etcd_pki_dir: dir };
    await expect(
      readRotation(surveyedOf([facts(old)], vars), { ...WORDS, clientsReady: true }),
    ).rejects.toMatchObject({ exitCode: 3 });
    const intent = { verb: 'upgrade', target: '3.7.3', runId: 'r1' };
    await expect(readRotation(surveyedOf([{ ...facts(old), intent }], vars), WORDS)).rejects.toMatchObject({
      exitCode: 3,
    });
  });

  it('begins anew after one that is done with --again only', async () => {
    const { dir, old, next } = await cas();
    await switchToNextCa(dir);
    const done = { target: rotationTarget(next), from: fingerprint(old), done: 'r2' };
    const surveyed = surveyedOf([facts(next, done)], { etcd_pki_dir: dir });
    expect(told(await readRotation(surveyed, WORDS))).toBe('done by r2');
    expect(told(await readRotation(surveyed, { ...WORDS, again: true }))).toEqual(['old', 'old/old none']);
  });

  describe('where the folder with the CA to come is lost', () => {
    const AGAIN = { ...WORDS, again: true };
    /** Two hosts trust both, the third was not led there yet; `here` is what is left on control. */
    async function lost(here: 'old' | 'nothing') {
      const { dir, old, next, both } = await cas();
      const left = scratch();
      if (here === 'old') writeFileSync(join(left, 'ca.pem'), old);
      rmSync(dir, { recursive: true });
      const open = { target: rotationTarget(next), from: fingerprint(old) };
      const of = (...hosts: ReturnType<typeof facts>[]) => surveyedOf(hosts, { etcd_pki_dir: left });
      return {
        old,
        next,
        both,
        left,
        open,
        of,
        surveyed: of(facts(both, open), facts(both, open), facts(old, open)),
      };
    }

    it.each(['old', 'nothing'] as const)(
      '--again makes another one, beside all that hosts trust (%s is here)',
      async (here) => {
        const { both, left, open, of, old, surveyed } = await lost(here);
        await expect(readRotation(surveyed, WORDS)).rejects.toMatchObject({
          exitCode: 3,
          message: expect.stringMatching(
            here === 'old' ? /which is not in \S+$/ : /nor is the old one: both keys may be lost/,
          ),
          hint: expect.stringContaining('--rotate-ca --again'),
        });
        await expect(readRotation(surveyed, { again: true, clientsReady: true })).rejects.toMatchObject({
          exitCode: 3,
        });
        const taken = (await readRotation(surveyed, AGAIN)) as Rotation;
        expect(told(taken)).toEqual(['old', 'old/old none', 'old/old none', 'other/other none']);
        expect(fingerprints(taken.cas.old!)).toEqual(fingerprints(both));
        expect(taken.authority.caPem).toBe(here === 'old' ? old : taken.cas.old);

        const other = await makeNextCa(options(left, { caName: 'one more' }));
        const wish = { ...open, target: rotationTarget(other), notes: taken.notes };
        const after = (await readRotation(of(facts(both, wish), facts(old, wish)), WORDS)) as Rotation;
        expect(told(after)).toEqual(['ready', 'old/old open', 'other/other open']);
        expect(fingerprints(bothOf(after.cas))).toEqual([...fingerprints(both), fingerprint(other)].sort());
      },
    );

    it('a file that somebody changed on one host is not spread', async () => {
      const { both, open, of, old } = await lost('old');
      const { pem: strange } = await (await makeFolder(scratch())).ensureCa();
      const changed = { ...facts(both, open), caPem: `${both}${strange}` };
      const { cas: found } = (await readRotation(of(changed, facts(old, open)), AGAIN)) as Rotation;
      expect(fingerprints(found.old!)).toEqual(fingerprints(both));
    });

    it('other verbs go on with the old one where it is here and all trust it, and who joins trusts what they do', async () => {
      const { both, old, next, open, of, surveyed } = await lost('old');
      const going = await rotatingAuthority(surveyed);
      expect(going?.caPem).toBe(old);
      expect(fingerprints(going?.trustPem ?? '')).toEqual(fingerprints(both));
      const past = of(facts(both, open), facts(next, open));
      await expect(rotatingAuthority(past)).rejects.toMatchObject({ exitCode: 3 });
    });

    it('and another one was made, a file that somebody changed is named', async () => {
      const { left, open, of, surveyed } = await lost('old');
      const { notes } = (await readRotation(surveyed, AGAIN)) as Rotation;
      const other = await makeNextCa(options(left, { caName: 'one more' }));
      const wish = { ...open, target: rotationTarget(other), notes };
      const { pem: strange } = await (await makeFolder(scratch())).ensureCa();
      const both = bothOf({ old: surveyed.hosts[0]?.target.facts.caPem, new: other });
      await expect(rotatingAuthority(of(facts(both, wish), facts(strange, wish)))).rejects.toMatchObject({
        exitCode: 3,
        message: expect.stringMatching(/etcd02:\S+ca\.pem: the CA in .* is not in it/),
      });
    });

    it('what needs no certificate goes on without any CA here', async () => {
      const { both, old, surveyed } = await lost('nothing');
      const going = await rotatingAuthority(surveyed);
      expect(fingerprints(going?.passing[0] ?? '')).toEqual(fingerprints(both));
      expect(fingerprint(going?.caPem ?? '')).toBe(fingerprint(old));
    });
  });
});

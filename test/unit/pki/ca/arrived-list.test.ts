import { execFileSync } from 'node:child_process';
import { createPrivateKey } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { MAX_LIST, readArrivedList } from '../../../../lib/pki/ca/arrived-list.ts';
import { covers, parseList } from '../../../../lib/pki/ca/crl.ts';
import { lifeOfList } from '../../../../lib/pki/ca/crl-life.ts';
import { signRevocations } from '../../../../lib/pki/engine.ts';
import { scratch } from '../../support/scratch.ts';
import { company } from '../company.ts';
import { missingTools, open } from '../support.ts';

const DAY = 86_400_000;

describe.skipIf(missingTools(['openssl', 'version']))('a list of revoked certificates that came', () => {
  /** As they came. */
  const lists: Record<string, Buffer> = {};
  let trusted = '';
  const derOf = (name: string) =>
    name === 'der'
      ? lists.der!
      : Buffer.from(lists[name]!.toString().replace(/-----.*-----|\n/g, ''), 'base64');
  const read = (name: string, inPlace: readonly string[] = [], own?: string) => {
    const path = join(scratch(), name);
    writeFileSync(path, lists[name]!);
    const ground = { dir: scratch(), trusted, own: own === undefined ? undefined : derOf(own) };
    return readArrivedList(path, { ...ground, inPlace: inPlace.map(derOf) });
  };

  beforeAll(() => {
    const [out, elsewhere] = [scratch(), scratch()];
    const ca = company(out);
    const list = (...args: Parameters<typeof ca.list>) => readFileSync(ca.list(...args));
    trusted = ca.chain();
    const request =
      'req -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -subj /CN=app -keyout app.key';
    execFileSync('openssl', [...request.split(' '), '-out', 'app.csr'], { cwd: out, stdio: 'pipe' });
    ca.sign('app.csr', join(out, 'app.crt'), { uses: 'clientAuth' });
    const from = (from: string, until: string) => ({
      how: `-crl_lastupdate ${from} -crl_nextupdate ${until}`,
    });
    lists.first = list('first.pem');
    lists.second = list('second.pem', { revoke: ['app.crt'] });
    lists.ended = list('ended.pem', from('20260101000000Z', '20260201000000Z'));
    lists.early = list('early.pem', from('20990101000000Z', '20990201000000Z'));
    lists.der = derOf('second');
    lists.two = Buffer.concat([lists.first, lists.second]);
    ca.another('etcd-ca-2');
    lists.below = list('below.pem');
    lists.chained = Buffer.concat([lists.below, Buffer.from(ca.chain())]);
    lists.stranger = readFileSync(company(elsewhere).list('crl.pem'));
  }, 60_000);

  it.each<[name: string, inPlace: readonly string[]]>([
    ['first', []],
    ['second', ['first']],
    ['der', ['first', 'second']],
    ['chained', ['first', 'stranger']],
  ])('is taken: %s, in place of %j', async (name, inPlace) => {
    await expect(read(name, inPlace)).resolves.toMatchObject({ isDelta: false });
  });

  it.each<[name: string, inPlace: readonly string[], code: number, message: string]>([
    ['first', ['second'], 5, 'it is number 1, older than the one in place, which is number 2'],
    ['ended', [], 5, 'it ended 2026-02-01T00:00:00.000Z'],
    ['early', [], 5, 'it holds from 2099-01-01T00:00:00.000Z only'],
    ['stranger', [], 5, 'no CA that clients are verified by has signed it (its issuer is CN=etcd-ca)'],
    ['below', [], 5, 'has signed it (its issuer is CN=etcd-ca-2)'],
    [
      'chained',
      ['second'],
      5,
      'the one in place is of CN=etcd-ca, with certificates that this one of CN=etcd-ca-2 lacks',
    ],
    ['two', [], 1, 'has 2 lists, and members look at one alone'],
  ])('is refused: %s, in place of %j', async (name, inPlace, exitCode, message) => {
    await expect(read(name, inPlace)).rejects.toMatchObject({
      exitCode,
      message: expect.stringContaining(message),
    });
  });

  it('that is on control already is gone on with, though it has ended on the way', async () => {
    await expect(read('ended', ['ended'], 'ended')).resolves.toMatchObject({ number: 3n });
  });

  it('says how long it holds', () => {
    const { from, until } = lifeOfList(derOf('second'))!;
    expect(Math.round((until!.getTime() - from.getTime()) / DAY)).toBe(30);
    expect(lifeOfList(derOf('early'))?.from.toISOString()).toBe('2099-01-01T00:00:00.000Z');
    expect(lifeOfList(Buffer.from('no list'))).toBeUndefined();
    expect(lifeOfList(Buffer.alloc(0))).toBeUndefined();
  });
});

it('a list that no answer of a host could carry is not taken', async () => {
  const dir = scratch();
  const path = join(dir, 'crl.der');
  writeFileSync(path, Buffer.alloc(MAX_LIST + 1));
  const ground = { dir, trusted: '', own: undefined, inPlace: [] };
  await expect(readArrivedList(path, ground)).rejects.toMatchObject({
    exitCode: 5,
    message: expect.stringContaining('it has 9 MiB, and may have 8'),
  });
});

it('a list names a serial number as the certificate does, whatever its first bit', async () => {
  const dir = scratch();
  const { pem: certPem } = await (await open(dir)).ensureCa();
  const key = createPrivateKey(readFileSync(join(dir, 'ca-key.pem')));
  const entry = (serialNumber: string) => ({ serialNumber, revocationDate: new Date() });
  const der = await signRevocations([entry('f0aa'), entry('70aa')], { certPem, key });
  const list = (await parseList(der))!;
  expect(list.entries.map(({ serialNumber }) => serialNumber)).toEqual(['f0aa', '70aa']);
  // 02 03 00 f0 aa: a number, and none below zero.
  expect(der.includes(Buffer.from('020300f0aa', 'hex'))).toBe(true);
  expect(covers(list, list)).toBe(true);
});

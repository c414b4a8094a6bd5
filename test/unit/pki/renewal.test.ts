import { X509Certificate } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { certificateProblems, readRules } from '../../../lib/pki/index.ts';
import { scratch } from '../support/scratch.ts';
import { open, options, SANS } from './support.ts';

const HOUR = 3_600_000;
type Settings = Parameters<typeof open>[1];

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'], now: new Date('2030-06-15T12:00:00.900Z') });
});

afterEach(() => {
  vi.useRealTimers();
});

/** Installs a certificate as a run does: the stored one, or a new one. */
async function installed(dir: string, settings?: Settings) {
  const pki = await open(dir, settings);
  const caPem = (await pki.ensureCa()).pem;
  return { caPem, pem: (await pki.issueMember('m1', 'server', SANS)).certPem };
}

/** What a run finds due about it. */
async function found(dir: string, pair: { caPem: string; pem: string }, settings?: Settings) {
  const { renewBefore } = await readRules(options(dir, settings));
  const problems = certificateProblems({ ...pair, sans: SANS, renewBefore: renewBefore.server });
  return problems.map(({ kind }) => kind);
}

function pass(hours: number): void {
  vi.setSystemTime(Date.now() + hours * HOUR);
}

function profile(dir: string, text: object): void {
  const usages = ['server auth', 'client auth'];
  const signing = { default: { expiry: '1h', ...text, usages } };
  writeFileSync(join(dir, 'ca-config.json'), JSON.stringify({ signing }));
}

describe('a certificate is renewed', () => {
  it('as long before its end as asked, also one that was made for less than that', async () => {
    const dir = scratch();
    const before = { caExpiry: '100000h', certExpiry: '600h', renewBefore: '24h' };
    const after = { caExpiry: '100000h' };
    const short = await installed(dir, before);
    pass(24);
    expect(await found(dir, short, before)).toEqual([]);
    expect(await found(dir, short, after)).toEqual(['expires-soon']);
    const long = await installed(dir, after);
    expect(long.pem).not.toBe(short.pem);
    pass(87_600 - 720 - 1);
    expect(await found(dir, long, after)).toEqual([]);
    expect((await installed(dir, after)).pem).toBe(long.pem);
    pass(1);
    expect(await found(dir, long, after)).toEqual(['expires-soon']);
    expect((await installed(dir, after)).pem).not.toBe(long.pem);
  });

  it('when most of its life is lead, too', async () => {
    const dir = scratch();
    const settings = { certExpiry: '744h', renewBefore: '720h' };
    const pair = await installed(dir, settings);
    pass(23);
    expect(await found(dir, pair, settings)).toEqual([]);
    pass(1);
    expect(await found(dir, pair, settings)).toEqual(['expires-soon']);
    const next = await installed(dir, settings);
    expect(next.pem).not.toBe(pair.pem);
    expect(await found(dir, next, settings)).toEqual([]);
  });

  it('in its last third where a new one would be due at once', async () => {
    const dir = scratch();
    profile(dir, { expiry: '300h' });
    const pair = await installed(dir);
    expect(await found(dir, pair)).toEqual([]);
    pass(199);
    expect(await found(dir, pair)).toEqual([]);
    expect((await installed(dir)).pem).toBe(pair.pem);
    pass(2);
    expect(await found(dir, pair)).toEqual(['expires-soon']);
    expect((await installed(dir)).pem).not.toBe(pair.pem);
  });
});

describe('a certificate that was just made is not due, and neither is it a minute later', () => {
  const end = { not_after: '2030-07-01T00:00:00Z' };
  it.each<[string, Settings, object?]>([
    ['usual lives', {}],
    ['a lead that ends with the life, but for what the start lies in the past', { renewBefore: '87599h55m' }],
    ['a lead that ends with the life, but for a second', { renewBefore: '87599h54m59s' }],
    ['a lead that ends with the life, but for a minute', { renewBefore: '87599h54m' }],
    ['a lead of minutes', { certExpiry: '15m', renewBefore: '5m' }],
    ['a CA that ends within the lead', { caExpiry: '500h' }],
    ['a CA that ends a little after the lead', { caExpiry: '720h6m' }],
    [
      'a CA that ends a second before its leaf',
      { caExpiry: '600h', certExpiry: '600h1s', renewBefore: '500h' },
    ],
    [
      'a CA that ends a second after its leaf',
      { caExpiry: '600h', certExpiry: '599h59m59s', renewBefore: '500h' },
    ],
    ['a profile that is shorter than the lead', {}, { expiry: '168h' }],
    ['a profile with an end within the lead', {}, end],
    ['a profile with a start long ago', {}, { not_before: '2030-01-01T00:00:00Z', expiry: '4100h' }],
  ])('with %s', async (_name, changed, text) => {
    const settings = { caExpiry: '100000h', ...changed };
    const dir = scratch();
    if (text) profile(dir, text);
    const pair = await installed(dir, settings);
    expect(await found(dir, pair, settings)).toEqual([]);
    pass(1 / 60);
    expect(await found(dir, pair, settings)).toEqual([]);
    expect((await installed(dir, settings)).pem).toBe(pair.pem);
  });

  it('until its CA ends, where both end together', async () => {
    const dir = scratch();
    const settings = { caExpiry: '1000h' };
    const pair = await installed(dir, settings);
    expect(new X509Certificate(pair.pem).validTo).toBe(new X509Certificate(pair.caPem).validTo);
    pass(999);
    expect(await found(dir, pair, settings)).toEqual([]);
  });
});

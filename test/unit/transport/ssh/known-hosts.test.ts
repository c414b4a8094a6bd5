import { spawnSync } from 'node:child_process';
import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  HostLines,
  keyFingerprint,
  knownName,
  parseKnownHosts,
  readKnownHosts,
  type Verdict,
} from '../../../../lib/transport/ssh/known-hosts.ts';
import { recordKey } from '../../../../lib/transport/ssh/record-key.ts';
import { scratch } from '../../support/scratch.ts';

/** A key in wire form: its type, then bytes that tell it from others. */
function key(type: string, seed: string): Buffer {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(type.length);
  return Buffer.concat([length, Buffer.from(type + seed)]);
}

const ED = 'ssh-ed25519';
const RSA = 'ssh-rsa';
const own = key(ED, 'own');
const other = key(ED, 'other');
const rsa = key(RSA, 'rsa');
const line = (patterns: string, blob: Buffer, type = ED) => `${patterns} ${type} ${blob.toString('base64')}`;

// ssh-keygen -H made this of `node1`.
const HASHED = '|1|qPzXS8MMbTLcN8/tkieT9b5SazQ=|EeJzEkbpW9f0Ltcp64QqR9SSf+g=';

const cases: readonly (readonly [string, string, readonly [string, number], Buffer, Verdict])[] = [
  ['an empty file', '', ['node1', 22], own, 'unknown'],
  ['the same key', line('node1', own), ['node1', 22], own, 'known'],
  ['another key of the type', line('node1', other), ['node1', 22], own, 'changed'],
  ['a key of another type only', line('node1', rsa, RSA), ['node1', 22], own, 'changed'],
  ['keys of several types', `${line('node1', rsa, RSA)}\n${line('node1', own)}`, ['node1', 22], own, 'known'],
  ['two keys of one type', `${line('node1', other)}\n${line('node1', own)}`, ['node1', 22], own, 'known'],
  ['another host', line('node2', own), ['node1', 22], own, 'unknown'],
  ['a name that only begins so', line('node1', own), ['node10', 22], own, 'unknown'],
  ['names in a list', line('node0,node1,10.0.0.1', own), ['10.0.0.1', 22], own, 'known'],
  ['a name in other letters', line('Node1', own), ['nODE1', 22], own, 'known'],
  ['a comment after the key', `${line('node1', own)} root@node1`, ['node1', 22], own, 'known'],
  ['blanks and comments around', `# node1\n\n  ${line('node1', own)}  \n`, ['node1', 22], own, 'known'],
  ['tabs between the words', line('node1', own).replaceAll(' ', '\t'), ['node1', 22], own, 'known'],
  ['lines that end in CR LF', `${line('node1', own)}\r\n`, ['node1', 22], own, 'known'],
  ['a line cut short', `node1 ${ED}`, ['node1', 22], own, 'unknown'],
  ['another port', line('[node1]:2222', own), ['node1', 2222], own, 'known'],
  ['a port, but asked for 22', line('[node1]:2222', own), ['node1', 22], own, 'unknown'],
  ['the bare name vouching for a port', line('node1', own), ['node1', 2222], own, 'known'],
  ['the bare name with another key', line('node1', other), ['node1', 2222], own, 'unknown'],
  ['an IPv6 address', line('fe80::1', own), ['fe80::1', 22], own, 'known'],
  ['an IPv6 address with a port', line('[fe80::1]:2222', own), ['fe80::1', 2222], own, 'known'],
  ['a wildcard', line('node*', own), ['node17', 22], own, 'known'],
  ['a wildcard of one', line('node?', own), ['node17', 22], own, 'unknown'],
  ['a wildcard in an address', line('10.0.0.*', own), ['10.0.0.7', 22], own, 'known'],
  ['a dot that is a dot', line('10.0.0.7', own), ['10x0x0x7', 22], own, 'unknown'],
  ['a wildcard with a port', line('[10.0.0.*]:2222', own), ['10.0.0.7', 2222], own, 'known'],
  ['a negated name', line('node*,!node1', own), ['node1', 22], own, 'unknown'],
  ['a negated name, another host', line('node*,!node1', own), ['node2', 22], own, 'known'],
  ['a negated name alone', line('!node1', own), ['node2', 22], own, 'unknown'],
  ['a hashed name', line(HASHED, own), ['node1', 22], own, 'known'],
  ['a hashed name of another host', line(HASHED, own), ['node2', 22], own, 'unknown'],
  ['a revoked key', `@revoked ${line('*', own)}`, ['node1', 22], own, 'revoked'],
  [
    'a revoked key that is known too',
    `${line('node1', own)}\n@revoked ${line('*', own)}`,
    ['node1', 22],
    own,
    'revoked',
  ],
  ['another key revoked', `${line('node1', own)}\n@revoked ${line('*', other)}`, ['node1', 22], own, 'known'],
  ['a revoked key and nothing else', `@revoked ${line('*', other)}`, ['node1', 22], own, 'unknown'],
  [
    'a key revoked elsewhere',
    `${line('node1', own)}\n@revoked ${line('node2', own)}`,
    ['node1', 22],
    own,
    'known',
  ],
  ['an authority alone', `@cert-authority ${line('*', other)}`, ['node1', 22], own, 'unknown'],
  ['an authority with the very key', `@cert-authority ${line('*', own)}`, ['node1', 22], own, 'unknown'],
  [
    'an authority beside the key',
    `@cert-authority ${line('*', other)}\n${line('node1', own)}`,
    ['node1', 22],
    own,
    'known',
  ],
  ['a marker nobody knows', `@whatever ${line('node1', own)}`, ['node1', 22], own, 'unknown'],
];

describe('known_hosts with', () => {
  it.each(cases)('%s', (_title, text, [address, port], shown, verdict) => {
    const known = parseKnownHosts(text, 'known_hosts');
    const lines = new HostLines(known, knownName(address, port), port === 22 ? undefined : address);
    expect(lines.judge(shown)).toBe(verdict);
  });

  it('names hashed by ssh-keygen', () => {
    const file = join(scratch(), 'known_hosts');
    const real = 'AAAAC3NzaC1lZDI1NTE5AAAAIJ7kD5nDkqh9BxB6n7bEmZQFGkq3PpT8TYTc3vQZ2g5v';
    writeFileSync(file, ['node1', '[node1]:2222'].map((name) => `${name} ${ED} ${real}\n`).join(''));
    if (spawnSync('ssh-keygen', ['-q', '-H', '-f', file]).error) return;
    const text = readFileSync(file, 'utf8');
    expect(text).not.toContain('node1');
    for (const port of [22, 2222]) {
      const lines = new HostLines(parseKnownHosts(text, file), knownName('NODE1', port));
      expect(lines.judge(Buffer.from(real, 'base64'))).toBe('known');
    }
  });

  it('lines that say where they are', () => {
    const known = parseKnownHosts(`# one\n${line('node1', own)}`, '/etc/known');
    expect(new HostLines(known, 'node1').keys).toMatchObject([{ file: '/etc/known', line: 2 }]);
  });
});

it('asks for keys of the types that are known', () => {
  const algorithms = (text: string) =>
    new HostLines(parseKnownHosts(text, 'f'), 'node1').orderAlgorithms().slice(0, 3);
  expect(algorithms('')).toEqual(['ssh-ed25519', 'ecdsa-sha2-nistp256', 'ecdsa-sha2-nistp384']);
  expect(algorithms(line('node1', rsa, RSA))).toEqual(['rsa-sha2-512', 'rsa-sha2-256', 'ssh-ed25519']);
  const ecdsa = 'ecdsa-sha2-nistp256';
  expect(algorithms(line('node1', key(ecdsa, 'x'), ecdsa))[0]).toBe(ecdsa);
  expect(algorithms(`@revoked ${line('*', rsa, RSA)}`)[0]).toBe('ssh-ed25519');
});

it('prints fingerprints as ssh-keygen does', () => {
  const blob = Buffer.from('AAAAC3NzaC1lZDI1NTE5AAAAIJ7kD5nDkqh9BxB6n7bEmZQFGkq3PpT8TYTc3vQZ2g5v', 'base64');
  const shown = spawnSync('ssh-keygen', ['-l', '-f', '-'], {
    input: `${ED} ${blob.toString('base64')}\n`,
    encoding: 'utf8',
  });
  if (shown.error) return;
  expect(shown.stdout).toContain(` ${keyFingerprint(blob)} `);
});

describe('recording a key', () => {
  it('makes the file, for the owner alone, and reads back', async () => {
    const file = join(scratch(), '.ssh', 'known_hosts');
    await recordKey(file, '[node1]:2222', own);
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(statSync(join(file, '..')).mode & 0o777).toBe(0o700);
    const lines = new HostLines(await readKnownHosts([file]), '[node1]:2222');
    expect(lines.judge(own)).toBe('known');
  });

  it('keeps what is there, also a last line without its end', async () => {
    const file = join(scratch(), 'known_hosts');
    writeFileSync(file, line('node0', other));
    await recordKey(file, 'node1', own);
    expect(readFileSync(file, 'utf8')).toBe(`${line('node0', other)}\n${line('node1', own)}\n`);
  });

  it('writes each key once, however many ask at a time', async () => {
    const file = join(scratch(), 'known_hosts');
    await Promise.all([own, rsa, own, own, rsa].map((each) => recordKey(file, 'node1', each)));
    expect(readFileSync(file, 'utf8').trim().split('\n')).toHaveLength(2);
  });
});

it('a file that cannot be read is not an empty one', async () => {
  await expect(readKnownHosts([scratch()])).rejects.toThrow('EISDIR');
  expect(await readKnownHosts([join(scratch(), 'missing')])).toEqual([]);
});

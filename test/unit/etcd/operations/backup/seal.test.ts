import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { beforeEach, describe, expect, it } from 'vitest';
import {
  opening,
  recipientsOf,
  type Stage,
  sealing,
} from '../../../../../lib/etcd/operations/backup/seal.ts';
import { scratch } from '../../../support/scratch.ts';

const BYTES = Buffer.alloc(200_000, 'snapshot');
const hasAge = spawnSync('age', ['--version']).status === 0;

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 70_000) yield bytes.subarray(at, at + 70_000);
}

async function through(stage: Stage, bytes: Uint8Array): Promise<Buffer> {
  const all: Uint8Array[] = [];
  for await (const piece of stage(pieces(bytes))) all.push(piece);
  return Buffer.concat(all);
}

describe('copies that are encrypted', () => {
  let identity: string;
  let recipient: string;
  let file: string;
  beforeEach(async () => {
    identity = await generateX25519Identity();
    recipient = await identityToRecipient(identity);
    file = join(scratch(), 'key');
    writeFileSync(file, `# made for a test\n${identity}\n`, { mode: 0o600 });
  });

  it('are opened by each of those they are encrypted to, and by nobody else', async () => {
    const other = await generateX25519Identity();
    const sealed = await through(await sealing([await identityToRecipient(other), recipient]), BYTES);
    expect(sealed.includes('snapshot')).toBe(false);
    expect((await through(await opening(file), sealed)).equals(BYTES)).toBe(true);
    const alone = await through(await sealing([await identityToRecipient(other)]), BYTES);
    await expect(through(await opening(file), alone)).rejects.toMatchObject({ exitCode: 5 });
    const changed = sealed.with(150_000, (sealed[150_000] ?? 0) ^ 1);
    await expect(through(await opening(file), changed)).rejects.toMatchObject({ exitCode: 5 });
    await expect(through(await opening(file), sealed.subarray(0, 150_000))).rejects.toMatchObject({
      exitCode: 5,
    });
  });

  it.skipIf(!hasAge)('are those of age, both ways', async () => {
    const sealed = await through(await sealing([recipient]), BYTES);
    expect(execFileSync('age', ['-d', '-i', file], { input: sealed }).equals(BYTES)).toBe(true);
    const theirs = execFileSync('age', ['-r', recipient], { input: BYTES });
    expect((await through(await opening(file), theirs)).equals(BYTES)).toBe(true);
  });

  it('break off where their source does, with its error', async () => {
    const torn = async function* () {
      yield BYTES;
      throw new Error('it broke off');
    };
    const read = async () => {
      for await (const _ of (await sealing([recipient]))(torn()));
    };
    await expect(read()).rejects.toThrow('it broke off');
  });

  it.each(['age1', 'age1qqqq', 'ssh-ed25519 AAAA'])('are encrypted to no %s', async (key) => {
    await expect(sealing([key])).rejects.toMatchObject({ exitCode: 1 });
  });

  it.each<[what: string, text: string | undefined, mode: number]>([
    ['that others may read', undefined, 0o640],
    ['without a key', '# nothing', 0o600],
    ['with something else', 'hidden', 0o600],
  ])('are opened with no file %s, of which nothing is told', async (_what, text, mode) => {
    const bad = join(scratch(), 'key');
    writeFileSync(bad, text ?? readFileSync(file));
    chmodSync(bad, mode);
    const error = await opening(bad).then(
      () => undefined,
      (error: Error) => error,
    );
    expect(error).toMatchObject({ exitCode: 1 });
    expect(error?.message).not.toMatch(/hidden|AGE-SECRET/);
  });

  it.each([
    [{ 'encrypt-to': 'age1a,age1b', etcd_backup_age_recipients: ['age1c'] }, ['age1a', 'age1b']],
    [{ etcd_backup_age_recipients: ['age1c'] }, ['age1c']],
    [{}, []],
  ])('are so by %j', (vars, recipients) => {
    expect(recipientsOf(vars)).toEqual(recipients);
  });
});

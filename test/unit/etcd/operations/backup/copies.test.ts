import { mkdirSync, readdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { copiesIn, fetched, removeCopies } from '../../../../../lib/etcd/operations/backup/copies.ts';
import { folderStore } from '../../../../../lib/etcd/operations/backup/stores/folder.ts';
import { scratch } from '../../../support/scratch.ts';

const NAME = 'prod-20261127T101500Z-r41.db';
const described = (change = {}) =>
  JSON.stringify({
    ...{ time: '2026-11-27T10:15:00Z', member: 'etcd01', cluster: 'prod', clusterId: 'c', revision: 41 },
    ...{ keys: 13, size: 8, hash: 7, sha256: 'a', version: '3.5.30', run: 'r1', ...change },
  });

async function* pieces(...all: readonly string[]): AsyncGenerator<Uint8Array> {
  for (const piece of all) yield Buffer.from(piece);
}

describe('copies in a folder', () => {
  it('have their name once all of them came, private, over what was there', async () => {
    const folder = join(scratch(), 'of/copies');
    const store = folderStore(folder);
    expect(await store.list()).toEqual([]);
    await store.write(NAME, pieces('one', 'two'));
    await store.write(NAME, pieces('three'));
    expect(readFileSync(join(folder, NAME), 'utf8')).toBe('three');
    expect([statSync(join(folder, NAME)).mode & 0o777, statSync(folder).mode & 0o777]).toEqual([
      0o600, 0o700,
    ]);
    const torn = async function* () {
      yield* pieces('four');
      throw new Error('it broke off');
    };
    await expect(store.write(NAME, torn())).rejects.toThrow('it broke off');
    expect([readdirSync(folder), readFileSync(join(folder, NAME), 'utf8')]).toEqual([[NAME], 'three']);
  });

  it.each<[what: string, size: number, beside: string | undefined, verified: number]>([
    ['with its description', 40, described(), 1],
    ['cut short', 39, described(), 0],
    ['without a description', 40, undefined, 0],
    ['with that of another', 40, described({ revision: 42 }), 0],
    ['with one that is too long to be ours', 40, described({ more: 'x'.repeat(5000) }), 0],
  ])('count %s, and name what does not count', async (_what, size, beside, count) => {
    const folder = scratch();
    writeFileSync(join(folder, NAME), 'x'.repeat(size));
    writeFileSync(join(folder, 'other-20261127T101500Z-r41.db'), 'x');
    if (beside !== undefined) writeFileSync(join(folder, NAME.replace('.db', '.json')), beside);
    const { verified, unverified } = await copiesIn(folderStore(folder), 'prod');
    expect([verified.length, unverified]).toEqual([count, count === 1 ? [] : [NAME]]);
  });

  it.each<[string, (folder: string) => Promise<unknown>]>([
    ['listing', (file) => folderStore(file).list()],
    ['writing', (file) => folderStore(file).write('x', pieces('y'))],
    ['removing', (file) => folderStore(file).remove('x')],
  ])('%s where a file is in the way ends with 2', async (_what, ask) => {
    const file = join(scratch(), 'file');
    writeFileSync(file, '');
    await expect(ask(file)).rejects.toThrow(expect.objectContaining({ exitCode: 2 }));
  });

  it('are not said to be missing where a description cannot be read, and are none where it goes meanwhile', async () => {
    const folder = scratch();
    writeFileSync(join(folder, NAME), 'x'.repeat(40));
    writeFileSync(join(folder, NAME.replace('.db', '.json')), described());
    const store = folderStore(folder);
    const broken = async function* (): AsyncGenerator<Uint8Array> {
      yield* pieces('{');
      throw new Error('the line broke');
    };
    await expect(copiesIn({ ...store, read: broken }, 'prod')).rejects.toThrow('the line broke');
    const going = (name: string) => {
      rmSync(join(folder, name));
      return store.read(name);
    };
    expect(await copiesIn({ ...store, read: going }, 'prod')).toEqual({ verified: [], unverified: [NAME] });
  });

  it('count encrypted, by the names they have there', async () => {
    const folder = scratch();
    writeFileSync(join(folder, `${NAME}.age`), 'x'.repeat(250));
    writeFileSync(join(folder, NAME.replace('.db', '.json')), described());
    const [copy] = (await copiesIn(folderStore(folder), 'prod')).verified;
    expect(copy).toMatchObject({ file: NAME, stored: `${NAME}.age`, revision: 41 });
    await removeCopies(folderStore(folder), 'prod', [copy?.stored ?? '']);
    expect(readdirSync(folder)).toEqual([]);
  });

  it('go with what killed runs have left of others, and nothing else does', async () => {
    const folder = scratch();
    const stay = ['.other-20261127T101500Z-r1.db.part', `.${NAME}.part`, 'mine.db'];
    const old = ['.prod-20261126T101500Z-r1.db.part', '.prod-20261126T101500Z-r1.json.part'];
    for (const name of [...stay, ...old, NAME, NAME.replace('.db', '.json')])
      writeFileSync(join(folder, name), '');
    for (const name of [...old, '.other-20261127T101500Z-r1.db.part']) utimesSync(join(folder, name), 1, 1);
    await removeCopies(folderStore(folder), 'prod', [NAME]);
    expect(readdirSync(folder).sort()).toEqual([...stay].sort());
  });

  it('are not left open by a process that was killed', async () => {
    const [folder, beside] = [scratch(), scratch()];
    writeFileSync(join(folder, NAME), 'snapshot');
    const names = await fetched(folderStore(folder), NAME, { beside }, async () => readdirSync(beside));
    const [mine = ''] = names;
    const dead = mine.replace(`-${process.pid}-`, '-4194999-');
    const away = mine.replace('passing-', 'passing-other');
    for (const name of [dead, away, mine]) mkdirSync(join(beside, name));
    await fetched(folderStore(folder), NAME, { beside }, async () => {});
    expect(readdirSync(beside).sort()).toEqual([mine, away].sort());
  });

  it('are fetched for as long as somebody works on them', async () => {
    const [folder, beside] = [scratch(), join(scratch(), 'control')];
    mkdirSync(beside);
    writeFileSync(join(folder, NAME), 'snapshot');
    const said = await fetched(folderStore(folder), NAME, { beside }, async (path) =>
      readFileSync(path, 'utf8'),
    );
    expect([said, readdirSync(beside)]).toEqual(['snapshot', []]);
  });
});

import { mkdirSync, readdirSync, readFileSync, statSync, utimesSync, writeFileSync } from 'node:fs';
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

  it.each<[what: string, size: number, beside: string | undefined, count: number]>([
    ['with its description', 40, described(), 1],
    ['cut short', 39, described(), 0],
    ['without a description', 40, undefined, 0],
    ['with that of another', 40, described({ revision: 42 }), 0],
    ['with one that is too long to be ours', 40, described({ more: 'x'.repeat(5000) }), 0],
  ])('count %s', async (_what, size, beside, count) => {
    const folder = scratch();
    writeFileSync(join(folder, NAME), 'x'.repeat(size));
    writeFileSync(join(folder, 'other-20261127T101500Z-r41.db'), 'x');
    if (beside !== undefined) writeFileSync(join(folder, NAME.replace('.db', '.json')), beside);
    expect(await copiesIn(folderStore(folder), 'prod')).toHaveLength(count);
  });

  it('count encrypted, by the names they have there', async () => {
    const folder = scratch();
    writeFileSync(join(folder, `${NAME}.age`), 'x'.repeat(250));
    writeFileSync(join(folder, NAME.replace('.db', '.json')), described());
    const [copy] = await copiesIn(folderStore(folder), 'prod');
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

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { isForeignFolder } from '../../../../lib/pki/index.ts';
import { scratch } from '../../support/scratch.ts';

it.each<[boolean, string, readonly string[]]>([
  [false, 'nothing', []],
  [false, 'a CA', ['ca.pem', 'notes.txt']],
  [false, 'a request of cfssl’s', ['server-csr.json']],
  [false, 'the rules of cfssl', ['ca-config.json']],
  [false, 'what keeps it out of a repository', ['.gitignore']],
  [true, 'somebody’s files', ['thesis.tex', 'package.json']],
])('a folder is somebody else’s (%s) that has %s', async (expected, _what, names) => {
  const dir = join(scratch(), 'x');
  mkdirSync(dir);
  for (const name of names) writeFileSync(join(dir, name), '');
  expect(await isForeignFolder(dir)).toBe(expected);
  expect(await isForeignFolder(join(dir, 'missing'))).toBe(false);
});

import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, it } from 'vitest';
import { sourcePath } from '../../../../lib/dsl/source/source.ts';
import { isTheirs, positionOf } from '../../../../lib/dsl/trace/position.ts';
import { CODE } from '../../../../lib/root.ts';
import { scratch } from '../../support/scratch.ts';

const PACKAGES = {
  'quorate-role-nginx': { peerDependencies: { quorate: '*' } },
  helper: { dependencies: {} },
};

let modules: string;
beforeEach(() => {
  modules = join(scratch(), 'node_modules');
  for (const [name, manifest] of Object.entries(PACKAGES)) {
    mkdirSync(join(modules, name, 'dist'), { recursive: true });
    writeFileSync(join(modules, name, 'package.json'), JSON.stringify({ name, ...manifest }));
    writeFileSync(join(modules, name, 'dist/package.json'), '{"type":"module"}');
    writeFileSync(
      join(modules, name, 'dist/index.js'),
      'export const call = (work) => work();\nexport const fail = () => { throw new Error("x"); };\n',
    );
  }
});

const installed = (name: string) => import(join(modules, name, 'dist/index.js'));

function stack(...files: readonly string[]): Error {
  const error = new Error('x');
  error.stack = ['Error: x', ...files.map((file) => `    at made (${file}:2:7)`)].join('\n');
  return error;
}

it('a role of an installed package has a place, and its sources beside it', async () => {
  const { call } = await installed('quorate-role-nginx');
  // As a role of this package would: the caller is its file and not that of this test.
  expect(call(sourcePath.bind(undefined, './banner.txt'))).toBe(
    join(modules, 'quorate-role-nginx/dist/banner.txt'),
  );
});

it.each<[string, (path: (name: string) => string) => readonly string[], string | undefined, boolean]>([
  ['in a role', (path) => [path('quorate-role-nginx'), `${CODE}dsl/role.ts`], 'quorate-role-nginx', true],
  [
    'in what a role calls',
    (path) => [path('helper'), path('quorate-role-nginx')],
    'quorate-role-nginx',
    true,
  ],
  ['in what we call', (path) => [path('helper'), `${CODE}dsl/role.ts`], undefined, false],
])('an error %s is told with the place of who called it', (_where, files, name, theirs) => {
  const path = (one: string) => join(modules, one, 'dist/index.js');
  const error = stack(...files(path));
  expect(positionOf(error)?.file).toBe(name && path(name));
  expect(isTheirs(error)).toBe(theirs);
});

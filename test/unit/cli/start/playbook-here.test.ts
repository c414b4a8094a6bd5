import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, it } from 'vitest';
import { isPlaybookHere } from '../../../../lib/cli/start/playbook-here.ts';
import { scratch } from '../../support/scratch.ts';

const PLAIN =
  "await playbook(import.meta, { plays: [play({ name: 'inner', hosts: 'all', roles: [web] })] });\n";
const NAMED = "export default await playbook(import.meta, {\n  name: 'shop',\n  plays: [],\n});\n";

it.each([
  ['site', 'playbooks/site.ts', PLAIN, true],
  ['site', 'one/two/site.mjs', PLAIN, true],
  ['site', 'one/two/three/site.ts', PLAIN, false],
  ['shop', 'site.ts', NAMED, true],
  ['site', 'site.ts', NAMED, false],
  ['inner', 'site.ts', PLAIN, false],
  ['hello', 'hello.ts', "export const hello = role({ name: 'hello', tasks: () => [] });\n", false],
  ['hello', 'roles/hello.ts', PLAIN, false],
  ['hello', 'test/hello.ts', PLAIN, false],
])('a playbook %s is here by %s: %#', (name, file, text, isHere) => {
  const dir = scratch();
  mkdirSync(dirname(join(dir, file)), { recursive: true });
  writeFileSync(join(dir, file), text);
  expect(isPlaybookHere(name, dir)).toBe(isHere);
});

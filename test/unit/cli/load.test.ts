import { spawnSync } from 'node:child_process';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { scratch } from '../support/scratch.ts';

const RUN = join(import.meta.dirname, '../../../lib/cli/quorate/run.ts');

/** What `quorate run` says of a playbook, in a process of its own: only Node links its imports. */
function load(playbook: string) {
  const folder = scratch();
  mkdirSync(join(folder, 'roles'));
  writeFileSync(join(folder, 'package.json'), '{"type":"module"}');
  writeFileSync(join(folder, 'roles/web.ts'), 'export const web = 1;\n');
  writeFileSync(join(folder, 'site.ts'), playbook);
  const script = `import { run } from ${JSON.stringify(RUN)};
await run([${JSON.stringify(join(folder, 'site.ts'))}], 'quorate').catch(({ message, hint, position }) =>
  console.log(JSON.stringify({ message, hint, line: position?.line, file: position?.file })));`;
  const args = ['--import', 'tsx', '--input-type=module', '-e', script];
  return JSON.parse(spawnSync(process.execPath, args, { encoding: 'utf8' }).stdout);
}

it.each([
  ["\nimport { role } from 'quorat';\nrole();\n", 2, 'did you mean quorate?'],
  ["\n\nimport { web } from './roles/wbe.ts';\nweb;\n", 3, 'did you mean web.ts?'],
  ["import { web } from './roles/web';\nweb();\n", undefined, undefined],
  ["import { wbe } from './roles/web.ts';\nwbe();\n", 1, undefined],
])(
  'an import that leads nowhere is told with its place: %j',
  (playbook, line, hint) => {
    const said = load(playbook);
    if (line !== undefined) expect(said).toMatchObject({ line, file: expect.stringMatching(/site\.ts$/) });
    if (hint !== undefined) expect(said.hint).toBe(hint);
    expect(said.message).toMatch(/site\.ts cannot be loaded/);
  },
  30_000,
);

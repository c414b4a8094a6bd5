import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { EXIT, type ExitCode, QuorateError } from '../../errors.ts';
import { printDocument } from '../../report/document.ts';
import { ROOT } from '../../root.ts';
import { describePackage } from './package-json.ts';
import { vendored } from './vendored.ts';

/** What a project begins with; `dot.` stands for the dot that npm would leave out of a package. */
const TEMPLATE = join(ROOT, 'template');

/**
 * Writes an own project into the working directory: inventory, playbook, role, test, CI files, README. What is there
 * stays as it is, and is told of; `package.json` gets what it lacks, and each line of it that changes is told.
 */
export async function init(args: readonly string[], command: string): Promise<ExitCode> {
  const [word] = args;
  if (word !== undefined && word !== '-h' && word !== '--help') {
    throw new QuorateError(`unexpected argument ${word}`, {
      exitCode: EXIT.usage,
      hint: `${command} init takes none: it writes into the folder that you are in`,
    });
  }
  if (word !== undefined) {
    await printDocument(`usage: ${command} init\n\n${USAGE}\n`);
    return EXIT.ok;
  }
  const folder = process.cwd();
  const tarball = vendored(folder);
  const described = describePackage(folder, tarball?.dependency);
  const files = templateFiles();
  const kept = files.filter((name) => existsSync(join(folder, name)));
  const written = files.filter((name) => !kept.includes(name));
  for (const name of written) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    // Another run of this command may have been faster.
    writeFileSync(join(folder, name), readFileSync(join(TEMPLATE, dotted(name))), { flag: 'wx' });
  }
  tarball?.copy();
  writeFileSync(join(folder, 'package.json'), described.text);
  const say = (what: string, names: readonly string[]) => names.map((name) => `${what} ${name}\n`).join('');
  const copied = tarball === undefined ? [] : [`${tarball.file}, so that CI can install it: commit it`];
  await printDocument(
    [
      say('wrote', [...written, ...copied]),
      say('kept ', kept),
      say('package.json:', described.changes),
      next(command),
    ].join(''),
  );
  return EXIT.ok;
}

const USAGE =
  'Writes inventory, playbook, role, test, CI files and README into this folder. Nothing that is there is overwritten; package.json gets what it lacks and "type": "module", and each line that changes is told. A tarball of Quorate that lies outside of the folder is copied to vendor/, so that CI can install it.';

function next(command: string): string {
  return `
next:
  npm install                                  # typescript and vitest, for \`npm run types\` and \`npm test\`
  ${command} run site.ts --check --diff     # what the example would do on this machine
  ${command} run site.ts                    # do it
then put your hosts into inventory.yaml and your roles into roles/
`;
}

function templateFiles(): readonly string[] {
  return readdirSync(TEMPLATE, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name).slice(TEMPLATE.length + 1))
    .map((name) => name.replace(/^dot\./, '.'))
    .sort();
}

function dotted(name: string): string {
  return name.replace(/^\./, 'dot.');
}

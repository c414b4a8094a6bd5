import { existsSync, mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { EXIT, type ExitCode, QuorateError } from '../../errors.ts';
import { ROOT } from '../../root.ts';
import { VERSION } from '../../version.ts';

/** What a project begins with; `dot.` stands for the dot that npm would leave out of a package. */
const TEMPLATE = join(ROOT, 'template');

/**
 * Writes an own project into the working directory: inventory, playbook, role, test, CI files, README. What is there
 * stays as it is, and is told of; `package.json` gets what it lacks.
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
    process.stdout.write(`usage: ${command} init\n\n${USAGE}\n`);
    return EXIT.ok;
  }
  const folder = process.cwd();
  const described = describePackage(folder);
  const files = templateFiles();
  const kept = files.filter((name) => existsSync(join(folder, name)));
  const written = files.filter((name) => !kept.includes(name));
  for (const name of written) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    // Another run of this command may have been faster.
    writeFileSync(join(folder, name), readFileSync(join(TEMPLATE, dotted(name))), { flag: 'wx' });
  }
  writeFileSync(join(folder, 'package.json'), described);
  const say = (what: string, names: readonly string[]) => names.map((name) => `${what} ${name}\n`).join('');
  process.stdout.write(`${say('wrote', written)}${say('kept ', kept)}${next(command)}`);
  return EXIT.ok;
}

const USAGE =
  'Writes inventory, playbook, role, test, CI files and README into this folder. Nothing that is there is overwritten.';

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

interface PackageJson {
  name?: string;
  private?: boolean;
  type?: string;
  scripts?: Record<string, string>;
  dependencies?: Record<string, string>;
  devDependencies?: Record<string, string>;
  allowScripts?: Record<string, boolean>;
}

function readPackage(path: string): PackageJson {
  try {
    const read: unknown = JSON.parse(readFileSync(path, 'utf8'));
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read;
    throw new Error('an object was wanted');
  } catch (error) {
    throw new QuorateError(`package.json cannot be read: ${(error as Error).message}`, {
      exitCode: EXIT.usage,
      hint: 'mend it, or begin in a folder of its own',
    });
  }
}

/** The text of `package.json` with what such a project needs; whatever it says already, stands. */
function describePackage(folder: string): string {
  const path = join(folder, 'package.json');
  const found: PackageJson = existsSync(path)
    ? readPackage(path)
    : {
        name: basename(folder)
          .toLowerCase()
          .replace(/[^\w.-]/g, '-'),
        private: true,
      };
  if (found.type !== 'module' && hasOwnCode(folder)) {
    throw new QuorateError('this folder has code of its own, and its package.json no "type": "module"', {
      exitCode: EXIT.usage,
      hint: 'write "type": "module" there if the code can be read so, or begin in a folder of its own',
    });
  }
  const known = { ...found.dependencies, ...found.devDependencies };
  const { scripts = {} } = found;
  const isTestless = scripts.test === undefined || scripts.test.includes('no test specified');
  const whole: PackageJson = {
    ...found,
    type: 'module',
    scripts: { types: 'tsc -p roles', ...scripts, ...(isTestless && { test: 'vitest run' }) },
    ...(known.quorate === undefined && { dependencies: { ...found.dependencies, quorate: `^${VERSION}` } }),
    devDependencies: {
      ...Object.fromEntries(Object.entries(TOOLS).filter(([name]) => known[name] === undefined)),
      ...found.devDependencies,
    },
    allowScripts: { ...NO_SCRIPTS, ...found.allowScripts },
  };
  return `${JSON.stringify(whole, null, 2)}\n`;
}

/** What `npx tsc` and `npm test` want. */
const TOOLS: Readonly<Record<string, string>> = {
  '@types/node': '^20.19.43',
  typescript: '^7.0.2',
  vitest: '^4.1.12',
};

/** They would compile what makes no difference in a run; without a word npm warns at each installation. */
const NO_SCRIPTS: Readonly<Record<string, boolean>> = { 'cpu-features': false, esbuild: false, ssh2: false };

function hasOwnCode(folder: string): boolean {
  return readdirSync(folder).some((name) => /\.[jt]s$/.test(name));
}

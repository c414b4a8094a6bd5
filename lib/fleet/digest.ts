import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, readlinkSync } from 'node:fs';
import { dirname, extname, join, relative, resolve } from 'node:path';
import { Digests } from '../cli/plan-file/digests.ts';
import { codeOf } from '../cli/plan-file/sources.ts';
import { EXIT, QuorateError } from '../errors.ts';
import { Problems } from '../inventory/checks/problems.ts';
import { kindOfFile } from '../inventory/folders.ts';
import { isProgram } from '../inventory/formats/program.ts';
import { filesOf } from '../inventory/sources.ts';
import { varFolders } from '../inventory/variables/var-files.ts';
import { maskMessage } from '../secret-texts.ts';
import { filesBelow } from './files-below.ts';
import { fileOf } from './line.ts';
import type { CodeDigest, Job, Order } from './order.ts';
import { extraVarsOf } from './words.ts';

/**
 * What the run of a playbook is made of here. Undefined where there is no such playbook. `notice` is told of each import
 * and each folder that nobody can compare.
 */
export function codeDigest(
  playbook: Order['playbook'],
  secrets = new Digests().how,
  notice: (what: string) => void = () => {},
): CodeDigest | undefined {
  const file = fileOf(playbook);
  if (file === undefined) return undefined;
  const { version, own, files, sent, unknown } = codeOf(file);
  const project = createHash('sha256');
  const below = sent.flatMap((path) => filesBelow(path, { notice }));
  for (const path of [...new Set([...[...files.keys()].map((one) => resolve(one)), ...below])].sort())
    project
      .update(`${relative(process.cwd(), path)}\0`)
      .update(bytesOf(path))
      .update('\0');
  for (const one of unknown) notice(one);
  return { version, own, project: `sha256:${project.digest('hex')}`, secrets };
}

/** For a link also where it leads: some are sent as links. */
function bytesOf(path: string): Buffer {
  const link = lstatSync(path).isSymbolicLink() ? `${readlinkSync(path)}\0` : '';
  return Buffer.concat([Buffer.from(link), kindOfFile(path) === 'file' ? readFileSync(path) : NONE]);
}

const NONE = Buffer.from('none');

/**
 * Digests of inventories: over all files from which one may be read. That is a little more than a run reads: variables
 * of groups and hosts that lie beside it, and that it does not have. Nothing is run, and no vault is opened.
 */
export class InventoryDigests {
  readonly #digests: Digests;
  readonly #order: Pick<Order, 'playbook' | 'words'>;
  readonly #beside = new Map<string, readonly string[]>();
  readonly #known = new Map<string, string>();
  readonly #notice: (what: string) => void;

  constructor(
    order: Pick<Order, 'playbook' | 'words'>,
    { secrets }: Pick<CodeDigest, 'secrets'>,
    notice: (what: string) => void = () => {},
  ) {
    this.#order = order;
    this.#notice = notice;
    this.#digests = new Digests(secrets);
  }

  /** Throws exit code 1 for an inventory that runs a program: on another machine it would say something else. */
  async of({ inventory }: Pick<Job, 'inventory'>): Promise<string> {
    const whole = createHash('sha256');
    for (const file of this.#filesOf(inventory).sort()) {
      const path = relative(process.cwd(), file);
      whole.update(`${path}\0${await this.#fileDigest(file)}\n`);
    }
    return `sha256:${whole.digest('hex')}`;
  }

  #filesOf(inventory: string): string[] {
    const sources = filesOf(inventory, new Problems()).filter((file) => existsSync(file));
    const script = sources.find(isProgram);
    if (script !== undefined) throw runsProgram(script);
    const { playbook, words } = this.#order;
    const folder = 'own' in playbook ? process.cwd() : dirname(resolve(playbook.file));
    const given = extraVarsOf(words).flatMap((vars) => (vars.startsWith('@') ? [vars.slice(1)] : []));
    const beside = varFolders([inventory], folder).flatMap((one) => this.#varsIn(one));
    return [...new Set([...sources, ...given, ...beside].map((file) => resolve(file)))];
  }

  #varsIn(folder: string): readonly string[] {
    let found = this.#beside.get(folder);
    if (found === undefined) {
      found = ['group_vars', 'host_vars'].flatMap((name) =>
        filesBelow(join(folder, name), { intoLinks: true, notice: this.#notice }),
      );
      this.#beside.set(folder, found);
    }
    return found;
  }

  /** `ansible_ssh_pass: 4711`: with a bare digest of the file guesses could be tested. */
  async #fileDigest(file: string): Promise<string> {
    const known = this.#known.get(file);
    if (known !== undefined) return known;
    if (kindOfFile(file) !== 'file') return 'none';
    const text = readFileSync(file, 'latin1');
    const made = await this.#digests.of(text, maskMessage(text) !== text);
    this.#known.set(file, made);
    return made;
  }
}

function runsProgram(file: string): QuorateError {
  const pinned = `${file.slice(0, file.length - extname(file).length)}.yaml`;
  return new QuorateError(`${file} is a program: what it says may differ from machine to machine`, {
    exitCode: EXIT.usage,
    hint: `write down what it says: inventory -i ${file} --list --yaml >${pinned === file ? 'pinned.yaml' : pinned}, and name that`,
  });
}

/** In what this machine differs from what is meant, in words; undefined where it has the same. */
export function otherCode(wanted: CodeDigest, here: CodeDigest | undefined): string | undefined {
  if (here === undefined) return 'has no such playbook';
  if (here.version !== wanted.version) return `has version ${here.version} of Quorate, not ${wanted.version}`;
  if (here.own !== wanted.own) return `has other code of Quorate (also version ${here.version})`;
  return here.project === wanted.project ? undefined : 'has other code: playbook, roles or what they send';
}

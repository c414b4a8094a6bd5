import { execFile } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import { basename, extname, resolve } from 'node:path';
import { keepMasked } from '../../dsl/secret.ts';
import { environment } from '../../environment.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { untilde } from '../../home.ts';

/** A password for vaults, not read yet. */
export interface VaultPassword {
  /** Of `--vault-password-file ID@FILE`; `default` without one. */
  readonly id: string;
  /** For messages: the file, or who is asked. */
  readonly source: string;
  /** Throws exit code 1. */
  read(): Promise<string>;
}

export interface VaultSources {
  /** `--vault-id`, then `--vault-password-file`, as given: `FILE`, `ID@FILE` or `ID@prompt`. */
  readonly files: readonly string[];
  /** `--ask-vault-pass`. */
  readonly prompt: boolean;
  /** Asks a person, without echo. */
  readonly ask: (question: string) => Promise<string>;
  /** Gives ANSIBLE_VAULT_PASSWORD_FILE where the command line names nothing. */
  readonly env?: NodeJS.ProcessEnv;
}

/** The passwords to try, in Ansible's order: files as they were named, then the person. */
export function vaultPasswords({
  files,
  prompt,
  ask,
  env = process.env,
}: VaultSources): readonly VaultPassword[] {
  const { ANSIBLE_VAULT_PASSWORD_FILE: usual = '' } = env;
  const named = files.length === 0 && !prompt && usual !== '' ? [usual] : files;
  return [
    ...named.map((name) => fromFile(name, ask)),
    ...(prompt ? [fromPerson('default', '--ask-vault-pass', ask)] : []),
  ];
}

function fromFile(given: string, ask: VaultSources['ask']): VaultPassword {
  const at = given.indexOf('@');
  const whole = at < 0 || existsSync(untilde(given));
  const id = whole ? 'default' : given.slice(0, at) || 'default';
  const name = whole ? given : given.slice(at + 1);
  if (!whole && /^prompt(_ask_vault_pass)?$/.test(name)) return fromPerson(id, given, ask);
  // Not by its bare name: a program of that name on the PATH would be run in its place.
  const file = resolve(untilde(name));
  return {
    id,
    source: name,
    read: async () => kept(isProgram(file) ? await output(file, id, name) : contents(file, name), name),
  };
}

function fromPerson(id: string, source: string, ask: VaultSources['ask']): VaultPassword {
  const question = id === 'default' ? 'vault password: ' : `vault password (${id}): `;
  return { id, source, read: async () => kept((await ask(question)).trim(), source) };
}

function kept(password: string, source: string): string {
  if (password === '')
    throw refuse(`${source} gives no vault password: it is empty`, 'write the password into it');
  keepMasked(password);
  return password;
}

function contents(file: string, name: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (error) {
    const missing = (error as NodeJS.ErrnoException).code === 'ENOENT';
    throw refuse(
      missing
        ? `there is no vault password file ${name}`
        : `cannot read the vault password file ${name}: ${(error as NodeJS.ErrnoException).code}`,
      missing ? 'check the path; a relative one starts in the current directory' : undefined,
    );
  }
}

/** What people wait for at most: the program may ask for a PIN. */
const PATIENCE_MS = 120_000;

/** Runs a password program, as Ansible does: it prints the password, and may ask on the terminal. */
function output(file: string, id: string, name: string): Promise<string> {
  // Ansible's name for programs that keep several passwords.
  const client = basename(file, extname(file)).endsWith('-client');
  const args = client ? ['--vault-id', id] : [];
  return new Promise((resolve, reject) => {
    const options = { env: environment(), timeout: PATIENCE_MS, maxBuffer: 1 << 20 };
    const child = execFile(file, args, options, (error, stdout) => {
      if (error === null) return resolve(stdout.replace(/^[\r\n]+|[\r\n]+$/g, ''));
      const why = error.killed
        ? `took more than ${PATIENCE_MS / 1000} s`
        : typeof error.code === 'number'
          ? `ended with ${error.code}`
          : `cannot be run: ${error.code}`;
      reject(
        refuse(`the vault password program ${name} ${why}`, 'run it by hand: it prints the password alone'),
      );
    });
    child.stderr?.pipe(process.stderr, { end: false });
    child.stdin?.end();
  });
}

function isProgram(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile() && (statSync(file).mode & 0o111) !== 0;
  } catch {
    return false;
  }
}

function refuse(message: string, hint: string | undefined): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, ...(hint !== undefined && { hint }) });
}

import { EXIT, QuorateError } from '../../errors.ts';
import type { PackagesDesired, PackagesOptions } from './backend.ts';
import { versionsAgree } from './version.ts';

/** Brings what a role says of packages into one form; throws exit code 1 for names and versions that are none. */
export function completePackages(
  name: string,
  { state, version, downgrade, replaces: others = '' }: PackagesOptions,
): PackagesDesired {
  const [names, replaces] = [wordsOf(name), wordsOf(others)];
  if (names.length === 0)
    throw wrong('no package is named', "name one, or several with spaces between: 'nginx curl'");
  for (const one of [...names, ...replaces]) {
    if (!/^[A-Za-z0-9]([\w.+-]*[\w.+])?(:[a-z0-9-]+)?$/.test(one) || FILE.test(one))
      throw wrong(`${JSON.stringify(one)} is not the name of a package`, nameHint(one));
  }
  if (version !== undefined && !/^[\w.+:~^*-]+$/.test(version)) {
    throw wrong(
      `${JSON.stringify(version)} is not a version`,
      "write one, or 'latest'; * stands for anything",
    );
  }
  if (version !== undefined && state === 'absent') {
    throw wrong(`${name} is to be absent, in version ${version}`, 'leave the version out');
  }
  if (replaces.length > 0 && state === 'absent')
    throw wrong(`${name} is to be absent, and replaces ${replaces.join(' ')}`, 'name those as absent, too');
  return { names, state, version, downgrade, replaces };
}

function wordsOf(text: string): readonly string[] {
  return text.split(/\s+/).filter(Boolean);
}

/** They cannot both hold: a package is to be there and not, in two versions, or to give way. */
export function contradict(one: PackagesDesired, other: PackagesDesired): boolean {
  const isShared = one.names.some((name) => other.names.includes(name));
  return (isShared && !agree(one, other)) || lets(one, other) || lets(other, one);
}

/** A package may be as both want it. */
function agree(one: PackagesDesired, other: PackagesDesired): boolean {
  return one.state === 'absent' || other.state === 'absent'
    ? one.state === other.state
    : versionsAgree(one.version, other.version);
}

/** One lets go what the other wants. */
function lets({ replaces }: PackagesDesired, { names, state }: PackagesDesired): boolean {
  return state !== 'absent' && names.some((name) => replaces.includes(name));
}

const FILE = /\/|\.(deb|rpm)$/;

function nameHint(word: string): string {
  if (word.startsWith('@'))
    return 'name the packages of the group; or a command() with dnf group install, and an unless';
  if (FILE.test(word))
    return 'bring the file to the host with file(), and install it with a command() that has an unless';
  if (/[()]/.test(word)) return 'name the package that provides it: dnf repoquery --whatprovides tells it';
  if (/-(:|$)/.test(word)) return "what is to go is an option: { state: 'absent' }";
  if (word.includes('=')) return "a version is an option: { version: '1.24.*' }";
  return 'letters, digits and . + - _ behind the first; an architecture as the host has it: libc6:i386';
}

function wrong(message: string, hint: string): QuorateError {
  return new QuorateError(message, { exitCode: EXIT.usage, hint });
}

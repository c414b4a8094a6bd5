import { editableText, linesOf, textOfLines, withItsEnd } from '../../dsl/edit.ts';
import { is, must, usage } from '../../dsl/options/options.ts';
import {
  type ObservedPath,
  ownershipDifferences,
  parsePath,
  requireReplaceable,
  sha256,
} from '../../dsl/path.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import { type Ground, parseGround, requireFolder } from '../../dsl/world/ground.ts';
import { Slot } from '../../dsl/world/things.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { fingerprintOf, type PublicKey, parseKeys, publicKeyIn } from './ssh-key.ts';

export interface AuthorizedKeysOptions {
  /** Lines as in a `.pub` file, options before them if wanted; one text may hold several. */
  readonly keys: string | readonly string[];
  /** Every key that is not listed goes, and any other line that is no comment. */
  readonly exclusive?: boolean;
}

interface KeysDesired {
  readonly user: string;
  readonly keys: readonly PublicKey[];
  readonly exclusive: boolean;
}

interface ObservedKeys {
  /** undefined without such a user. */
  readonly home: string | undefined;
  readonly folder: ObservedPath | undefined;
  readonly file: ObservedPath | undefined;
  readonly ground: Ground;
}

/**
 * Keys that let somebody log in as a user: those that are named are there, each with the options it is named with;
 * others, and all comments, stay as they are unless the list is `exclusive`. Folder and file are the user's alone.
 *
 * @example
 * authorizedKeys('ann', { keys: 'ssh-ed25519 AAAAC3Nza… ann@laptop' })
 * authorizedKeys('deploy', { keys: ['restrict,command="/usr/bin/deploy" ssh-ed25519 AAAAC3Nza… ci'], exclusive: true })
 */
export const authorizedKeys = defineResource<AuthorizedKeysOptions, KeysDesired, ObservedKeys>({
  kind: 'authorized-keys',
  options: { keys: must(is.either(is.text, is.list(is.text))), exclusive: is.boolean },
  complete(user, { keys, exclusive = false }) {
    const parsed = parseKeys(keys);
    // What was to hold keys (a file, a variable) may be empty by mistake, and then nobody would get in any more.
    if (exclusive && parsed.length === 0)
      throw usage(
        `authorized-keys "${user}": there is no key in keys`,
        "name one, or leave the task out; absent('HOME/.ssh/authorized_keys') takes all of them away",
      );
    return { user, keys: parsed, exclusive };
  },
  // Several tasks may each bring keys of their own.
  name: ({ user, keys, exclusive }) => (exclusive ? user : [user, ...keys.map(({ name }) => name)].join(' ')),
  provides: (_desired, found) =>
    found?.home === undefined ? [] : [`${found.home}/.ssh`, pathIn(found.home)],
  traces({ user, keys }, changes) {
    const lines = (kind: string) =>
      (changes ?? []).flatMap((one) =>
        one.kind === kind ? (publicKeyIn(`${kind === 'create' ? one.after : one.before}`)?.blob ?? []) : [],
      );
    const [come, gone] = [lines('create'), lines('remove')];
    return keys
      .filter(({ blob }) => changes === undefined || come.includes(blob))
      .map((key) => ({
        kind: 'key',
        name: `${user} ${fingerprintOf(key)}`,
        digest: sha256(key.options),
        ...(gone.includes(key.blob) && { there: true }),
      }));
  },
  title: ({ user, exclusive }) => `${user} lets in ${exclusive ? 'exactly these keys' : 'these keys'}`,
  probe: ({ user }) =>
    probe(
      [{ account: user, in: 'passwd' }],
      sh`${homeOf(user)}
if [ -n "$q_home" ]; then echo "home $q_home"; q_part; q_stat "$q_home/.ssh"; q_part; q_text "$q_home/.ssh/authorized_keys"; q_part; printf 'above '; q_above "$q_home/.ssh/authorized_keys"; fi`,
    ),
  parse({ out }) {
    const parts = partsOf(out);
    const [, home, folder = '', file = ''] = parts;
    return {
      home: /^home (.*)$/.exec(home ?? '')?.[1],
      folder: parsePath({ code: 0, out: folder }),
      file: parsePath({ code: 0, out: file }),
      ground: parseGround(parts),
    };
  },
  diff: keysDifferences,
  foresee({ user, keys, exclusive }, { home }, changes, world) {
    const known = world.slot(WANTED, user).state;
    world.slot(WANTED, user).willBe({ exclusive, keys: [...(known?.keys ?? []), ...keys] });
    const text = changes.find((change) => change.text)?.text?.after;
    if (home === undefined || text === undefined) return;
    world.path(`${home}/.ssh`).willBe({ type: 'directory', mode: '0700', owner: user });
    world.path(pathIn(home)).willBe({ type: 'file', mode: '0600', owner: user, text, sha256: sha256(text) });
  },
  apply({ user }, changes) {
    const text = changes.find((change) => change.text)?.text;
    const added = changes.flatMap(({ kind, after }) => (kind === 'create' && after !== null ? [after] : []));
    const file = sh`"$q_home/.ssh/authorized_keys"`;
    return joinSh([
      sh`${homeOf(user)}
for q_path in "$q_home/.ssh" ${file}; do
  if [ -L "$q_path" ]; then echo "$q_path is a link: it is not followed"; exit 1; fi
done
case $q_home in '' | / | /dev/null | /nonexistent) echo "the home of "${user}" is $q_home"; exit 1 ;; esac
q_group=$(id -g -- ${user}) || exit
if [ ! -d "$q_home" ]; then mkdir -p -- "$q_home" && q_mode "$q_home" 0755 ${user} "$q_group" && q_label "$q_home" || exit; fi
q_mkdir "$q_home/.ssh" && q_mode "$q_home/.ssh" 0700 ${user} "$q_group" || exit`,
      ...(text ? [writeOver(file, text)] : added.length > 0 ? [addTo(file, added)] : []),
      sh`if [ -e ${file} ]; then q_mode ${file} 0600 ${user} "$q_group"; fi && q_label "$q_home/.ssh"`,
    ]);
  },
});

function writeOver(file: Sh, { before, after }: { readonly before: string; readonly after: string }): Sh {
  return sh`if [ -e ${file} ] && [ "$(q_sha256 ${file})" != ${sha256(before)} ]; then echo "$q_home/.ssh/authorized_keys has changed since it was read: run again"; exit 1; fi
printf %s ${after} | q_write ${file} 0600 '' '' || exit`;
}

/** For a user whose home was not there to be read: that of one who was made in between may hold keys. */
function addTo(file: Sh, lines: readonly string[]): Sh {
  return sh`q_old=$(cat ${file} 2>/dev/null)
printf '%s\n' \${q_old:+"$q_old"} ${lines} | q_write ${file} 0600 '' '' || exit`;
}

/** Where accounts are told to live that have no home. */
const NO_HOME = /^\/(dev\/null|nonexistent)?$/;

/** What earlier tasks want for a user. */
const WANTED = new Slot<{ readonly exclusive: boolean; readonly keys: readonly PublicKey[] }>({
  exclusive: false,
  keys: [],
});

/** Two lists that do not agree would each undo the other, on every run. */
function requireAgreement({ user, keys, exclusive }: KeysDesired, world: World): void {
  const { state } = world.slot(WANTED, user);
  if (!state || world.isProof) return;
  const earlier = state.keys ?? [];
  const other = keys.find((key) => {
    const same = earlier.filter(({ blob }) => blob === key.blob);
    return same.length > 0 && same.every(({ options }) => options !== key.options);
  });
  if (other !== undefined) {
    throw cannot(
      `${user} gets the key ${other.name} from another task, with other options`,
      'name it once, with the options that it is to have',
    );
  }
  const [list, others] = exclusive ? [keys, earlier] : [earlier, keys];
  const isListed = ({ blob }: PublicKey) => list.some((one) => one.blob === blob);
  if (!(exclusive || state.exclusive) || others.every(isListed)) return;
  throw cannot(`${user} has an exclusive list, and another task adds a key`, 'put all keys into the list');
}

/** Sets `q_home`; to nothing without such a user. */
function homeOf(user: string) {
  return sh`q_home=$(q_account passwd ${user}); q_home=\${q_home%:*}; q_home=\${q_home##*:}`;
}

function pathIn(home: string): string {
  return `${home}/.ssh/authorized_keys`;
}

function keysDifferences(
  { user, keys, exclusive }: KeysDesired,
  { home, folder, file, ground }: ObservedKeys,
  world: World,
): readonly Difference[] {
  requireAgreement({ user, keys, exclusive }, world);
  if (home === undefined || world.user(user).state === null) return forNewUser(user, keys, world);
  if (NO_HOME.test(home)) throw cannot(`the home of ${user} is ${home}`, 'sshd would look for keys there');
  const foreseen = [world.path(`${home}/.ssh`).over(folder), world.path(pathIn(home)).over(file)] as const;
  requireOwn(`${home}/.ssh`, 'directory', foreseen[0]);
  requireOwn(pathIn(home), 'file', foreseen[1]);
  if (folder === undefined && ground.above?.is === 'closed')
    throw cannot(`${ground.above.path} is closed to us`, 'become root (-b)');
  const before = foreseen[1]?.text ?? '';
  if (foreseen[1] !== undefined && foreseen[1].text === undefined)
    throw cannot(`${pathIn(home)} is larger than 64 KiB`, 'make it shorter');
  const { after, differences } = edited(before, keys, exclusive);
  // Bytes that are no text would be others behind the edit.
  if (differences.length > 0 && foreseen[1] !== undefined) {
    editableText(pathIn(home), foreseen[1]);
    requireReplaceable(pathIn(home), foreseen[1], world);
  }
  if (differences.length > 0) requireFolder(pathIn(home), ground, world, { makesFolders: true });
  const text = { before, after };
  const owned = (name: string, mode: string, at: ObservedPath | undefined) =>
    at === undefined
      ? []
      : ownershipDifferences({ mode, owner: user }, at).map((one) => ({
          ...one,
          property: `${name} ${one.property}`,
        }));
  return [
    ...differences.map((one, i) => (i === 0 ? { ...one, text } : one)),
    ...owned('.ssh', '0700', foreseen[0]),
    ...owned('authorized_keys', '0600', foreseen[1]),
  ];
}

function forNewUser(user: string, keys: readonly PublicKey[], world: World): readonly Difference[] {
  if (!world.user(user).state && !world.bringsMore)
    throw cannot(`there is no user ${user}`, 'declare the user before it');
  const certainty = world.user(user).state ? 'certain' : 'conditional';
  return keys.map((key) => ({ ...added(key), certainty }));
}

/** The text with these keys in it, and what that changes. A key that is named is there as it is named, and no other way. */
function edited(before: string, keys: readonly PublicKey[], exclusive: boolean) {
  const missing = new Map(keys.map((key) => [`${key.options} ${key.blob}`, key]));
  const named = new Set(keys.map(({ blob }) => blob));
  const differences: Difference[] = [];
  const lines = linesOf(before).filter((line) => {
    const found = publicKeyIn(line);
    if (found === undefined) {
      // Which words sshd takes for a type of key is its own affair: whatever is no comment may let somebody in.
      const stays = !exclusive || /^\s*(#|$)/.test(line);
      if (!stays) differences.push({ kind: 'remove', property: 'line', before: line, after: null });
      return stays;
    }
    const isWanted = keys.some(({ options, blob }) => blob === found.blob && options === found.options);
    missing.delete(`${found.options} ${found.blob}`);
    const goes = !isWanted && (exclusive || named.has(found.blob));
    if (goes) differences.push({ kind: 'remove', property: `key ${found.name}`, before: line, after: null });
    return !goes;
  });
  const fresh = [...missing.values()];
  const after = withItsEnd(before, textOfLines([...lines, ...fresh.map(({ line }) => line)]));
  return { after, differences: [...differences, ...fresh.map(added)] };
}

function added(key: PublicKey): Difference {
  return { kind: 'create', property: `key ${key.name}`, before: null, after: key.line };
}

/** The user may have put a link to anything there, and we may be root. */
function requireOwn(path: string, wanted: string, at: ObservedPath | undefined): void {
  if (at === undefined || at.type === wanted) return;
  throw cannot(`${path} is a ${at.type}, a ${wanted} was wanted`, 'it is not followed: move it away');
}

function cannot(found: string, hint: string): QuorateError {
  return new QuorateError(`cannot see to authorized keys: ${found}`, { exitCode: EXIT.failed, hint });
}

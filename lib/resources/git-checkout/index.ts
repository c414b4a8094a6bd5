import { requireAnswer } from '../../dsl/common/answer.ts';
import { oneLine } from '../../dsl/edit.ts';
import { broughtBy, isNew } from '../../dsl/ledger/made.ts';
import { orGone } from '../../dsl/mark.ts';
import { is, must } from '../../dsl/options/options.ts';
import { checkedPath, requireRoom } from '../../dsl/path.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { sh } from '../../dsl/shell/sh.ts';
import type { Reading } from '../../dsl/task.ts';
import {
  foreseeFolders,
  groundReads,
  type Place,
  parsePlace,
  requireFolder,
} from '../../dsl/world/ground.ts';
import { UNKNOWN, type World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { checkout, checkoutState, gitAs, gitOf, heardOnce, nameRemote } from './git-shell.ts';
import { type Remote, remoteOf } from './remote.ts';

export interface GitCheckoutOptions {
  /**
   * An address that git on the host understands; the keys it needs are the user's on the host. User and token of an
   * `https://user:token@host/…` stand neither in the words of a command there nor in the checkout.
   */
  readonly repository: string;
  /** A tag, a commit, or a branch, which is followed. */
  readonly version: string;
  /** Who runs git, and whom the files belong to; the login unless said. */
  readonly user?: string;
}

interface GitDesired extends GitCheckoutOptions, Remote {
  readonly path: string;
}

interface ObservedCheckout extends Place {
  readonly hasGit: boolean;
  /** There is nobody of the name that git is to run as, so the remote was not asked. */
  readonly lacksUser: boolean;
  readonly isRepository: boolean;
  readonly hasEntries: boolean;
  /** The commit that is checked out. */
  readonly head: string | undefined;
  readonly remote: string | undefined;
  /** The commit that is wanted; undefined where the remote does not say. */
  readonly wanted: string | undefined;
  /** What git says of a remote that does not answer. */
  readonly unreachable: Reading | undefined;
  /** Files that somebody has changed. */
  readonly edited: readonly string[];
  /** Commits that are in no branch or tag of the remote. */
  readonly local: readonly string[];
  /** Files that git does not know or ignores, where the wanted commit has some of its own. */
  readonly hindering: readonly string[];
  /** There are files that git does not know, and the wanted commit is not here to compare. */
  readonly mayHinder: boolean;
}

/**
 * A checkout of a git repository at one version, by the commit it stands for. Files that somebody has changed, and no other task writes, and
 * commits that are nowhere else, are an error, and stay; files that git does not know, or ignores, stay, too, and are an
 * error where the wanted commit has one of the same name. A remote that does not answer is asked again behind earlier tasks that may
 * bring it. Submodules are left as they are.
 *
 * @example
 * gitCheckout('/srv/site', { repository: 'https://git.example.org/site.git', version: 'v1.4.2', user: 'web' })
 */
export const gitCheckout = defineResource<GitCheckoutOptions, GitDesired, ObservedCheckout>({
  kind: 'git-checkout',
  options: { repository: must(is.text), version: must(is.text), user: is.text },
  complete(name, { repository, version, user }) {
    for (const [what, word] of Object.entries({ repository, version }))
      if (oneLine(what, word).startsWith('-') || /\s/.test(word)) throw wrong(what, word);
    // Names of refs (git-check-ref-format(1)); with a pattern, or HEAD~1, another commit is meant every time.
    if (/[~^:?*[\\]|\.\.|@\{|\.lock$|^@$/.test(version)) throw wrong('version', version);
    return { path: checkedPath(name), ...remoteOf(repository), version, ...(user !== undefined && { user }) };
  },
  name: ({ path }) => path,
  title: ({ path, version }) => `${path} is at ${version}`,
  owns: ({ path }) => [path],
  files: () => [],
  traces: ({ path }, changes) => broughtBy({ kind: 'tree', name: path }, changes, 'commit').filter(isNew),
  marks: ({ path }) => [
    {
      name: `checkout ${path}`,
      // A version is checked out detached: its commit stands in HEAD itself.
      look: sh`if [ -f ${`${path}/.git/HEAD`} ]; then echo "$(tr ' ' = <${`${path}/.git/HEAD`}) $(stat -c %Y -- ${`${path}/.git/HEAD`})"
${orGone(path)}`,
      after: (changes) => changes.find(({ property }) => property === 'commit')?.after ?? undefined,
    },
  ],
  probe: (desired) =>
    probe([{ path: desired.path, how: 'stat' }, ...groundReads(desired.path, {})], checkoutState(desired)),
  parse({ code, out }, { path }) {
    const parts = partsOf(out);
    // What a remote said may be anything.
    const [own = '', status, said = ''] = (parts.at(-1) ?? '').split(/^unreachable (\d+)\n/m);
    requireAnswer({ code, out: own }, `the checkout ${path}`);
    const value = (name: string) => new RegExp(`^${name} (.+)$`, 'm').exec(own)?.[1];
    const all = (name: string) =>
      [...own.matchAll(new RegExp(`^${name} (.+)$`, 'gm'))].map(([, one = '']) => one);
    return {
      ...parsePlace(parts),
      hasGit: /^git$/m.test(own),
      lacksUser: /^nobody$/m.test(own),
      isRepository: /^repository$/m.test(own),
      hasEntries: /^names$/m.test(own),
      head: value('head'),
      remote: value('remote'),
      wanted: value('wanted'),
      unreachable: status === undefined ? undefined : { code: Number(status), out: said },
      edited: all('edited'),
      local: all('local'),
      hindering: all('hindering'),
      mayHinder: /^untracked$/m.test(own),
    };
  },
  diff(desired, observed, world) {
    const { repository } = desired;
    const { head, remote, wanted, isRepository, mayHinder } = observed;
    requireTools(desired, observed, world);
    requireOurs(desired, observed, world);
    if (wanted === undefined) requireLater(desired, observed, world);
    const certainty = wanted === undefined || mayHinder ? 'conditional' : 'certain';
    const commit = { property: 'commit', after: wanted ?? UNKNOWN, certainty } as const;
    if (!isRepository) return [{ ...commit, kind: 'create', before: null }];
    const moved: Difference = {
      kind: 'update',
      property: 'remote',
      before: remote ?? null,
      after: repository,
      ...(head === undefined && { certainty }),
    };
    const other: Difference = { ...commit, kind: 'update', before: head ?? null };
    return [
      ...(remote === repository ? [] : [moved]),
      ...(head !== undefined && head === wanted ? [] : [other]),
    ];
  },
  foresee({ path }, { ground }, changes, world) {
    if (changes.length === 0) return;
    foreseeFolders(path, ground, world);
    world.path(path).willBe({ type: 'directory' });
    world.expectAnything();
  },
  // What an earlier task brings (the repository, a key) decides whether the remote answers.
  late: true,
  apply({ path, repository, login, version, user }, changes) {
    const commit = changes.find(({ property }) => property === 'commit');
    const isNew = commit?.kind === 'create';
    const work = sh`${gitOf(path, login)}${gitAs(user)}
${
  isNew
    ? sh`q_mkdir ${path} || exit; ${user === undefined ? sh`` : sh`q_on ${path} chown -h -- ${user} || exit`}
q_git -C ${path} init --quiet 2>&1 || exit`
    : sh``
}
${nameRemote(path, repository)}
${commit === undefined ? sh`:` : checkout(path, version)}`;
    return user === undefined ? work : heardOnce(work);
  },
});

function requireTools(
  { path, user }: GitDesired,
  { hasGit, lacksUser }: ObservedCheckout,
  world: World,
): void {
  if (!hasGit && !world.bringsMore)
    throw cannot(path, 'there is no git on the host', "declare packages('git') before it");
  if (lacksUser && user !== undefined && !world.user(user).state && !world.bringsMore)
    throw cannot(path, `there is no user ${user}`, 'declare the user before it');
}

/** Throws where something of somebody's would be lost, or is in the way. */
function requireOurs({ path }: GitDesired, observed: ObservedCheckout, world: World): void {
  const { head, wanted, edited, local, hindering, isRepository } = observed;
  const found = world.path(path).over(observed.at);
  requireRoom(path, 'directory', found);
  if (found !== undefined && !isRepository && observed.hasEntries)
    throw cannot(path, 'it is not a checkout, and has files in it', 'move them away: they are not ours');
  if (found === undefined) requireFolder(path, observed.ground, world, { makesFolders: true });
  // What another task writes is no loss: it writes it again, and git itself refuses a commit that has another one.
  const lost = edited.filter((name) => !world.declared.isElse(`${path}/${name}`, `git-checkout:${path}`));
  if (lost.length > 0)
    throw cannot(path, `somebody has changed ${some(lost)}`, 'keep the change elsewhere, or take it back');
  if (local.length > 0 && (head === undefined || head !== wanted))
    throw cannot(
      path,
      `it has commits that are nowhere else: ${some(local)}`,
      'push them, or take them back',
    );
  if (hindering.length > 0)
    throw cannot(
      path,
      `the wanted commit has ${some(hindering)}, and git does not keep what is there by this name`,
      'move it away: it is not ours',
    );
}

/** Throws where the wanted commit is not known, unless an earlier task may see to that. */
function requireLater(
  { path, repository, version }: GitDesired,
  observed: ObservedCheckout,
  world: World,
): void {
  const { hasGit, lacksUser, unreachable } = observed;
  if (!hasGit || lacksUser) return;
  const [, folder] = /^(?:file:\/\/)?(\/.*)$/.exec(repository) ?? [];
  const isBrought = folder !== undefined && !world.isProof && (world.bringsMore || isForeseen(folder, world));
  if (isBrought || (folder === undefined && unreachable !== undefined && world.willChange)) return;
  if (unreachable !== undefined) requireAnswer(unreachable, `the checkout ${path}`);
  throw noVersion(path, repository, version);
}

function isForeseen(folder: string, world: World): boolean {
  return world.path(folder).state !== undefined || world.willTouch(folder);
}

function some(names: readonly string[]): string {
  return `${names.slice(0, 3).join(', ')}${names.length > 3 ? ', …' : ''}`;
}

function cannot(path: string, found: string, hint: string): QuorateError {
  return new QuorateError(`cannot check out ${path}: ${found}`, { exitCode: EXIT.failed, hint });
}

function noVersion(path: string, repository: string, version: string): QuorateError {
  return cannot(
    path,
    `${repository} has no version ${version}`,
    'name a tag, a branch, or a whole commit (40 hex digits)',
  );
}

function wrong(what: string, word: string): QuorateError {
  return new QuorateError(`the ${what} ${JSON.stringify(word)} is none that git understands`, {
    exitCode: EXIT.usage,
    hint: "write it like { repository: 'https://git.example.org/site.git', version: 'v1.2.0' }",
  });
}

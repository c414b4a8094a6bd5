import { requireAnswer } from '../dsl/answer.ts';
import { asUser } from '../dsl/as-user.ts';
import { oneLine } from '../dsl/edit.ts';
import { foreseeFolders, groundReads, type Place, parsePlace, requireFolder } from '../dsl/ground.ts';
import { broughtBy, isNew } from '../dsl/made.ts';
import { orGone } from '../dsl/mark.ts';
import { is, must } from '../dsl/options.ts';
import { checkedPath, requireRoom } from '../dsl/path.ts';
import { partsOf, probe } from '../dsl/probe.ts';
import { type Difference, defineResource } from '../dsl/resource.ts';
import { type Sh, sh } from '../dsl/sh.ts';
import { UNKNOWN } from '../dsl/world.ts';
import { EXIT, QuorateError } from '../errors.ts';

export interface GitCheckoutOptions {
  /** An address that git on the host understands; the keys it needs are the user's on the host. */
  readonly repository: string;
  /** A tag, a commit, or a branch, which is followed. */
  readonly version: string;
  /** Who runs git, and whom the files belong to; the login unless said. */
  readonly user?: string;
}

interface GitDesired extends GitCheckoutOptions {
  readonly path: string;
}

interface ObservedCheckout extends Place {
  readonly hasGit: boolean;
  readonly isRepository: boolean;
  readonly hasEntries: boolean;
  /** The commit that is checked out. */
  readonly head: string | undefined;
  readonly remote: string | undefined;
  /** The commit that is wanted; undefined where the remote does not say. */
  readonly wanted: string | undefined;
  /** Files that somebody has changed. */
  readonly edited: readonly string[];
  /** Commits that are in no branch or tag of the remote. */
  readonly local: readonly string[];
}

/**
 * A checkout of a git repository at one version, by the commit it stands for. Files that somebody has changed, and
 * commits that are nowhere else, are an error, and stay; files that git does not know stay, too. Submodules are left
 * as they are.
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
    return { path: checkedPath(name), repository, version, ...(user !== undefined && { user }) };
  },
  name: ({ path }) => path,
  title: ({ path, version }) => `${path} is at ${version}`,
  owns: ({ path }) => [path],
  files: () => [],
  leaves: ({ path }, changes) => broughtBy({ kind: 'tree', name: path }, changes, 'commit').filter(isNew),
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
    probe([{ path: desired.path, how: 'stat' }, ...groundReads(desired.path, {})], state(desired)),
  parse({ code, out }, { path }) {
    const parts = partsOf(out);
    const own = parts.at(-1) ?? '';
    requireAnswer({ code, out: own }, `the checkout ${path}`);
    const value = (name: string) => new RegExp(`^${name} (.+)$`, 'm').exec(own)?.[1];
    const all = (name: string) =>
      [...own.matchAll(new RegExp(`^${name} (.+)$`, 'gm'))].map(([, one = '']) => one);
    return {
      ...parsePlace(parts),
      hasGit: /^git$/m.test(own),
      isRepository: /^repository$/m.test(own),
      hasEntries: /^names$/m.test(own),
      head: value('head'),
      remote: value('remote'),
      wanted: value('wanted'),
      edited: all('edited'),
      local: all('local'),
    };
  },
  diff(desired, observed, world) {
    const { path, repository, version, user } = desired;
    const { head, remote, wanted, isRepository } = observed;
    const found = world.path(path).over(observed.at);
    requireRoom(path, 'directory', found);
    if (!observed.hasGit && !world.bringsMore)
      throw cannot(path, 'there is no git on the host', "declare packages('git') before it");
    if (found !== undefined && !isRepository && observed.hasEntries)
      throw cannot(path, 'it is no checkout, and has files in it', 'move them away: they are not ours');
    const [first] = observed.edited;
    if (first !== undefined)
      throw cannot(
        path,
        `somebody has changed ${some(observed.edited)}`,
        'keep the change elsewhere, or take it back',
      );
    const isThere = head !== undefined && head === wanted;
    if (observed.local.length > 0 && !isThere)
      throw cannot(
        path,
        `it has commits that are nowhere else: ${some(observed.local)}`,
        'push them, or take them back',
      );
    const certainty = observed.hasGit ? 'certain' : 'conditional';
    if (!isRepository) {
      if (found === undefined) requireFolder(path, observed.ground, world, { makesFolders: true });
      if (observed.hasGit && wanted === undefined) throw noVersion(path, repository, version);
      const after = wanted ?? UNKNOWN;
      return [
        {
          kind: 'create',
          property: 'commit',
          before: null,
          after,
          certainty: user === undefined ? certainty : 'conditional',
        },
      ];
    }
    if (wanted === undefined) throw noVersion(path, repository, version);
    const moved: Difference = {
      kind: 'update',
      property: 'remote',
      before: remote ?? null,
      after: repository,
    };
    const other: Difference = { kind: 'update', property: 'commit', before: head ?? null, after: wanted };
    return [...(remote === repository ? [] : [moved]), ...(isThere ? [] : [other])];
  },
  foresee({ path }, { ground }, changes, world) {
    if (changes.length === 0) return;
    foreseeFolders(path, ground, world);
    world.path(path).willBe({ type: 'directory' });
    world.expectAnything();
  },
  apply({ path, repository, version, user }, changes) {
    const commit = changes.find(({ property }) => property === 'commit');
    const isNew = commit?.kind === 'create';
    return sh`${GIT}${become(user)}
${
  isNew
    ? sh`mkdir -p -- ${path} || exit; ${user === undefined ? sh`` : sh`chown -- ${user} ${path} || exit`}
q_git -C ${path} init --quiet 2>&1 && { q_git -C ${path} remote add origin ${repository} 2>/dev/null || :; } || exit`
    : sh``
}
q_git -C ${path} remote set-url origin ${repository} || exit
${commit === undefined ? sh`:` : checkout(path, version)}`;
  },
});

/** All that is fetched is one version, with what leads to it; a server that does not give single commits gives all. */
function checkout(path: string, version: string): Sh {
  return sh`q_deep=; if [ -f ${`${path}/.git/shallow`} ]; then q_deep=--unshallow; fi
q_git -C ${path} fetch --quiet --force --tags $q_deep origin '+refs/heads/*:refs/remotes/origin/*' 2>&1 || exit
q_commit=$(q_git -C ${path} rev-parse --verify --quiet ${`refs/tags/${version}^{commit}`} ||
  q_git -C ${path} rev-parse --verify --quiet ${`refs/remotes/origin/${version}^{commit}`} ||
  q_git -C ${path} rev-parse --verify --quiet ${`${version}^{commit}`} || :)
if [ -z "$q_commit" ] && q_git -C ${path} fetch --quiet origin ${version} 2>&1; then q_commit=${version}; fi
if [ -z "$q_commit" ]; then echo ${`the repository has no version ${version}`}; exit 1; fi
q_git -C ${path} -c advice.detachedHead=false checkout --quiet --detach "$q_commit" 2>&1 || exit
# Known to be the remote's, whatever becomes of its branches.
q_git -C ${path} update-ref refs/remotes/origin/quorate-was "$q_commit"`;
}

/** `q_git`: nobody is there to be asked, hooks of the checkout do not run, and a look at it writes no index. */
const GIT = sh`export GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true GIT_SSH_COMMAND="\${GIT_SSH_COMMAND:-ssh -o BatchMode=yes}"
q_become=
q_git() { $q_become git -c core.hooksPath=/dev/null -c core.fsmonitor=false "$@"; }
`;

function become(user: string | undefined): Sh {
  if (user === undefined) return sh``;
  return sh`${asUser}
q_as ${user} || { echo ${`git cannot be run as ${user}`}; exit 1; }
q_home=$(q_account passwd ${user}); q_home=\${q_home%:*}; export HOME="\${q_home##*:}"`;
}

/** Reads what is there. The remote is asked for branches alone: a commit, or a tag that is here, stays what it is. */
function state({ path, repository, version, user }: GitDesired): Sh {
  const isCommit = /^[0-9a-f]{40}$/.test(version);
  const ask = sh`q_refs=$(q_git ls-remote ${repository} ${`refs/heads/${version}`} ${`refs/tags/${version}`} ${`refs/tags/${version}^{}`} 2>&1) || { echo "$q_refs"; exit 1; }
q_wanted=
while read -r q_id q_ref; do
  case $q_ref in ${`refs/tags/${version}^{}`}) q_wanted=$q_id; break ;; refs/*) q_wanted=\${q_wanted:-$q_id} ;; esac
done <<Q_REFS
$(printf '%s\n' "$q_refs" | sort -k 2 -r)
Q_REFS
if [ -n "$q_wanted" ]; then echo "wanted $q_wanted"; fi`;
  return sh`if ! command -v git >/dev/null; then exit 0; fi
echo git
${GIT}${
  user === undefined
    ? sh``
    : sh`if [ -n "$(q_account passwd ${user})" ]; then ${become(user)}
fi`
}
if [ -d ${path} ]; then for q_path in ${path}/* ${path}/.[!.]*; do if [ -e "$q_path" ]; then echo names; break; fi; done; fi
q_tag=
if [ -e ${`${path}/.git`} ]; then
  echo repository
  q_head=$(q_git -C ${path} rev-parse --verify --quiet 'HEAD^{commit}' 2>&1) || { q_said=$(q_git -C ${path} status 2>&1) || { echo "$q_said"; exit 1; }; q_head=; }
  if [ -n "$q_head" ]; then
    echo "head $q_head"
    q_git -C ${path} status --porcelain --untracked-files=no --ignore-submodules | sed 's/^../edited/'
    q_git -C ${path} log --max-count=5 --format='local %h %s' HEAD --not --remotes --tags 2>/dev/null
  fi
  q_url=$(q_git -C ${path} config remote.origin.url) && echo "remote $q_url"
  if [ "$q_url" = ${repository} ]; then q_tag=$(q_git -C ${path} rev-parse --verify --quiet ${`refs/tags/${version}^{commit}`}); fi
fi
if [ -n "$q_tag" ] && [ "$q_tag" = "$q_head" ]; then echo "wanted $q_tag"
else
${isCommit ? sh`echo ${`wanted ${version}`}` : ask}
fi`;
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

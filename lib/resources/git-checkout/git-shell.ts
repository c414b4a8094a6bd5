import { dirname } from 'node:path/posix';
import { asUser } from '../../dsl/shell/as-user.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Login, Remote } from './remote.ts';

interface Wanted extends Remote {
  readonly path: string;
  readonly version: string;
  readonly user?: string;
}

/** All that is fetched is one version, with what leads to it; a server that does not give single commits gives all. */
export function checkout(path: string, version: string): Sh {
  return sh`q_deep=; if [ -f ${`${path}/.git/shallow`} ]; then q_deep=--unshallow; fi
# Where releases before kept it, the next line prunes it.
q_was=$(q_git -C ${path} rev-parse --verify --quiet refs/remotes/origin/quorate-was) && q_git -C ${path} update-ref refs/quorate/was "$q_was"
# A branch that is gone may be in the way of one that is new: feature, and feature/x.
q_git -C ${path} fetch --quiet --prune --force --tags $q_deep origin ${BRANCHES} 2>&1 || exit
q_commit=$(q_git -C ${path} rev-parse --verify --quiet ${`refs/tags/${version}^{commit}`} ||
  q_git -C ${path} rev-parse --verify --quiet ${`refs/remotes/origin/${version}^{commit}`} ||
  q_git -C ${path} rev-parse --verify --quiet ${`${version}^{commit}`} || :)
if [ -z "$q_commit" ] && q_git -C ${path} fetch --quiet origin ${version} 2>&1; then q_commit=${version}; fi
if [ -z "$q_commit" ]; then echo ${`the repository has no version ${version}`}; exit 1; fi
${begun(path)}
q_force=
if [ -n "$q_next" ]; then
  rm -f -- ${`${path}/.git/index.lock`} ${`${path}/.git/HEAD.lock`}
  if [ -z "$(q_edited; q_hindering "$q_commit")" ]; then q_force=--force; fi
fi
q_git -C ${path} update-ref ${NEXT} "$q_commit" || exit
q_git -C ${path} -c advice.detachedHead=false checkout --quiet --no-overwrite-ignore $q_force --detach "$q_commit" 2>&1 || exit
# Known to be the remote's, whatever becomes of its branches; not among them, where it would be pruned.
q_git -C ${path} update-ref refs/quorate/was "$q_commit" && q_git -C ${path} update-ref -d ${NEXT}`;
}

/** The commit whose files are being laid; it stays where that was cut off. */
const NEXT = 'refs/quorate/next';

/**
 * Shell functions that print what is in the way of a commit: `q_edited` files that git knows, `q_hindering COMMIT` others.
 * What a checkout has begun to lay when it was cut off is not: a file that is missing, or the beginning of the one to come.
 */
function begun(path: string): Sh {
  return sh`q_next=$(q_git -C ${path} rev-parse --verify --quiet ${NEXT} 2>/dev/null) &&
  [ "$q_next" != "$(q_git -C ${path} rev-parse --verify --quiet HEAD)" ] || q_next=
q_laid() {
  case $1 in '"'*) return 1 ;; esac
  q_file=${path}/$1
  if [ -L "$q_file" ]; then [ "$(readlink -- "$q_file")" = "$(q_git -C ${path} cat-file blob "$q_next:$1" 2>/dev/null)" ]
  elif [ ! -e "$q_file" ]; then :
  elif [ ! -f "$q_file" ] || ! q_git -C ${path} cat-file -e "$q_next:$1" 2>/dev/null; then false
  else [ "$(q_git -C ${path} cat-file blob "$q_next:$1" | head -c "$(stat -c %s -- "$q_file")" | q_git -C ${path} hash-object --stdin)" = "$(q_git -C ${path} hash-object --no-filters -- "$q_file")" ]
  fi
}
q_foreign() { while IFS= read -r q_name; do [ -n "$q_next" ] && q_laid "$q_name" || printf '%s\n' "$q_name"; done; }
q_edited() { q_git -C ${path} status --porcelain --untracked-files=no --ignore-submodules | cut -c 4- | q_foreign; }
q_others() { q_git -C ${path} ls-files --others "$@"; }
q_hindering() { { q_others; q_git -C ${path} ls-tree -r -t --name-only "$1"; } | sort | uniq -d | q_foreign; }`;
}

const BRANCHES = '+refs/heads/*:refs/remotes/origin/*';

/** Names the remote, also where a clone has given it another name, or was ended before it had one. */
export function nameRemote(path: string, repository: string): Sh {
  return sh`q_git -C ${path} config --replace-all remote.origin.url ${repository} || exit
q_git -C ${path} config remote.origin.fetch >/dev/null || q_git -C ${path} config remote.origin.fetch ${BRANCHES} || exit`;
}

/** What git asks for who signs in: the words of the command tell nobody, its environment is its user's alone. */
const HELPER = `!printf 'username=%s\\npassword=%s\\n' "$QUORATE_GIT_USERNAME" "$QUORATE_GIT_PASSWORD" #`;

/** Helpers of the user's would keep what they hear. */
function signingIn({ origin }: Login): Sh {
  const name = `credential.${origin}.helper`;
  return sh` -c ${`${name}=`} -c ${`${name}=${HELPER}`}`;
}

/**
 * Shell function `q_git`: nobody is there to be asked, hooks of the checkout do not run, a look at it writes no index,
 * and the repository of a folder above is never taken for it.
 */
export function gitOf(path: string, login?: Login): Sh {
  const known = login
    ? sh`export QUORATE_GIT_USERNAME=${login.username} QUORATE_GIT_PASSWORD=${login.password.reveal()}
`
    : sh``;
  return sh`${known}export GIT_CEILING_DIRECTORIES=${dirname(path)} GIT_OPTIONAL_LOCKS=0 GIT_TERMINAL_PROMPT=0 GIT_ASKPASS=true GIT_SSH_COMMAND="\${GIT_SSH_COMMAND:-ssh -o BatchMode=yes}"
q_become=
q_git() { $q_become git -c core.hooksPath=/dev/null -c core.fsmonitor=false${login ? signingIn(login) : sh``} "$@"; }
`;
}

export function gitAs(user: string | undefined): Sh {
  if (user === undefined) return sh``;
  return sh`${asUser}
q_as ${user} || { echo ${`git cannot be run as ${user}`}; exit 1; }
q_home=$(q_account passwd ${user}); q_home=\${q_home%:*}; export HOME="\${q_home##*:}"`;
}

/** Shell whose output comes by a file: what a user's git begins there may write on when we have gone on, and is not heard. */
export function heardOnce(work: Sh): Sh {
  return sh`(${work}
) >"$q_state/git-output" 2>&1
q_code=$?
cat -- "$q_state/git-output"; rm -f -- "$q_state/git-output"
(exit "$q_code")`;
}

/** Reads what is there. The remote is asked for branches alone: a commit, or a tag that is here, stays what it is. */
export function checkoutState({ path, repository, login, version, user }: Wanted): Sh {
  const isCommit = /^[0-9a-f]{40}$/.test(version);
  const ask = sh`q_refs=$(q_git ls-remote ${repository} ${`refs/heads/${version}`} ${`refs/tags/${version}`} ${`refs/tags/${version}^{}`} 2>&1) || { echo "unreachable $?"; printf '%s\n' "$q_refs"; exit 0; }
while read -r q_id q_ref; do
  case $q_ref in ${`refs/tags/${version}^{}`}) q_wanted=$q_id; break ;; refs/*) q_wanted=\${q_wanted:-$q_id} ;; esac
done <<Q_REFS
$(printf '%s\n' "$q_refs" | sort -k 2 -r)
Q_REFS`;
  const git = `${path}/.git`;
  return sh`q_repository=
# As git judges it: one that was ended in its first second has not all of them. A file leads to another place.
if [ -f ${git} ] || { [ -e ${git}/HEAD ] && [ -d ${git}/objects ] && [ -d ${git}/refs ]; }; then echo repository; q_repository=1; fi
for q_path in ${path}/* ${path}/.[!.]*; do
  if [ "$q_path" != ${git} ] && [ -e "$q_path" ]; then echo names; break; fi
done
if ! command -v git >/dev/null; then exit 0; fi
echo git
${user === undefined ? sh`` : sh`if [ -z "$(q_account passwd ${user})" ]; then echo nobody; exit 0; fi`}
${gitOf(path, login)}${gitAs(user)}
${
  user === undefined
    ? sh``
    : sh`# What is to be known is captured; filters of the user's have nothing of ours to write to.
exec 2>/dev/null`
}
q_head= q_tag= q_wanted=
${begun(path)}
if [ -n "$q_repository" ]; then
  q_head=$(q_git -C ${path} rev-parse --verify --quiet 'HEAD^{commit}' 2>&1) || { q_said=$(q_git -C ${path} status 2>&1) || { echo "$q_said"; exit 1; }; q_head=; }
  if [ -n "$q_head" ]; then
    # After one that was cut off no commit is there whole.
    if [ -z "$q_next" ]; then echo "head $q_head"; fi
    q_edited | sed 's/^/edited /'
    q_git -C ${path} log --max-count=5 --format='local %h %s' HEAD --not --remotes --tags --glob=refs/quorate 2>/dev/null
  fi
  q_url=$(q_git -C ${path} config remote.origin.url) && echo "remote $q_url"
  if [ "$q_url" = ${repository} ]; then q_tag=$(q_git -C ${path} rev-parse --verify --quiet ${`refs/tags/${version}^{commit}`}); fi
fi
if [ -n "$q_tag" ] && [ "$q_tag" = "$q_head" ]; then q_wanted=$q_tag
else
${isCommit ? sh`q_wanted=${version}` : ask}
fi
if [ -n "$q_wanted" ]; then echo "wanted $q_wanted"; fi
${unknownFiles(path)}`;
}

/**
 * Which files that git does not know, or is to ignore, are in the way of the wanted commit; `untracked`, where it is not
 * here.
 */
function unknownFiles(path: string): Sh {
  return sh`if [ -z "$q_repository" ] || [ -z "$q_wanted" ] || [ "$q_head" = "$q_wanted" ]; then :
elif q_git -C ${path} cat-file -e "$q_wanted^{commit}" 2>/dev/null; then
  q_hindering "$q_wanted" | head -n 4 | sed 's/^/hindering /'
elif [ -n "$(q_others | head -n 1)" ]; then echo untracked
fi`;
}

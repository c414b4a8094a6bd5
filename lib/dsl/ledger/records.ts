import { alone } from '../alone.ts';
import { joinSh, type Sh, sh } from '../shell/sh.ts';
import type { Made } from '../trace/trace.ts';

/** A record as it was read, with its lines. */
export type Kept = Made & { readonly kept: readonly { readonly dir: string; readonly line: string }[] };

/** Lines to take out of the records, and to put in. */
export interface LedgerChange {
  readonly gone: readonly string[];
  readonly come: readonly string[];
  /** Lines to put in where nothing is at their path yet. */
  readonly implied?: readonly (readonly [path: string, line: string])[];
}

/**
 * Reads all records of things made on a host. Of those who keep none, a member of a cluster say, all that their
 * manifest lists counts as needed.
 */
export function readLedgers({ root }: { readonly root: string }): Sh {
  return sh`for q_file in ${root}/*/manifest; do
  q_file=\${q_file%/manifest}
  if [ -f "$q_file/owner" ] && read -r q_line <"$q_file/owner"; then
    case $q_line in 'playbook '*) continue ;; esac
    while IFS= read -r q_line; do printf 'needs %s\n' "$q_line"; done <"$q_file/manifest"
  fi
done 2>/dev/null
for q_file in ${root}/*/made ${root}/*/*/made; do
  if [ -f "$q_file" ]; then printf 'of %s\n' "\${q_file%/made}"; cat -- "$q_file"; fi
done 2>/dev/null`;
}

/** Rewrites records: they are old or new, and lines that another run adds meanwhile stay. */
export function rewriteLedger(dir: string, { gone, come, implied = [] }: LedgerChange): Sh {
  const perhaps = implied.map(([path, line]) => sh`[ -e ${path} ] || printf '%s\n' ${line}`);
  return sh`(
${alone}
[ -d ${dir} ] || mkdir -p -- ${dir} || exit
q_gone=$q_nl${gone.join('\n')}$q_nl
{
  if [ -f ${dir}/made ]; then
    while IFS= read -r q_line; do
      case $q_gone in *"$q_nl$q_line$q_nl"*) ;; *) printf '%s\n' "$q_line" ;; esac
    done <${dir}/made
  fi
  for q_line in ${come}; do printf '%s\n' "$q_line"; done
  ${joinSh(perhaps)}
} | q_write ${dir}/made 0600 '' ''
)`;
}

/** Lets records be added to, also after one that a full disk has cut off. */
export function beginLedger(dir: string): Sh {
  return sh`{ [ -d ${dir} ] || mkdir -p -- ${dir}; } && { [ -f ${dir}/made ] || : | q_write ${dir}/made 0600 '' ''; } &&
{ [ -z "$(tail -c 1 ${dir}/made)" ] || echo >>${dir}/made; }`;
}

/** Adds lines to records, each whole: without a process of its own where none takes another one's place. */
export function addToLedger(dir: string, change: LedgerChange): Sh {
  const { gone, come, implied = [] } = change;
  if (gone.length > 0) return rewriteLedger(dir, change);
  const perhaps = implied.map(([path, line]) => sh`[ -e ${path} ] || q_line=$q_line${`${line}\n`}`);
  return sh`q_line=${come.map((line) => `${line}\n`).join('')}
${joinSh(perhaps)}
[ -z "$q_line" ] || printf %s "$q_line" >>${dir}/made`;
}

/** Shell that takes things out of the records. */
export function forget(things: readonly Kept[]): Sh {
  const kept = things.flatMap((one) => one.kept);
  const dirs = [...new Set(kept.map(({ dir }) => dir))];
  const linesIn = (own: string) => kept.flatMap(({ dir, line }) => (dir === own ? [line] : []));
  return joinSh(
    dirs.map((dir) => rewriteLedger(dir, { gone: linesIn(dir), come: [] })),
    ' &&\n',
  );
}

/** Shell that puts them back where they are missing; it does without our functions. */
export function remember(things: readonly Kept[]): Sh {
  return joinSh(
    things
      .flatMap((one) => one.kept)
      .map(({ dir, line }) => sh`grep -qxF -e ${line} ${dir}/made || printf '%s\n' ${line} >>${dir}/made`),
  );
}

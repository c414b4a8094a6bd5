import { alone } from '../../dsl/alone.ts';
import type { LeftOver, LeftOverContext } from '../../dsl/ledger/left-over.ts';
import { keyOf } from '../../dsl/ledger/made.ts';
import type { Kept } from '../../dsl/ledger/records.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { accountUse } from '../../dsl/world/account-use.ts';
import type { World } from '../../dsl/world/world.ts';
import { taking } from './taking.ts';

/**
 * A user goes if nothing that stays on the host needs it: no unit, no process, no file. Its home is never touched, so
 * one who has files there stays. `paths` are those that may go before it.
 */
export function leftUser(made: Kept, context: LeftOverContext, paths: readonly string[]): LeftOver {
  const { name } = made;
  const isGroupDeclared = context.declared.some(({ traces }) =>
    traces?.().some((trace) => keyOf(trace) === `group ${name}`),
  );
  // A group of its own goes with a user, unless it has moved to another one.
  const leaveGroup = sh`for q_group in nogroup nobody; do
  if [ -n "$(q_account group "$q_group")" ]; then usermod --gid "$q_group" ${name}; break; fi
done`;
  return taking(made, {
    probe: sh`if id ${name} >/dev/null 2>&1; then
  echo there
  ${accountUse({ paths: listed(paths) })}
  q_units ${name} | sed 's/^/unit /'
  q_processes ${name} | sed 's/^/process /'
  q_files -user ${name} | sed 's/^/file /'
  ${ownOf('%U', name, paths)}
fi`,
    judge({ out }, world) {
      return judged(out, name, (line) => userNeed(line, world));
    },
    foresee: (world) => world.user(name).willBeAbsent(),
    apply: () => sh`(
${alone}
${isGroupDeclared ? leaveGroup : sh`:`}
if command -v userdel >/dev/null; then userdel ${name}; else deluser ${name}; fi
)`,
  });
}

/** What a line of the probe says against taking a user away; what goes before says nothing. */
function userNeed(line: string, world: World): string | undefined {
  const [, word = '', what = ''] = /^(\w+) (.+)$/.exec(line) ?? [];
  if (word === 'unit') {
    const unit = /([^/]+)\.service(?:\.d\/[^/]+)?$/.exec(what)?.[1] ?? '';
    const goes = world.path(what).state === null || isStopped(unit, world);
    return goes ? undefined : `${what} runs as it`;
  }
  if (word === 'process') {
    const [, process = what, unit = ''] = /^(.*) (\S+)$/.exec(what) ?? [];
    return isStopped(unit.replace(/\.service$/, ''), world) ? undefined : `process ${process} runs as it`;
  }
  return fileNeed(line, world);
}

function fileNeed(line: string, world: World): string | undefined {
  const [, word = '', what = ''] = /^(\w+) (.+)$/.exec(line) ?? [];
  const stays = word === 'file' || (word === 'own' && world.path(what).state !== null);
  return stays ? `it owns files: ${what}` : undefined;
}

function isStopped(service: string, world: World): boolean {
  return world.unit(service).state?.state === 'stopped';
}

/** A group goes if nobody who stays is in it, and no file that stays is its own. */
export function leftGroup(made: Kept, paths: readonly string[]): LeftOver {
  const { name } = made;
  return taking(made, {
    probe: sh`q_line=$(q_account group ${name})
if [ -n "$q_line" ]; then
  echo there
  q_line=\${q_line#group * }
  q_gid=\${q_line%%:*}
  printf '%s\n' "\${q_line#*:}" | tr , '\n' | sed '/./s/^/member /'
  while IFS=: read -r q_name q_n q_n q_id q_n; do
    if [ "$q_id" = "$q_gid" ]; then echo "member $q_name"; fi
  done </etc/passwd
  ${accountUse({ paths: listed(paths) })}
  q_files -group ${name} | sed 's/^/file /'
  ${ownOf('%G', name, paths)}
fi`,
    judge({ out }, world) {
      return judged(out, name, (line) => memberNeed(line, world) ?? fileNeed(line, world));
    },
    foresee: (world) => world.group(name).willBeAbsent(),
    // It may have gone with a user.
    apply: () => sh`(
${alone}
if [ -z "$(q_account group ${name})" ]; then :
elif command -v groupdel >/dev/null; then groupdel ${name}; else delgroup ${name}; fi
)`,
  });
}

function memberNeed(line: string, world: World): string | undefined {
  const [, member] = /^member (.+)$/.exec(line) ?? [];
  return member !== undefined && world.user(member).state !== null ? `${member} is in it` : undefined;
}

/** By what the probe printed: `there`, then what may need the account, a line each. */
function judged(out: string, name: string, need: (line: string) => string | undefined) {
  const [first, ...lines] = out.split('\n').filter(Boolean);
  if (first !== 'there') return 'gone';
  const why = lines.map(need).find((one) => one !== undefined);
  return why === undefined ? { property: 'name', before: name } : { why };
}

/** Shell that prints those of `paths` that an account owns. */
function ownOf(format: '%U' | '%G', name: string, paths: readonly string[]): Sh {
  return sh`for q_path in ${paths}; do
  if [ "$(stat -c ${format} -- "$q_path" 2>/dev/null)" = ${name} ]; then printf 'own %s\n' "$q_path"; fi
done`;
}

/** Shell that prints paths, one a line. */
function listed(paths: readonly string[]): Sh {
  return paths.length === 0 ? sh`:` : sh`printf '%s\n' ${paths}`;
}

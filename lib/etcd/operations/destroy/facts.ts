import type { FactSource } from '../../../dsl/role.ts';
import { namedParts } from '../../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../../dsl/shell/sh.ts';
import { accountUse } from '../../../dsl/world/account-use.ts';
import { type EtcdFacts, etcdFacts, ORDINARY } from '../../facts/index.ts';
import { type Member, memberOf } from '../../model/cluster.ts';
import { walPath } from '../../model/paths.ts';

/** Facts of a host that is to be emptied. */
export interface DestroyFacts extends EtcdFacts {
  /**
   * Paths, and `user:NAME`, that runs have put there and no other service of ours on the host lists;
   * undefined without records.
   */
  readonly manifest: readonly string[] | undefined;
  /** Directories of the manifest that have a member's data. */
  readonly dataIn: readonly string[];
  /** Directories that have a raft log right inside: of the manifest, and the one that the inventory names. */
  readonly logsIn: readonly string[];
  /** Users of the manifest that something else on the host needs, and what that is. */
  readonly needed: ReadonlyMap<string, string>;
}

export const destroyFacts: FactSource<DestroyFacts> = {
  ordinary: { ...ORDINARY, manifest: [], dataIn: [], logsIn: [], needed: new Map() },
  probe: (host) =>
    joinSh([
      etcdFacts.probe(host),
      sh`q_part manifest; cat "$q_state/manifest" 2>/dev/null
q_part others
for q_file in "\${q_state%/*}"/*/manifest; do
  if [ "$q_file" != "$q_state/manifest" ]; then cat "$q_file" 2>/dev/null; fi
done
q_part data
if [ -f "$q_state/manifest" ]; then
  { cat "$q_state/manifest"; echo ${walPath(memberOf(host))}; } | while IFS= read -r q_line; do
    case $q_line in /*) ;; *) continue ;; esac
    if [ -d "$q_line/member" ]; then printf 'data %s\n' "$q_line"; fi
    for q_file in "$q_line"/*.wal; do if [ -e "$q_file" ]; then printf 'log %s\n' "$q_line"; break; fi; done
  done
fi
q_part needed
${neededUsers(memberOf(host))}`,
    ]),
  parse(reading, host) {
    const facts = etcdFacts.parse(reading, host);
    const parts = namedParts(reading.out);
    const lines = (part: string) => (parts.get(part) ?? '').split('\n').filter((line) => line !== '');
    const holding = (what: string) =>
      lines('data').flatMap((line) => (line.startsWith(`${what} /`) ? [line.slice(what.length + 1)] : []));
    const shared = new Set(lines('others'));
    return {
      ...facts,
      manifest: facts.owner === undefined ? undefined : lines('manifest').filter((line) => !shared.has(line)),
      dataIn: holding('data'),
      logsIn: holding('log'),
      needed: new Map(
        lines('needed').map((line) => {
          const [name = '', ...why] = line.split(' ');
          return [name, why.join(' ')] as const;
        }),
      ),
    };
  },
};

/**
 * Lines `NAME WHY`: units and processes that run as a user of our manifest, else files that it owns, ours apart. A
 * user takes the group of its name along: who needs that needs the user.
 */
function neededUsers({ service, dataDir }: Member): Sh {
  const unit = `${service}.service`;
  return sh`${accountUse({ folder: dataDir, paths: sh`cat "$q_state/manifest"` })}
if [ -f "$q_state/manifest" ]; then
  sed -n 's/^user://p' "$q_state/manifest" | while read -r q_name; do
    q_found=$(q_units "$q_name" | while read -r q_line; do case $q_line in */${unit} | */${unit}.d/*) ;; *) echo "$q_line" ;; esac; done | head -n 1)
    if [ -n "$q_found" ]; then echo "$q_name $q_found runs as it"; continue; fi
    q_found=$(q_processes "$q_name" | while read -r q_line; do case $q_line in *" "${unit}) ;; *) echo "\${q_line% *}" ;; esac; done | head -n 1)
    if [ -n "$q_found" ]; then echo "$q_name process $q_found runs as it"; continue; fi
    if [ -n "$(q_account group "$q_name")" ]; then q_found=$(q_files '(' -user "$q_name" -o -group "$q_name" ')'); else q_found=$(q_files -user "$q_name"); fi
    if [ -z "$q_found" ]; then continue; fi
    q_whose=it; if [ -e "$q_found" ] && [ "$(stat -c %U "$q_found")" != "$q_name" ]; then q_whose='its group'; fi
    echo "$q_name $q_whose owns files: $q_found"
  done
fi`;
}

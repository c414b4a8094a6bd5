import { namedParts } from '../../../dsl/probe.ts';
import type { FactSource } from '../../../dsl/role.ts';
import { joinSh, type Sh, sh } from '../../../dsl/sh.ts';
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

/** Seconds for a look at the files of a user: where that is too short they count as needed. */
const SEARCH = 20;

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
function neededUsers(member: Member): Sh {
  const { service, dataDir } = member;
  return sh`q_units() {
  grep -lE "^(User|Group|SupplementaryGroups)[[:space:]]*=(.*[[:space:]])?$1([[:space:]]|$)" /etc/systemd/system/*.service /run/systemd/system/*.service \
    /usr/lib/systemd/system/*.service /lib/systemd/system/*.service /etc/systemd/system/*.service.d/*.conf 2>/dev/null |
    grep -v ${`/${service}\\.service\\(\\.d/.*\\)\\{0,1\\}$`} | head -n 1
}
q_processes() {
  stat -c '%U %G %n' /proc/[0-9]* 2>/dev/null | while read -r q_owner q_group q_proc; do
    case " $q_owner $q_group " in *" $1 "*) ;; *) continue ;; esac
    if [ "\${q_proc##*/}" = "\${q_main-}" ]; then continue; fi
    if grep -q ${`/${service}\\.service`} "$q_proc/cgroup" 2>/dev/null; then continue; fi
    read -r q_name <"$q_proc/comm" 2>/dev/null && echo "\${q_proc##*/} ($q_name)"
  done | head -n 1
}
q_files() {
  if [ -n "$(q_account group "$1")" ]; then set -- '(' -user "$1" -o -group "$1" ')'; else set -- -user "$1"; fi
  set -- -xdev -path ${dataDir} -prune -o "$@"
  while IFS= read -r q_line; do case $q_line in /*) set -- "$@" ! -path "$q_line" ;; esac; done <"$q_state/manifest"
  set -- "$@" -print
  while read -r q_n q_at q_type q_n; do
    case $q_type in ext[234] | xfs | btrfs | zfs | f2fs | jfs | reiserfs | overlay | bcachefs) set -- "$q_at" "$@" ;; esac
  done </proc/mounts
  case $1 in /*) ;; *) set -- / "$@" ;; esac
  { timeout ${SEARCH} find "$@" 2>/dev/null; case $? in 0 | 1) ;; 124) echo 'too many to be looked through' ;; *) echo 'they could not be looked for' ;; esac; } | head -n 1
}
if [ -f "$q_state/manifest" ]; then
  sed -n 's/^user://p' "$q_state/manifest" | while read -r q_name; do
    q_found=$(q_units "$q_name"); if [ -n "$q_found" ]; then echo "$q_name $q_found runs as it"; continue; fi
    q_found=$(q_processes "$q_name"); if [ -n "$q_found" ]; then echo "$q_name process $q_found runs as it"; continue; fi
    q_found=$(q_files "$q_name"); if [ -z "$q_found" ]; then continue; fi
    q_whose=it; if [ -e "$q_found" ] && [ "$(stat -c %U "$q_found")" != "$q_name" ]; then q_whose='its group'; fi
    echo "$q_name $q_whose owns files: $q_found"
  done
fi`;
}

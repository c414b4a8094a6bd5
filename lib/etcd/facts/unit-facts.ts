import { raw, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Member } from '../model/cluster.ts';
import { loadedUnit } from './loaded-unit.ts';

/** A drop-in that changes the unit of a member, as it lies on the host. */
export interface DropIn {
  readonly path: string;
  /** Its lines that say something. */
  readonly lines: readonly string[];
}

export interface UnitFacts {
  /** Wherever systemd finds them, in its order. */
  readonly dropIns: readonly DropIn[];
  /** SHA-256 of all that systemd may take for it together, as a start records it; undefined without any. */
  readonly dropInDigest: string | undefined;
}

/** Read-only shell; nothing is read where there are no drop-ins. */
export function unitFacts(member: Member): Sh {
  if (member.manager === 'process') return sh`:`;
  return sh`${loadedUnit(member)}
q_drop_in_digest=
q_property DropInPaths; q_drop_ins=$q_rest
for q_file in ${raw(globs(member))}; do
  if [ -f "$q_file" ]; then
    if [ -z "$q_drop_in_digest" ]; then q_drop_in_digest=$(${dropInDigest(member)}); echo "drop-in-digest $q_drop_in_digest"; fi
    # The first of each name counts.
    case " $q_drop_ins " in *"/\${q_file##*/} "*) ;; *) q_drop_ins="$q_drop_ins $q_file" ;; esac
  fi
done
for q_file in $q_drop_ins; do
  if [ -f "$q_file" ]; then
    echo "drop-in $q_file"
    q_joined=
    while IFS= read -r q_line || [ -n "$q_line" ]; do
      case \${q_line#"\${q_line%%[![:space:]]*}"} in [\#\;]*) continue ;; esac
      case $q_line in *\\) q_joined="$q_joined\${q_line%?} "; continue ;; esac
      q_line=$q_joined$q_line q_joined=
      case $q_line in '' | '['*) ;; *) printf 'drop-in-line %s\n' "$q_line" ;; esac
    done <"$q_file"
    if [ -n "$q_joined" ]; then printf 'drop-in-line %s\n' "$q_joined"; fi
  fi
done`;
}

/** Shell that prints the digest of all drop-ins of the unit together; without any, that of nothing. */
export function dropInDigest(member: Member): Sh {
  return sh`cat ${raw(globs(member))} 2>/dev/null | sha256sum`;
}

/**
 * Where systemd looks for them, in its order (systemd.unit(5), UNIT FILE LOAD PATH): also for all services, and for
 * all whose name begins alike up to a dash. A start asks nobody: a member may not talk to systemd everywhere.
 */
function globs({ service }: Member): string {
  const words = service.split('-').slice(0, -1);
  const prefixes = words.map((_, i) => `${words.slice(0, i + 1).join('-')}-.service.d`).reverse();
  const names = [`${service}.service.d`, ...prefixes, 'service.d'];
  return UNIT_PATH.flatMap((folder) => names.map((name) => `${folder}/${name}/*.conf`)).join(' ');
}

const UNIT_PATH = [
  '/etc/systemd/system.control',
  '/run/systemd/system.control',
  '/run/systemd/transient',
  '/etc/systemd/system',
  '/run/systemd/system',
  '/usr/local/lib/systemd/system',
  '/usr/lib/systemd/system',
];

/** Takes apart what `unitFacts` printed among other lines. */
export function parseUnitFacts(out: string): UnitFacts {
  const dropIns: { path: string; lines: string[] }[] = [];
  for (const [, kind, text = ''] of out.matchAll(/^(drop-in|drop-in-line) (.+)$/gm)) {
    if (kind === 'drop-in') dropIns.push({ path: text, lines: [] });
    else dropIns.at(-1)?.lines.push(text.trim());
  }
  return { dropIns, dropInDigest: /^drop-in-digest ([0-9a-f]{64})\b/m.exec(out)?.[1] };
}

/** A drop-in with the lines that make a member another than we have written. */
export interface StrangeDropIn {
  readonly path: string;
  readonly said: readonly string[];
}

/**
 * Drop-ins that set etcd's variables, run something else, or take protection away. Limits, restarts, dependencies and
 * their like are for whoever runs the host.
 */
export function strangeDropIns({ dropIns }: UnitFacts): readonly StrangeDropIn[] {
  return dropIns.flatMap(({ path, lines }) => {
    const said = lines.filter((line) => {
      const [, directive = '', value = ''] = /^([A-Za-z]+)\s*=\s*(.*)$/.exec(line) ?? [];
      return OURS.test(directive) || (directive === 'Environment' && /(^|["'\s])ETCD_/.test(value));
    });
    return said.length > 0 ? [{ path, said }] : [];
  });
}

const OURS =
  /^(Exec(Start|StartPre|Condition)|Type|User|Group|DynamicUser|(Pass|Unset)Environment|EnvironmentFile|RuntimeDirectory|UMask|NoNewPrivileges|.*Capabilit.*|(ReadWrite|ReadOnly|Inaccessible|Exec|NoExec)(Paths|Directories)|Private\w+|Protect\w+|Restrict\w+|ProcSubset|LockPersonality|MemoryDenyWriteExecute|RemoveIPC|KeyringMode|SystemCall\w+|Device(Policy|Allow)|Root\w+|Bind\w+|TemporaryFileSystem|SecureBits|AppArmorProfile|SELinuxContext)$/;

/** A drop-in of somebody's may set a variable of etcd's, whatever our files say of it. */
export function dropInMaySet(unit: UnitFacts, variable: string): boolean {
  const sets = new RegExp(`${variable}|^(EnvironmentFile|ExecStart)\\b`);
  return strangeDropIns(unit).some(({ said }) => said.some((line) => sets.test(line)));
}

import { raw, type Sh, sh } from '../../dsl/shell/sh.ts';
import { UNKNOWN } from '../../dsl/world/world.ts';
import { aptUnlocked } from './apt-locks.ts';
import { asks, type FoundPackage, type PackageBackend, type PackagesDesired } from './backend.ts';
import { versionPattern } from './version.ts';

/** Debian and its kin. */
export const apt: PackageBackend = {
  // Fedora has its programs as well, and nothing that they have installed.
  isThere: sh`command -v apt-get >/dev/null && [ -s /var/lib/dpkg/status ]`,

  // What the lists know costs as much again, so it is asked only where it decides.
  probe(desired) {
    const { names, state } = desired;
    return sh`q_arch=$(dpkg --print-architecture) && q_all=$(dpkg-query -W -f='dpkg \${db:Status-Status} \${Package}:\${Architecture} \${Version} \${Provides}\nwant \${db:Status-Want} \${Package}:\${Architecture}\n' 2>&1) || { printf '%s\n' "$q_all"; exit 1; }
echo "native $q_arch"
q_all=$(printf '%s\n' "$q_all" | grep -F ${names.flatMap((name) => ['-e', name])}${state === 'absent' ? UNFINISHED : sh``})
printf '%s\n' "$q_all"
sed -n -e '/^Package: /{s///;h;}' -e '/^Architecture: /{s//:/;H;}' -e '/^Auto-Installed: 1/{x;s/\n//;s/^/auto /;p;}' /var/lib/apt/extended_states 2>/dev/null | grep -F ${names.flatMap((name) => ['-e', name])}
set --
for q_name in ${names}; do
  case $q_nl$q_all in *"\${q_nl}dpkg installed $q_name "* | *"\${q_nl}dpkg installed $q_name:$q_arch "* | *"\${q_nl}dpkg installed $q_name:all "*) ${asks(desired).installed} ;; *) ${asks(desired).missing} ;; esac
done
if [ "$#" -gt 0 ]; then
  ${state === 'absent' ? sh`q_does=remove` : listed(desired)}
  q_simulated() { apt-get -q -s $q_does "$@" 2>/dev/null; }
  [ "$#" = 0 ] || { q_simulated "$@" || for q_name do q_simulated "$q_name"; done; } | sed -n 's/^Remv \([^ ]*\) .*/takes \1/p'
fi`;
  },

  parse(out, names) {
    const lines = out.split('\n');
    const native = lines.flatMap((line) => /^native (\S+)$/.exec(line)?.[1] ?? []).at(0) ?? '';
    const installed = lines.flatMap((line) => {
      const [, name = '', version = '', provides = ''] =
        /^dpkg installed (\S+) (\S+) ?(.*)$/.exec(line) ?? [];
      return name === ''
        ? []
        : [{ name, version, provides: provides.split(/,\s*/).map((one) => one.split(' ')[0]) }];
    });
    const known = policies(lines);
    const autos = lines.flatMap((line) => /^auto (\S+)$/.exec(line)?.[1] ?? []);
    const held = lines.flatMap((line) => /^want hold (\S+)$/.exec(line)?.[1] ?? []);
    const providers = (name: string) =>
      lines.flatMap((line) => {
        const [kind, of, by = ''] = line.split(' ');
        return kind === 'provides' && of === name ? [by] : [];
      });
    const find = (name: string): FoundPackage => ({
      installed: installed.find((one) => isNamed(one.name, name, native))?.version,
      held: held.some((one) => isNamed(one, name, native)),
      isDependency: autos.some((one) => isNamed(one, name, native)),
      provided: installed.some(({ provides }) => provides.includes(name)),
      providers: [...new Set(providers(name))],
      candidate: known.get(name)?.candidate,
      versions: known.get(name)?.versions ?? [],
    });
    const takes = lines.flatMap((line) => /^takes (\S+)/.exec(line)?.[1] ?? []);
    const spelled = (one: string) =>
      names.find((name) =>
        [one, `${one}:${native}`, `${one}:all`].some((full) => isNamed(full, name, native)),
      );
    return {
      packages: new Map(names.map((name) => [name, find(name)])),
      takes: takes.map((one) => spelled(one) ?? one),
    };
  },

  look: (name) => sh`case $(dpkg-query -W -f='\${db:Status-Status} \${Version}' -- ${name} 2>/dev/null) in
  'installed '*) echo "$(dpkg-query -W -f='\${Version}' -- ${name}) $(stat -c %Y ${`/var/lib/dpkg/info/${name}.list`} /var/lib/dpkg/info/${name}:*.list 2>/dev/null | head -n 1)" ;;
  *) echo "gone $(stat -c %Y /var/lib/dpkg/status)" ;;
esac`,

  keep: (names) => sh`apt-mark manual ${names} 2>&1`,

  apply({ version, state, downgrade, replaces }, changes) {
    const names = changes.map(({ property }) => property);
    if (state === 'absent')
      return sh`${APT} || :
${alone(names)}
q_apt remove ${names}`;
    const options = [
      ...(replaces.length > 0 ? [] : ['--no-remove']),
      ...(downgrade ? ['--allow-downgrades'] : []),
    ];
    const specs = changes.map(({ property, after }) =>
      after === null || after === UNKNOWN ? undefined : `${property}=${after}`,
    );
    const known = specs.filter((one) => one !== undefined);
    const planned = sh`q_install ${options} ${known}`;
    return sh`${APT} || exit
${installing(replaces)}
${named(names)}
${version === undefined || version === 'latest' ? anyVersion(names, options) : resolved(names, version, options)}
q_lacks=
${known.length < specs.length ? sh`q_resolved` : planned} || { q_lacks=; q_apt update && q_resolved; } || { [ -z "$q_lacks" ] || printf '%s\n' "$q_lacks"; exit 1; }`;
  },
};

/**
 * `q_named`: the lists know a package by each of these names. apt takes another name that has a dot or a plus in it for a
 * pattern, and installs all that fits; one with a plus at its end it takes for the name before that.
 */
function named(names: readonly string[]): Sh {
  return sh`q_named() {
  q_known=$q_nl$(apt-cache policy ${names} 2>/dev/null | sed -n 's/^\([^ ].*\):$/\1/p')$q_nl
  for q_name in ${names}; do
    case $q_known in
      *"$q_nl$q_name$q_nl"* | *"$q_nl\${q_name%":$(dpkg --print-architecture)"}$q_nl"* | *"$q_nl\${q_name%:all}$q_nl"*) ;;
      *) q_lacks="the package lists have no $q_name"; return 1 ;;
    esac
  done
}`;
}

/** `q_resolved`: installs the newest of each. */
function anyVersion(names: readonly string[], options: readonly string[]): Sh {
  return sh`q_resolved() { q_named && q_install ${options} ${names}; }`;
}

/**
 * `q_resolved`: installs the newest version of each that the lists know by now and that is meant by `version`. apt wants
 * a version whole, with its epoch and its last part.
 */
function resolved(names: readonly string[], version: string, options: readonly string[]): Sh {
  return sh`${VERSIONS}
q_resolved() {
  q_named || return
  set --
  for q_name in ${names}; do
    q_found=$(${newest(version)})
    if [ -z "$q_found" ]; then
      q_lacks="the package lists have no $q_name in version "${version}", but "$(q_versions "$q_name" | head -n 3 | tr '\n' ' ' | grep . || echo 'no other either')
      return 1
    fi
    set -- "$@" "$q_name=$q_found"
  done
  q_install ${options} "$@"
}`;
}

/**
 * Says what the lists know of the names in `$@`, and leaves there what an installation asks of apt: one that is not known,
 * or goes with none of the others, would keep apt from foreseeing anything.
 */
function listed({ version, downgrade }: PackagesDesired): Sh {
  const isAny = version === undefined || version === 'latest';
  return sh`q_does=${downgrade ? raw('"install --allow-downgrades"') : 'install'}
  q_policy=$q_nl$(apt-cache policy "$@" 2>/dev/null)$q_nl
  printf %s "$q_policy" | sed -n '1!s/^/policy /p'
  for q_name do
    case $q_policy in *"$q_nl\${q_name%":$q_arch"}:$q_nl  Installed: (none)$q_nl  Candidate: (none)$q_nl"*) apt-cache showpkg "$q_name" 2>/dev/null | sed -e '1,/^Reverse Provides:/d' -e "s/^\([^ ]*\) .*/provides $q_name \1/" ;; esac
  done
  ${isAny ? sh`` : VERSIONS}
  for q_name do
    shift
    q_bare=\${q_name%":$q_arch"}
    case $q_policy in
      *"$q_nl\${q_bare%:all}:$q_nl"*) ${isAny ? sh`set -- "$@" "$q_name"` : sh`q_found=$(${newest(version)}); [ -z "$q_found" ] || set -- "$@" "$q_name=$q_found"`} ;;
    esac
  done`;
}

/** `q_versions NAME`: those that the lists know, newest first. */
const VERSIONS = sh`q_versions() { apt-cache policy "$1" 2>/dev/null | sed -n -e 's/^     \([^ ][^ ]*\) .*/\1/p' -e 's/^ [*][*][*] \([^ ][^ ]*\) .*/\1/p'; }`;

/** The newest version of `$q_name` that is meant by `version`. */
const newest = (version: string) =>
  sh`q_versions "$q_name" | grep -E -x -e ${versionPattern(version)} | head -n 1`;

/** `q_install`: nothing goes but what may. */
function installing(replaces: readonly string[]): Sh {
  if (replaces.length === 0) return sh`q_install() { q_apt install "$@"; }`;
  return sh`q_install() { (${taking(sh`install "$@"`, replaces)}) && q_apt install "$@"; }`;
}

/** Ends where a removal would take others along: since the plan somebody may have installed what needs these. */
function alone(names: readonly string[]): Sh {
  return taking(sh`remove ${names}`, names);
}

/** Ends where it would take away more than these. */
function taking(what: Sh, names: readonly string[]): Sh {
  return sh`q_takes=$(apt-get -q -s ${what} 2>/dev/null | sed -n 's/^Remv \([^ ]*\) .*/\1/p' | grep -v -x -F ${names.flatMap((name) => ['-e', name, '-e', name.replace(/:.*/, '')])})
[ -z "$q_takes" ] || { echo "these would go, too:" $q_takes; exit 1; }`;
}

/** What is to be absent is there as well where its installation, or its removal, has come to a stop halfway. */
const UNFINISHED = sh` | sed -E 's/^dpkg (half-[a-z]+|unpacked|triggers-[a-z]+) /dpkg installed /'`;

/** One for another architecture is another package, unless it is wanted by its whole name: `libc6:i386`. */
function isNamed(found: string, wanted: string, native: string): boolean {
  return found === wanted || found === `${wanted}:${native}` || found === `${wanted}:all`;
}

/**
 * Nobody is there to be asked: a file of configuration that was edited stays. Ends with finishing a run that was killed,
 * whose status says whether that worked.
 */
const APT = sh`export DEBIAN_FRONTEND=noninteractive
q_apt() { apt-get -q -y -o DPkg::Lock::Timeout=300 -o Dpkg::Options::=--force-confdef -o Dpkg::Options::=--force-confold "$@" </dev/null 2>&1; }
${aptUnlocked}
dpkg --configure -a --force-confdef --force-confold </dev/null 2>&1`;

/** `apt-cache policy`: a name, its candidate, and a table of versions, newest first. */
function policies(lines: readonly string[]) {
  const known = new Map<string, { candidate?: string | undefined; versions: string[] }>();
  let own: { candidate?: string | undefined; versions: string[] } = { versions: [] };
  for (const line of lines) {
    const [, name] = /^policy (\S+):$/.exec(line) ?? [];
    const [, candidate] = /^policy {3}Candidate: (\S+)$/.exec(line) ?? [];
    const [, version] = /^policy (?: {5}| \*{3} )(\S+) -?\d+/.exec(line) ?? [];
    if (name !== undefined) {
      own = { versions: [] };
      known.set(name, own);
    }
    if (candidate !== undefined && candidate !== '(none)') own.candidate = candidate;
    if (version !== undefined) own.versions.push(version);
  }
  return known;
}

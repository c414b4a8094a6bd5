import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { UNKNOWN } from '../../dsl/world/world.ts';
import { asks, type FoundPackage, type PackageBackend } from './backend.ts';

/** Fedora and its kin; with `yum` in its place where there is no `dnf`, which then tells no versions. */
export const dnf: PackageBackend = {
  isThere: sh`command -v rpm >/dev/null && { command -v dnf || command -v yum; } >/dev/null`,

  // Its lists cost a second, so they are asked only where they decide, and never fetched.
  probe(desired) {
    const { names, state } = desired;
    return sh`${DNF}
q_all=$(rpm -q --qf 'rpm installed %{NAME} %{EPOCHNUM}:%{VERSION}-%{RELEASE}\nrpm installed %{NAME}.%{ARCH} %{EPOCHNUM}:%{VERSION}-%{RELEASE}\n' -- ${names} 2>&1) || :
case $q_all in *'error:'*) printf '%s\n' "$q_all"; exit 1 ;; esac
printf '%s\n' "$q_all"
set --
for q_name in ${names}; do
  case $q_nl$q_all in *"\${q_nl}rpm installed $q_name "*) ${asks(desired).installed} ;;
  *) ${asks(desired).missing}; if rpm -q --whatprovides -- "$q_name" >/dev/null 2>&1; then echo "rpm provided $q_name"; fi ;; esac
done
if [ "$#" -gt 0 ]; then ${state === 'absent' ? sh`rpm -e --test -- "$@" 2>&1 | sed -n 's/.*is needed by (installed) /takes /p'` : sh`"$q_dnf" -q -C repoquery --showduplicates --qf 'rpm known %{name} %{epoch}:%{version}-%{release}\nrpm known %{name}.%{arch} %{epoch}:%{version}-%{release}\n' -- "$@" 2>/dev/null | sort -u -t ' ' -k 3,3 -k 4,4Vr`}; fi`;
  },

  parse(out, names) {
    const lines = out.split('\n');
    const all = (what: string, name: string) =>
      lines.flatMap((line) => {
        const [kind, how, of, version = ''] = line.split(' ');
        return kind === 'rpm' && how === what && of === name ? [version.replace(/^0:/, '')] : [];
      });
    const find = (name: string): FoundPackage => {
      const versions = all('known', name);
      // Of several (kernels, say) the newest stands last.
      const installed = all('installed', name).at(-1);
      return { installed, provided: all('provided', name).length > 0, candidate: versions[0], versions };
    };
    return {
      packages: new Map(names.map((name) => [name, find(name)])),
      takes: lines.flatMap((line) => /^takes (\S+)/.exec(line)?.[1] ?? []),
    };
  },

  look: (name) => sh`if rpm -q -- ${name} >/dev/null 2>&1; then
  rpm -q --qf '%{EPOCHNUM}:%{VERSION}-%{RELEASE} %{INSTALLTIME}\n' -- ${name} | tail -n 1 | sed 's/^0://'
else echo gone; fi`,

  apply({ version, state, downgrade, replaces }, changes) {
    const names = changes.map(({ property }) => property);
    if (state === 'absent')
      return sh`${DNF}
${alone(names)}
q_dnf_do remove --setopt=clean_requirements_on_remove=False ${names}`;
    if (replaces.length > 0)
      return sh`echo 'replaces is for apt: write a command() with dnf swap, and an unless'; exit 1`;
    const any = names.map((name) =>
      version === undefined || version === 'latest' ? name : specOf(name, version),
    );
    const exact = changes.map(({ property, after }, i) =>
      after === null || after === UNKNOWN ? (any[i] ?? property) : specOf(property, after),
    );
    const newest = version === 'latest' ? names : [];
    return sh`${DNF}
q_dnf_do install ${exact} || q_dnf_do --refresh install ${any} || exit
${newest.length > 0 ? sh`q_dnf_do upgrade ${newest} || exit` : sh``}
${downgrade ? sh`for q_spec in ${exact}; do rpm -q -- "$(printf %s "$q_spec" | sed 's/-[0-9]*:/-/')" >/dev/null 2>&1 || q_dnf_do downgrade "$q_spec" || exit; done` : sh``}`;
  },
};

/** Ends where a removal would take others along: since the plan somebody may have installed what needs these. */
function alone(names: readonly string[]): Sh {
  return sh`q_takes=$(rpm -e --test --allmatches -- ${names} 2>&1 | sed -n 's/.*is needed by (installed) //p')
[ -z "$q_takes" ] || { echo "these would go, too:" $q_takes; exit 1; }`;
}

/** As dnf writes a package of one version: an architecture comes last. */
function specOf(name: string, version: string): string {
  const [, bare = name, architecture = ''] =
    /^(.+)(\.(?:noarch|i\d86|x86_64|aarch64|armv7hl|ppc64le|s390x|riscv64))$/.exec(name) ?? [];
  return `${bare}-${version}${architecture}`;
}

/** `q_dnf_do`: nobody is there to be asked; another one that runs is waited for. */
const DNF = sh`if command -v dnf >/dev/null; then q_dnf=dnf; else q_dnf=yum; fi
q_dnf_do() { "$q_dnf" -q -y "$@" </dev/null 2>&1; }`;

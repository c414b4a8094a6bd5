import { requireAnswer } from '../../dsl/common/answer.ts';
import { broughtBy, isNew } from '../../dsl/ledger/made.ts';
import { GONE } from '../../dsl/mark.ts';
import { is } from '../../dsl/options/options.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { type Sh, sh } from '../../dsl/shell/sh.ts';
import { LOOK_SECONDS } from '../../dsl/shell/wait-until.ts';
import type { Change } from '../../dsl/task.ts';
import { UNKNOWN, type World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { apt } from './apt.ts';
import type {
  FoundPackage,
  FoundPackages,
  PackageBackend,
  PackagesDesired,
  PackagesOptions,
} from './backend.ts';
import { dnf } from './dnf.ts';
import { hasFreshLists } from './sources.ts';
import { fitsVersion } from './version.ts';
import { completePackages, contradict } from './wish.ts';

/**
 * Packages of the distribution, one or several names with spaces between them (for another architecture `libc6:i386`,
 * or `glibc.i686`): there, in some version or the newest; or absent. The host's package lists are read again only where they do not know what is wanted. What is held stays as
 * it is (for it the newest is the one it has), and nothing is removed that is not named: what conflicts with a package of
 * the host is refused (by a check with apt, by the run with dnf) until `replaces`, or a task before it, says that it may go.
 * One that came with another one is marked as installed on purpose, so that apt's `autoremove` leaves it.
 *
 * @example
 * packages('nginx curl')
 * packages('nginx', { version: '1.24.*' })
 * packages('telnetd', { state: 'absent' })
 * packages('postfix', { replaces: 'exim4-base exim4-config exim4-daemon-light' })
 */
export const packages = defineResource<PackagesOptions, PackagesDesired, FoundPackages>({
  kind: 'packages',
  options: {
    state: is.one('present', 'absent'),
    version: is.text,
    downgrade: is.boolean,
    replaces: is.text,
  },
  name: ({ names }) => names.join(' '),
  title: ({ names, state, version }) =>
    `${names.join(', ')} ${names.length === 1 ? 'is' : 'are'} ${state === 'absent' ? 'absent' : 'installed'}${version === undefined ? '' : `, ${version}`}`,
  complete: completePackages,
  contradicts: contradict,
  traces: ({ names, state }, changes) =>
    state === 'absent'
      ? []
      : names.flatMap((name) => broughtBy({ kind: 'package', name }, changes, name).filter(isNew)),
  marks: ({ names }) =>
    names.map((name) => ({
      name: `package ${name}`,
      beside: '/var/lib/dpkg/status',
      look: onHost((backend) => backend.look(name)),
      after(changes) {
        const change = changes.find(({ property }) => property === name);
        return change && (change.after ?? GONE);
      },
    })),
  probe: (desired) =>
    onHost(
      (backend, name) => sh`echo ${`manager ${name}`}
${backend.probe(desired)}`,
    ),
  // apt tries what it would do, and where that fails for all, each by itself.
  lookSeconds: ({ names }) => Math.min(LOOK_SECONDS, 10 + 5 * names.length),
  parse(reading, { names }) {
    const [, name = ''] = /^manager (.*)$/m.exec(reading.out) ?? [];
    const backend = BACKENDS[name];
    if (backend === undefined) throw noManager(names);
    requireAnswer(reading, `the packages ${names.join(' ')}`);
    return backend.parse(reading.out, names);
  },
  diff(desired, { packages: found, takes }, world) {
    const { names } = desired;
    const differences = names.flatMap((name) => differencesOf(name, desired, found.get(name), world));
    const isMove = differences.some(({ property }) => !property.endsWith(MARK));
    // Shell before it may clear the way, and is not simulated: the run itself removes nothing else, either.
    const taken = isMove ? takes.filter((name) => stays(name, desired, world)) : [];
    const isLet = (name: string) => desired.replaces.includes(name);
    const others = world.isOpaque ? [] : taken.filter((name) => !isLet(name));
    if (others.length > 0) throw takesOthers(desired, others);
    const gone = taken
      .filter(isLet)
      .map((name): Difference => ({ kind: 'remove', property: name, before: 'installed', after: null }));
    return [...differences, ...gone];
  },
  foresee(_desired, _found, changes, world) {
    for (const { property, after } of changes) {
      if (property.endsWith(MARK)) continue;
      if (after === null) world.package(property).willBeAbsent();
      else world.package(property).willBe({ version: after });
    }
  },
  apply: (desired, changes) => onHost((backend) => applied(backend, desired, changes)),
});

function applied(backend: PackageBackend, desired: PackagesDesired, changes: readonly Change[]): Sh {
  const isMark = ({ property }: Change) => property.endsWith(MARK);
  const kept = changes.filter(isMark).map(({ property }) => property.slice(0, -MARK.length));
  // What gives way goes with what takes its place.
  const due = changes.filter(
    (one) => !isMark(one) && (one.kind === 'remove') === (desired.state === 'absent'),
  );
  if (kept.length === 0 || backend.keep === undefined) return backend.apply(desired, due);
  const mark = backend.keep(kept);
  return due.length === 0 ? mark : sh`{ ${backend.apply(desired, due)}; } && ${mark}`;
}

/** Ends the name of what says why a package is there. */
const MARK = ' mark';

const BACKENDS: Readonly<Record<string, PackageBackend>> = { apt, dnf };

/** Shell for the package manager that the host has; a probe of none says so by saying nothing. */
function onHost(work: (backend: PackageBackend, name: string) => Sh): Sh {
  return sh`if ${apt.isThere}; then
${work(apt, 'apt')}
elif ${dnf.isThere}; then
${work(dnf, 'dnf')}
else :; fi`;
}

function differencesOf(
  name: string,
  { state, version, downgrade }: PackagesDesired,
  found: FoundPackage | undefined,
  world: World,
): readonly Difference[] {
  const { state: foreseen } = world.package(name);
  const installed =
    world.isProof || foreseen === undefined ? found?.installed : (foreseen?.version ?? undefined);
  const before = installed ?? null;
  if (state === 'absent') {
    if (installed !== undefined && found?.held) throw isHeld(name, installed, 'is to go');
    return installed === undefined ? [] : [{ kind: 'remove', property: name, before, after: null }];
  }
  const { candidate, versions = [] } = found ?? {};
  const stays: readonly Difference[] =
    installed === undefined || !found?.isDependency
      ? []
      : [
          {
            kind: 'update',
            property: `${name}${MARK}`,
            before: 'a dependency',
            after: 'installed on purpose',
          },
        ];
  if (version === undefined && (installed !== undefined || found?.provided)) return stays;
  if (
    installed !== undefined &&
    version !== undefined &&
    version !== 'latest' &&
    fitsVersion(version, installed)
  )
    return stays;
  if (installed !== undefined && found?.held) {
    if (version === 'latest') return stays;
    throw isHeld(name, installed, `is to be ${version}`);
  }
  // A repository that an earlier task brings may have another one.
  const isFresh = hasFreshLists(world);
  const { providers = [] } = found ?? {};
  if (providers.length > 1 && !isFresh && !world.bringsMore) throw isVirtual(name, providers);
  const known =
    version === undefined || version === 'latest'
      ? candidate
      : versions.find((one) => fitsVersion(version, one));
  const after = isFresh ? undefined : known;
  // Of one that is installed the lists may know nothing, and then there is no newer one.
  if (
    version === 'latest' &&
    installed !== undefined &&
    !isFresh &&
    (after === undefined || after === installed)
  )
    return stays;
  if (after !== undefined && installed !== undefined && isOlder(after, installed, versions) && !downgrade) {
    throw new QuorateError(`${name} ${installed} is installed, and ${after}, which is wanted, is older`, {
      exitCode: EXIT.failed,
      hint: 'downgrade: true says that it may go back',
    });
  }
  const certainty = after === undefined ? 'unknown' : 'certain';
  return [
    {
      kind: installed === undefined ? 'create' : 'update',
      property: name,
      before,
      after: after ?? UNKNOWN,
      certainty,
    },
    // An upgrade need not do it.
    ...stays,
  ];
}

function isOlder(wanted: string, installed: string, newestFirst: readonly string[]): boolean {
  return newestFirst.includes(installed) && newestFirst.indexOf(wanted) > newestFirst.indexOf(installed);
}

/** Nobody has said that it may go: not this task, and none before it. */
function stays(name: string, { names, state }: PackagesDesired, world: World): boolean {
  return !(state === 'absent' && names.includes(name)) && world.package(name).state !== null;
}

function takesOthers({ names, state }: PackagesDesired, others: readonly string[]): QuorateError {
  const gone = others.join(', ');
  if (state === 'absent')
    return new QuorateError(`cannot remove ${names.join(', ')}: ${gone} would go, too`, {
      exitCode: EXIT.failed,
      hint: 'name those as well if they may go',
    });
  return new QuorateError(`cannot install ${names.join(', ')}: ${gone} would be removed`, {
    exitCode: EXIT.refused,
    hint: `if that may go, say so: packages('${names.join(' ')}', { replaces: '${others.join(' ')}' })`,
  });
}

/** apt takes one of them only where there is no other. */
function isVirtual(name: string, providers: readonly string[]): QuorateError {
  const some = providers.length > 8 ? [...providers.slice(0, 8), '…'] : providers;
  return new QuorateError(`${name} is no package, and several provide it: ${some.join(', ')}`, {
    exitCode: EXIT.failed,
    hint: 'name the one that is wanted',
  });
}

function isHeld(name: string, installed: string, wanted: string): QuorateError {
  return new QuorateError(`${name} is held at ${installed}, and ${wanted}`, {
    exitCode: EXIT.failed,
    hint: `somebody did not want that; apt-mark unhold ${name} takes it back`,
  });
}

function noManager(names: readonly string[]): QuorateError {
  return new QuorateError(
    `cannot look for ${names.join(', ')}: the host has no package manager that is known here`,
    {
      exitCode: EXIT.failed,
      hint: 'apt and dnf are known; for another one write a command() with unless',
    },
  );
}

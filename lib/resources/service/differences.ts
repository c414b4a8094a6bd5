import type { Difference } from '../../dsl/resource.ts';
import type { Certainty, Change } from '../../dsl/task.ts';
import type { World } from '../../dsl/world/world.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { type AtBoot, foreseenInstall, mayBeStarted, nothingStarts } from './at-boot.ts';
import { type Loading, type ObservedReads, outdatedReads, readsForeseen } from './loaded.ts';
import { unitName, unitPath } from './systemd.ts';
import type { Running } from './types.ts';
import { foreseeReload, mayBeReplaced, willBeStale } from './unread.ts';

export interface WantedUnit {
  readonly name: string;
  /** `any`: as it is. */
  readonly state: 'running' | 'stopped' | 'any';
  /** undefined: as it is. */
  readonly enabled: boolean | undefined;
  readonly masked: boolean | undefined;
  readonly reads: readonly Loading[];
}

export interface ObservedUnit extends Running, ObservedReads, AtBoot {
  /** systemd knows no such unit. */
  readonly missing: boolean;
  /** It has failed, and systemd is about to start it again. */
  readonly loops: boolean;
  /** Sockets that listen for it, where it is to be stopped. */
  readonly sockets: readonly string[];
  /** systemd's word for how it is enabled. */
  readonly unitFile: string;
  /** Its whole name, where it was asked for by another one. */
  readonly id: string;
  /** Where the unit lies. */
  readonly fragment: string;
  readonly canReload: boolean;
  /** It does its work and is over. */
  readonly ends?: boolean;
}

/** What keeps a unit from being as it is wanted; throws what a run could not do, in a check too. */
export function unitDifferences(
  wanted: WantedUnit,
  observed: ObservedUnit,
  world: World,
): readonly Difference[] {
  const { name } = wanted;
  world.unitIs(name, observed.id);
  const seen = afterEarlier(name, observed, world);
  const missing = seen.missing && !isForeseen(wanted, world);
  requireSilence(wanted, seen, world);
  if (missing && !world.bringsMore && (wanted.state === 'running' || wanted.enabled)) throw noUnit(name);
  if (wanted.state === 'running' && seen.ends && !mayBeReplaced(seen.id, seen.stale, world))
    throw isOver(name);
  const certainty: Certainty = missing ? 'conditional' : 'certain';
  const differences = [
    ...maskDifferences(wanted, seen),
    ...enabledDifferences(wanted, seen, missing, world),
    ...stateDifferences(wanted, seen, world),
  ];
  const reload: Difference = { kind: 'update', property: 'unit', before: 'another', after: 'read again' };
  const stale =
    isStale(seen, world) && !differences.some(({ kind }) => kind === 'start' || kind === 'restart');
  return [...differences, ...(stale ? [reload] : [])].map((one) => ({ certainty, ...one }));
}

/** Say what holds once `changes` are made, for a later wish for the same unit. */
export function foreseeUnit(
  { name, state, reads }: WantedUnit,
  observed: ObservedUnit,
  changes: readonly Change[],
  world: World,
): void {
  const unitFile = changes.findLast(({ property }) => property === 'enabled' || property === 'masked')?.after;
  const isRead = changes.some(({ kind }) => kind === 'start' || kind === 'restart' || kind === 'run');
  if (changes.some(({ kind, property }) => RELOADING.test(kind) || RELOADING.test(property)))
    foreseeReload(world);
  world.unit(name).willBe({
    ...(state !== 'any' && { state }),
    ...(unitFile && { unitFile }),
    ...(isRead && { read: readsForeseen(reads, observed, world) }),
  });
}

/** The unit as earlier tasks leave it. */
function afterEarlier(name: string, seen: ObservedUnit, world: World): ObservedUnit {
  const foreseen = world.isProof ? undefined : world.unit(name).state;
  if (!foreseen) return seen;
  const { state, unitFile } = foreseen;
  return {
    ...seen,
    ...(state !== undefined && (state === 'stopped' || !runs(seen)) && { state, loops: false }),
    ...(unitFile !== undefined && { unitFile, enabled: unitFile === 'enabled' }),
  };
}

/** Changes by which systemd reads all units again: enabling and masking do it, too. */
const RELOADING = /^(start|restart|unit|enabled|masked)$/;

function isStale({ missing, stale, id }: ObservedUnit, world: World): boolean {
  return !missing && willBeStale(id, stale, world);
}

function runs({ state }: Pick<Running, 'state'>): boolean {
  return state === 'running' || state === 'starting';
}

/** An earlier task places the unit, or the template that it is an instance of. */
function isForeseen({ name }: WantedUnit, world: World): boolean {
  const unit = unitName(name);
  const files = [unit, unit.replace(/@.*(\.[a-z]+)$/, '@$1')];
  return files.some((one) => world.path(unitPath(one)).state) || Boolean(world.unit(name).state);
}

function maskDifferences(
  { name, masked, state, enabled }: WantedUnit,
  seen: ObservedUnit,
): readonly Difference[] {
  const isMasked = seen.unitFile.startsWith('masked');
  const differs = { kind: 'update', property: 'masked' } as const;
  // One that is masked until the next boot is not for good.
  if (masked === true && seen.unitFile !== 'masked') {
    if (seen.id !== unitName(name)) throw isAlias(name, seen.id);
    // systemctl would have to put its link where the unit is.
    if (seen.fragment.startsWith('/etc/systemd/system/')) throw cannotMask(name, seen.fragment);
    return [{ ...differs, before: seen.unitFile || null, after: 'masked' }];
  }
  if (masked === false && isMasked) return [{ ...differs, before: 'masked', after: 'unmasked' }];
  if (isMasked && masked === undefined && (state === 'running' || enabled)) throw isInTheWay(name);
  return [];
}

function enabledDifferences(
  { name, enabled }: WantedUnit,
  seen: ObservedUnit,
  missing: boolean,
  world: World,
): readonly Difference[] {
  if (enabled === undefined) return [];
  const differs = { kind: 'update', property: 'enabled', before: seen.unitFile || null } as const;
  const isEnabled = /^(enabled|alias)/.test(seen.unitFile);
  if (!enabled) return isEnabled && !missing ? [{ ...differs, after: 'disabled' }] : [];
  const install = foreseenInstall(name, world);
  const isStatic = willBeStatic(seen, install, world);
  if (isStatic && !seen.wanted && !mayBeStarted(name, world)) throw nothingStarts(name);
  const isFine = seen.unitFile === 'static' ? !install : seen.enabled;
  return isStatic || isFine ? [] : [{ ...differs, after: 'enabled' }];
}

/** A unit without `[Install]` is started by others: there is nothing to enable. One that is to come may have one. */
function willBeStatic(
  { missing, unitFile, id, stale }: ObservedUnit,
  install: boolean | undefined,
  world: World,
): boolean {
  if (!missing && unitFile !== 'static') return false;
  return install === undefined ? !missing && !mayBeReplaced(id, stale, world) : !install;
}

function stateDifferences(wanted: WantedUnit, seen: ObservedUnit, world: World): readonly Difference[] {
  const { state } = seen;
  if (wanted.state === 'stopped') {
    const before = seen.loops ? 'in a crash loop' : state;
    return runs(seen) || seen.loops ? [{ kind: 'stop', property: 'state', before, after: 'stopped' }] : [];
  }
  if (!runs(seen) && wanted.state === 'any') return [];
  if (!runs(seen)) return [{ kind: 'start', property: 'state', before: state, after: 'running' }];
  const outdated = outdatedReads(wanted.name, wanted.reads, seen, world);
  if (outdated.length === 0) return [];
  // systemd restarts one that cannot read again.
  const kind = !seen.canReload || outdated.some(({ due }) => due === 'restart') ? 'restart' : 'run';
  const names = [...new Set(outdated.map(({ name }) => name))].join(', ');
  const after = kind === 'run' ? 'reloaded' : 'restarted';
  return [{ kind, property: 'files', before: `has read another ${names}`, after }];
}

/** A service that is stopped while a socket listens for it is started by whoever comes next. */
function requireSilence({ name, state, masked }: WantedUnit, { sockets }: ObservedUnit, world: World): void {
  if (state !== 'stopped' || masked) return;
  const [first] = sockets.filter((unit) => world.unit(unit).state?.state !== 'stopped');
  if (first === undefined) return;
  throw cannot(
    `keep ${name} stopped`,
    `${first} listens, and starts it again`,
    `declare service('${first}', { state: 'stopped', enabled: false }) before it`,
  );
}

function noUnit(name: string): QuorateError {
  return cannot(
    `start ${name}`,
    `systemd knows no ${unitName(name)}`,
    'declare the packages, or the systemdUnit, that bring it before',
  );
}

function isOver(name: string): QuorateError {
  return cannot(
    `keep ${name} running`,
    'it does its work and ends (Type=oneshot, without RemainAfterExit)',
    `say that it starts at boot: service('${name}', { state: 'any', enabled: true }); or run it by a timer, or by a command`,
  );
}

function isInTheWay(name: string): QuorateError {
  return cannot(
    `start ${name}`,
    'it is masked',
    'somebody did not want it to run; masked: false takes that back',
  );
}

function isAlias(name: string, id: string): QuorateError {
  return cannot(
    `mask ${name}`,
    `it is another name of ${id}`,
    `mask that: service('${id}', { masked: true })`,
  );
}

function cannotMask(name: string, fragment: string): QuorateError {
  return cannot(
    `mask ${name}`,
    `its unit lies in ${fragment}`,
    'a unit of the administrator is taken away, not masked',
  );
}

function cannot(what: string, found: string, hint: string): QuorateError {
  return new QuorateError(`cannot ${what}: ${found}`, { exitCode: EXIT.failed, hint });
}

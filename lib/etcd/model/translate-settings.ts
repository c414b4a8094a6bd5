import { flagOfGate, flagsOf, gateOf, gatesOf } from './flag-catalogue.ts';
import { type SettingProblem, settingsProblems } from './flags.ts';
import { gatesIn } from './settings.ts';
import { compareVersions, MINORS, minorOf } from './versions.ts';

type Settings = Readonly<Record<string, unknown>>;

/** `etcd_settings` as another version takes them. */
export interface TranslatedSettings {
  readonly settings: Settings;
  /** What came later than that version, by any name, and is left out there: as it was before it came. */
  readonly left: readonly string[];
  /** What that version cannot be told: undefined when all is well. */
  readonly problem?: SettingProblem;
}

/**
 * `etcd_settings` of a host as the version takes them that it is planned at. They are written for `etcd_version`: in the
 * middle of an upgrade, and after a recovery, hosts run another one. What fits that one, too, stays as it is written.
 */
export function settingsAt(
  { etcd_settings, etcd_version }: Readonly<Record<string, unknown>>,
  version: string | undefined,
): TranslatedSettings {
  const settings = (etcd_settings ?? {}) as Settings;
  const isTheirs = version === undefined || etcd_version === undefined || etcd_version === version;
  const fits = isTheirs || settingsProblems(settings, version).every(({ level }) => level === 'warning');
  return fits ? { settings, left: [] } : translateSettings(settings, version);
}

/**
 * Tells `version` what `settings` tell the one that they are written for: an experiment by the name that it has there,
 * a gate as the flag that it was, and the other way round.
 *
 * @example
 * translateSettings({ 'feature-gates': 'InitialCorruptCheck=true' }, '3.5.33');
 * // settings: { 'experimental-initial-corrupt-check': 'true' }
 */
export function translateSettings(settings: Settings, version: string): TranslatedSettings {
  const [flags, gates] = [flagsOf(version), gatesOf(version)];
  const told: Record<string, unknown> = {};
  const set: string[] = [];
  const left: string[] = [];
  for (const [name, value] of Object.entries(settings)) {
    const [other, gate] = [otherName(name), gateOf(name)];
    if (name === 'feature-gates') {
      for (const [one, is] of gatesIn(value)) {
        const flag = flagOfGate(one);
        if (gates.includes(one)) set.push(`${one}=${is}`);
        else if (flag !== undefined && flags.has(flag)) told[flag] = is;
        else left.push(`feature-gates: ${one}`);
      }
    } else if (flags.has(name)) told[name] = value;
    else if (flags.has(other)) told[other] = value;
    else if (gate !== undefined && gates.includes(gate)) set.push(`${gate}=${value}`);
    else if (cameLater(name, version)) left.push(name);
    else return { settings: told, left, problem: nothingLike(name, version) };
  }
  if (set.length > 0) told['feature-gates'] = set.join(',');
  const problem = settingsProblems(told, version).find(({ level }) => level !== 'warning');
  return { settings: told, left, ...(problem && { problem }) };
}

/** What a flag is called before or after its time as an experiment. */
function otherName(name: string): string {
  const prefix = 'experimental-';
  return name.startsWith(prefix) ? name.slice(prefix.length) : prefix + name;
}

/** No version up to this one has it, and a later one does. */
function cameLater(name: string, version: string): boolean {
  const later = MINORS.filter((minor) => compareVersions(`${minor}.0`, `${minorOf(version)}.0`) > 0);
  return [...later, minorOf(version)].some(
    (minor) => flagsOf(minor).has(name) || flagsOf(minor).has(otherName(name)),
  );
}

function nothingLike(name: string, version: string): SettingProblem {
  return {
    message: `etcd ${version} has no setting ${name}, and nothing that does the same`,
    hint: 'take it out of etcd_settings for the time of the change',
  };
}

import { closest, distance } from 'fastest-levenshtein';
import { EXIT, QuorateError } from '../../errors.ts';
import { ALL_FLAGS, flagsOf, gateOf, gatesOf, isWithoutEffect, sinceWhen } from './flag-catalogue.ts';
import { goBool } from './go-values.ts';
import { cipherProblems, ruleProblems } from './setting-rules.ts';
import { valueProblem } from './setting-values.ts';
import { gatesIn } from './settings.ts';
import { isTooNew, MINORS, minorOf } from './versions.ts';

/** Settings that the roles make from variables of their own. */
const MANAGED: Readonly<Record<string, string>> = {
  name: 'etcd_member_name',
  'data-dir': 'etcd_data_dir',
  'wal-dir': 'etcd_wal_dir',
  'listen-peer-urls': 'etcd_peer_listen_address and etcd_peer_port',
  'listen-client-urls': 'etcd_listen_address and etcd_client_port',
  'initial-advertise-peer-urls': 'etcd_peer_address and etcd_peer_port',
  'advertise-client-urls': 'etcd_address and etcd_client_port',
  'initial-cluster': 'the hosts of the cluster',
  'initial-cluster-token': 'the bootstrap',
  'initial-cluster-state': 'the bootstrap',
  'cert-file': 'etcd_cert_dir',
  'key-file': 'etcd_cert_dir',
  'trusted-ca-file': 'etcd_cert_dir',
  'client-cert-auth': 'always on',
  'peer-cert-file': 'etcd_cert_dir',
  'peer-key-file': 'etcd_cert_dir',
  'peer-trusted-ca-file': 'etcd_cert_dir',
  'peer-client-cert-auth': 'always on',
  'auto-tls': 'always off: the certificates are our own',
  'peer-auto-tls': 'always off: the certificates are our own',
  'force-new-cluster': 'no role: it discards members',
  discovery: 'the hosts of the cluster',
  'discovery-endpoints': 'the hosts of the cluster',
  'discovery-srv': 'the hosts of the cluster',
  'discovery-srv-name': 'the hosts of the cluster',
  'discovery-token': 'the hosts of the cluster',
};

type Settings = Readonly<Record<string, unknown>>;

/** What one of `etcd_settings` cannot be. */
export interface SettingProblem {
  readonly message: string;
  readonly hint: string;
  /** A warning lets the run go on. */
  readonly level?: 'warning';
}

/**
 * What is wrong with `etcd_settings`: a name that is ours, that the version does not have, or a value that no
 * environment file can carry. Before the version is known, only a name that no version has counts.
 */
export function settingsProblems(settings: Settings, version: string | undefined): readonly SettingProblem[] {
  const names = Object.entries(settings);
  if (names.length > 0 && version !== undefined && !isKnown(version)) return [unknownVersion(version)];
  const single = names.flatMap(
    ([name, value]) =>
      nameProblem(name, version, settings) ??
      textProblem(name, value) ??
      typeProblem(name, value, version) ??
      (version === undefined ? [] : meaningProblems(name, version, settings)),
  );
  // What is wrong by itself is not judged together with others.
  const isWrong = single.some(({ level }) => level !== 'warning');
  return isWrong || version === undefined ? single : [...single, ...ruleProblems(settings, version)];
}

/** The same for the variables of a host, with its name. */
export function hostSettingsProblems(
  { name, vars }: { readonly name: string; readonly vars: Readonly<Record<string, unknown>> },
  version: string | undefined,
): readonly SettingProblem[] {
  const settings = (vars.etcd_settings ?? {}) as Settings;
  const problems = [
    ...settingsProblems(settings, version),
    ...cipherProblems(settings, String(vars.etcd_key_type)),
  ];
  return problems.map((problem) => ({ ...problem, message: `etcd_settings of ${name}: ${problem.message}` }));
}

/** `etcd_settings` as environment variables. Throws exit code 1 for what a version does not have. */
export function settingsEnvironment(
  settings: Settings,
  version: string | undefined,
): readonly (readonly [name: string, value: string])[] {
  const problem = settingsProblems(settings, version).find(({ level }) => level !== 'warning');
  if (problem) throw unfitSettings(problem);
  return Object.entries(settings).map(([name, value]) => [variableOf(name), String(value)] as const);
}

export function unfitSettings({ message, hint }: SettingProblem): QuorateError {
  return new QuorateError(`etcd_settings: ${message}`, { exitCode: EXIT.usage, hint });
}

/** The environment variable of a flag. */
export function variableOf(flag: string): string {
  return `ETCD_${flag.toUpperCase().replaceAll('-', '_')}`;
}

function nameProblem(
  name: string,
  version: string | undefined,
  settings: Settings,
): SettingProblem | undefined {
  const managed = MANAGED[name];
  if (managed !== undefined) return { message: `${name} is set by ${managed}`, hint: 'take it out' };
  const known = version === undefined ? ALL_FLAGS : [...flagsOf(version)];
  if (known.includes(name)) return undefined;
  const have = version === undefined ? 'no etcd known here has a' : `etcd ${version} has no`;
  return {
    message: `${have} setting ${name}`,
    hint: gateHint(name, version, settings) ?? nameHint(name, version, known),
  };
}

/** The gate that took the flag's place, with its value and beside the gates that are set. */
function gateHint(name: string, version: string | undefined, settings: Settings): string | undefined {
  const gate = gateOf(name);
  if (gate === undefined || version === undefined || !gatesOf(version).includes(gate)) return undefined;
  const set = settings['feature-gates'];
  const gates = [...(set === undefined ? [] : [String(set)]), `${gate}=${settings[name]}`];
  return `feature-gates: "${gates.join(',')}"`;
}

/** What etcd makes of a setting that it has: nothing, or an end right after its start. */
function meaningProblems(name: string, version: string, settings: Settings): readonly SettingProblem[] {
  if (isWithoutEffect(name, version)) {
    return [
      {
        message: `etcd ${version} takes ${name} and does nothing with it`,
        hint: 'take it out',
        level: 'warning',
      },
    ];
  }
  return [
    ...twiceProblems(name, version, settings),
    ...(name === 'feature-gates' ? gateProblems(version, settings) : []),
  ];
}

/** Flags that are given by their old and their new name: 3.6 takes either, and does not start with both. */
function twiceProblems(name: string, version: string, settings: Settings): readonly SettingProblem[] {
  if (!name.startsWith('experimental-')) return [];
  const later = name.slice('experimental-'.length);
  const gate = gateOf(name);
  const other =
    later in settings
      ? later
      : gate !== undefined && gatesIn(settings['feature-gates']).some(([set]) => set === gate)
        ? `feature-gates: ${gate}`
        : undefined;
  if (other === undefined) return [];
  return [
    {
      message: `${name} and ${other} are the same, and etcd ${version} does not start with both`,
      hint: `take ${name} out`,
    },
  ];
}

function gateProblems(version: string, settings: Settings): readonly SettingProblem[] {
  const known = gatesOf(version);
  return gatesIn(settings['feature-gates']).flatMap(([gate, value]) => {
    if (!known.includes(gate)) {
      const near = closest(gate, [...known]);
      const hint = distance(gate, near) <= 3 ? `did you mean ${near}?` : `it has ${known.join(', ')}`;
      return [{ message: `etcd ${version} has no feature gate ${gate}`, hint }];
    }
    if (goBool(value) !== undefined) return [];
    return [{ message: `feature gate ${gate} is true or false, found "${value}"`, hint: `${gate}=true` }];
  });
}

/** What was meant, else where the name is known; a name of another version is not a slip of more than a letter. */
function nameHint(name: string, version: string | undefined, known: readonly string[]): string {
  const having = MINORS.filter((minor) => flagsOf(minor).has(name));
  const near = nearest(name, known, having.length > 0 ? 1 : 3);
  if (near !== undefined) return `did you mean ${near}?`;
  const since = sinceWhen(name, version ?? '');
  if (since !== undefined) return `it came with ${since}`;
  if (having.length > 0) return `${having.join(', ')} ${having.length > 1 ? 'have' : 'has'} it`;
  return 'names are those of etcd --help, without dashes in front';
}

/** JSON has double quotes, and is carried in single ones. */
function textProblem(name: string, value: unknown): SettingProblem | undefined {
  const text = String(value);
  if (!/[\\$`\r\n\0]|'.*"|".*'/.test(text)) return undefined;
  return {
    message: `the value of ${name} has quotes of both kinds, a backslash, dollar, backtick or newline: ${JSON.stringify(text)}`,
    hint: 'an environment file cannot carry it unchanged',
  };
}

/** What is wrong with the value of a flag; before the version is known, only what is wrong for every version. */
function typeProblem(name: string, value: unknown, version: string | undefined): SettingProblem | undefined {
  const minors = version === undefined ? MINORS.filter((minor) => flagsOf(minor).has(name)) : [version];
  const said = minors.map((one) => valueProblem(name, value, one));
  const [wanted] = said;
  if (wanted === undefined || said.includes(undefined)) return undefined;
  return { message: `${name} is ${JSON.stringify(value)}, and ${wanted}`, hint: 'see etcd --help' };
}

/** The name that was meant: spelt almost so, or what a flag is called before or after its time as an experiment. */
function nearest(name: string, known: readonly string[], within: number): string | undefined {
  const dashed = name
    .replaceAll('_', '-')
    .toLowerCase()
    .replace(/^etcd-|^--/, '');
  const prefix = 'experimental-';
  const other = dashed.startsWith(prefix) ? dashed.slice(prefix.length) : prefix + dashed;
  if (known.includes(other)) return other;
  const near = closest(dashed, [...known]);
  return distance(dashed, near) <= within ? near : undefined;
}

/** What is newer is a matter of its own: it is refused, or the user has said that it may be. */
function isKnown(version: string): boolean {
  return isTooNew(version) || MINORS.some((minor) => minor === minorOf(version));
}

function unknownVersion(version: string): SettingProblem {
  return {
    message: `etcd ${version} is not one of the versions known here: ${MINORS.join(', ')}`,
    hint: 'set etcd_version to a release of one of these',
  };
}

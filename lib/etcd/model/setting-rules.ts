import { goBool, goDuration } from './go-values.ts';
import { HTTP2_CIPHERS, isBefore } from './setting-values.ts';
import { gatesIn, isLoopbackUrl, list, listenUrls } from './settings.ts';
import { compareVersions } from './versions.ts';

/** Settings as text; what is empty is not set. */
type Set = ReadonlyMap<string, string>;

export interface RuleProblem {
  readonly message: string;
  readonly hint: string;
  /** A warning lets the run go on. */
  readonly level?: 'warning';
}

/**
 * Settings that etcd refuses together, that open a member to whoever comes, or that put data at risk. Tried against 3.3.25
 * to 3.7.3; what a single value may be is `setting-values.ts`.
 */
export function ruleProblems(
  settings: Readonly<Record<string, unknown>>,
  version: string,
): readonly RuleProblem[] {
  const set: Set = new Map(
    Object.entries(settings).flatMap(([name, value]) =>
      String(value) === '' ? [] : [[name, String(value)]],
    ),
  );
  return [
    ...timing(set),
    ...tls(set),
    ...pairs(set),
    ...leases(set, version),
    ...retention(set),
    ...logs(set, version),
    ...doors(settings),
    ...risks(set),
  ];
}

/** Milliseconds; etcd's defaults are 100 and 1000. */
function timing(set: Set): readonly RuleProblem[] {
  const beat = Number(set.get('heartbeat-interval') ?? 100);
  const election = Number(set.get('election-timeout') ?? 1000);
  if (!(beat > 0) || !(election < beat * 5)) return [];
  return [
    {
      message: `election-timeout is ${election}, less than five times heartbeat-interval (${beat}): etcd does not start`,
      hint: `set election-timeout: ${beat * 10}`,
    },
  ];
}

function tls(set: Set): readonly RuleProblem[] {
  const [least, most] = [set.get('tls-min-version'), set.get('tls-max-version')];
  const suites = set.get('cipher-suites');
  const problems: RuleProblem[] = [];
  if (least === 'TLS1.3' && most === 'TLS1.2')
    problems.push({
      message: 'tls-min-version is TLS1.3, above tls-max-version: etcd does not start',
      hint: 'take tls-max-version out',
    });
  if (least === 'TLS1.3' && suites !== undefined)
    problems.push({
      message: 'cipher-suites do not go with tls-min-version TLS1.3, which has its own: etcd does not start',
      hint: 'take cipher-suites out',
    });
  return problems;
}

/** Each with the other, or never with it. */
function pairs(set: Set): readonly RuleProblem[] {
  const problems: RuleProblem[] = [];
  for (const kind of ['client', 'peer-client']) {
    const names = [`${kind}-cert-file`, `${kind}-key-file`];
    const missing = names.filter((name) => !set.has(name));
    if (missing.length === 1)
      problems.push({
        message: `${names.find((name) => set.has(name))} needs ${missing[0]}: etcd does not start`,
        hint: `set ${missing[0]}, too`,
      });
  }
  if (set.has('peer-cert-allowed-cn') && set.has('peer-cert-allowed-hostname'))
    problems.push({
      message: 'peer-cert-allowed-cn and peer-cert-allowed-hostname exclude each other: etcd does not start',
      hint: 'keep peer-cert-allowed-hostname',
    });
  return problems;
}

/** Leases are kept over an election by two settings, of which one needs the other: flags up to 3.6, gates since. */
function leases(set: Set, version: string): readonly RuleProblem[] {
  const flag = 'experimental-enable-lease-checkpoint';
  const gates = new Map(gatesIn(set.get('feature-gates')));
  // Each is an alpha feature, and what is said by its own name counts.
  const isOpen = (gate: string) => goBool(gates.get(gate) ?? gates.get('AllAlpha') ?? '') === true;
  if (isOn(set, flag) && panics(set, version))
    return [
      {
        message: `${flag} without ${flag}-persist makes etcd ${version} panic where logger is not zap: etcd does not start`,
        hint: `set logger: zap, or ${flag}-persist: true`,
      },
    ];
  if (isOn(set, flag) || isOpen('LeaseCheckpoint')) return [];
  if (isOn(set, `${flag}-persist`))
    return [{ message: `${flag}-persist needs ${flag}`, hint: `set ${flag}: true` }];
  if (!isOpen('LeaseCheckpointPersist')) return [];
  return [
    {
      message: 'feature gate LeaseCheckpointPersist needs LeaseCheckpoint: etcd does not start',
      hint: 'feature-gates: "LeaseCheckpoint=true,LeaseCheckpointPersist=true"',
    },
  ];
}

/**
 * From 3.4.20 on, which brought persistence, `Validate` of etcd's embed/config.go warns of checkpoints without it, by a
 * logger that 3.4 has with zap only.
 */
function panics(set: Set, version: string): boolean {
  const warns = isBefore(version, '3.5') && compareVersions(version, '3.4.20') >= 0;
  return warns && set.get('logger') !== 'zap' && !isOn(set, 'experimental-enable-lease-checkpoint-persist');
}

/** Whether a setting that is a boolean is on, in whatever spelling. */
function isOn(set: Set, name: string): boolean {
  return goBool(set.get(name) ?? '') === true;
}

/** A number is of hours or of revisions, by the mode. */
function retention(set: Set): readonly RuleProblem[] {
  const given = set.get('auto-compaction-retention') ?? '0';
  const isNumber = /^\+?\d+$/.test(given);
  if (set.get('auto-compaction-mode') === 'revision')
    return isNumber || goDuration(given) === 0
      ? []
      : [
          {
            message: `auto-compaction-retention is ${given}, and auto-compaction-mode revision counts revisions: etcd takes nanoseconds for them`,
            hint: 'give a number of revisions, or set auto-compaction-mode: periodic',
          },
        ];
  if (!isNumber || Number(given) <= MOST_HOURS) return [];
  return [
    {
      message: `auto-compaction-retention is ${given} hours, more than the ${MOST_HOURS} that etcd counts to`,
      hint: 'auto-compaction-mode: revision keeps that many revisions',
    },
  ];
}

/** What 63 bits of nanoseconds hold. */
const MOST_HOURS = 2_562_047;

function logs(set: Set, version: string): readonly RuleProblem[] {
  const outputs = list(set.get('log-outputs'));
  const files = outputs.filter((one) => one.startsWith('/'));
  const isOld = isBefore(version, '3.5') && set.get('logger') !== 'zap';
  if (isOld && (files.length > 0 || outputs.length > 1 || outputs.includes('systemd/journal')))
    return [
      {
        message: `log-outputs is ${outputs.join(',')}, and etcd ${version} knows one of default, stdout, stderr there`,
        hint: 'set logger: zap, too',
      },
    ];
  if (isOn(set, 'enable-log-rotation') && files.length !== 1)
    return [
      {
        message: `enable-log-rotation needs exactly one file in log-outputs, found ${files.length}: etcd does not start`,
        hint: 'log-outputs: /var/log/etcd/etcd.log',
      },
    ];
  if (set.has('log-rotation-config-json') && !isOn(set, 'enable-log-rotation'))
    return [
      {
        message: 'log-rotation-config-json does nothing without enable-log-rotation',
        hint: 'set enable-log-rotation: true',
        level: 'warning',
      },
    ];
  return [];
}

/** Plain HTTP lets whoever reaches it read and write. */
function doors(settings: Readonly<Record<string, unknown>>): readonly RuleProblem[] {
  return listenUrls(settings).flatMap(({ setting, url }): readonly RuleProblem[] => {
    if (!url.startsWith('http://')) return [];
    const serves = setting === 'listen-client-http-urls';
    if (!isLoopbackUrl(url))
      return [
        {
          message: `${setting} has ${url}: ${serves ? 'whoever reaches it reads and writes' : 'whoever reaches it reads'}, without a certificate`,
          hint: serves
            ? 'say https, or 127.0.0.1'
            : 'set etcd_metrics_port, which comes with its firewall rule',
        },
      ];
    if (!serves) return [];
    return [
      {
        message: `${setting} has ${url}, which lets every user of the host past mutual TLS`,
        hint: 'say https',
        level: 'warning',
      },
    ];
  });
}

function risks(set: Set): readonly RuleProblem[] {
  if (!isOn(set, 'unsafe-no-fsync')) return [];
  return [
    {
      message: 'unsafe-no-fsync is on: a host that loses its power loses what the cluster has acknowledged',
      hint: 'take it out, unless the data may be lost',
      level: 'warning',
    },
  ];
}

/** Cipher suites of TLS 1.2 that no key of this type can sign for, where TLS 1.3 is off. */
export function cipherProblems(
  settings: Readonly<Record<string, unknown>>,
  keyType: string,
): readonly RuleProblem[] {
  const suites = list(settings['cipher-suites']);
  if (suites.length === 0 || settings['tls-max-version'] !== 'TLS1.2') return [];
  const kind = keyType.startsWith('rsa') ? 'RSA' : 'ECDSA';
  if (suites.some((one) => one.includes(`_${kind}_`) || (kind === 'RSA' && one.startsWith('TLS_RSA_'))))
    return [];
  return [
    {
      message: `cipher-suites has none for the keys of the members, which are ${keyType}: nobody could connect`,
      hint: `add ${HTTP2_CIPHERS.find((one) => one.includes(`_${kind}_`))}`,
    },
  ];
}

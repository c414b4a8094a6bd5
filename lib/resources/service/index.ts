import { requireAnswer } from '../../dsl/common/answer.ts';
import { isSame } from '../../dsl/common/same.ts';
import { is } from '../../dsl/options/options.ts';
import { defineResource } from '../../dsl/resource.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Change, Reading, Task } from '../../dsl/task.ts';
import { EXIT, QuorateError } from '../../errors.ts';
import { AT_BOOT, lookAtBoot, parseAtBoot } from './at-boot.ts';
import { foreseeUnit, type ObservedUnit, unitDifferences, type WantedUnit } from './differences.ts';
import { actionsOf } from './lifecycle.ts';
import {
  collectReads,
  joinedReads,
  type Loading,
  parseLoaded,
  probeReads,
  recordReads,
  withoutRepeats,
} from './loaded.ts';
import { requireSystemd, systemdManager, unitName, whyNotRunning } from './systemd.ts';

export interface ServiceOptions {
  /** `running` unless said; `any`: as it is, for one that others start (`{ state: 'any', enabled: true }`). */
  readonly state?: 'running' | 'stopped' | 'any';
  /** Starts at boot: so unless it is to be stopped; then as it is, unless said. */
  readonly enabled?: boolean;
  /** `true`: nobody can start it. `false`: takes that back. */
  readonly masked?: boolean;
  /** Tasks that decide what it reads at its start only: it is restarted where it has started on something else. */
  readonly restartOn?: readonly Task[];
  /** Tasks that decide what it reads again when it is told to. */
  readonly reloadOn?: readonly Task[];
}

/**
 * A unit of systemd that runs, or does not. Whether a restart or a reload is due comes from state, not from what this
 * run has changed: what a start has read is recorded beside the manifest, with the name of that start. One that
 * somebody else has started since is fine if the files are older than that start. What it has read and is gone is due
 * as well, also where no role names it any more.
 *
 * It can hang on files, lines and blocks in them, links (by where they lead), trees, absent paths, packages (by their
 * version), checkouts (by their commit), archives, directories (by mode and owner), users and groups, and commands by
 * what they create. Several roles may want one service, each for what it writes: the first brings it up, and after
 * the last it is reloaded, or restarted, once.
 *
 * A unit that is to start at boot needs an `[Install]`, or another unit, or D-Bus, that starts it: one without is an error.
 * One that does its work and ends (`Type=oneshot`) is nothing that runs: it is `state: 'any'`, with a timer, or
 * `RemainAfterExit`. A service that is to be stopped while a socket listens for it is an error: the socket is stopped before it.
 *
 * @example
 * const conf = file('/etc/nginx/conf.d/site.conf', { content });
 * service('nginx', { reloadOn: [conf] })
 */
export const service = defineResource<ServiceOptions, WantedUnit, ObservedUnit>({
  kind: 'service',
  options: {
    state: is.one('running', 'stopped', 'any'),
    enabled: is.boolean,
    masked: is.boolean,
    restartOn: is.tasks,
    reloadOn: is.tasks,
  },
  heedsLeftOver: true,
  awaited: true,
  explain: ({ name, state }) => (state === 'running' ? whyNotRunning(name) : undefined),
  join: joinedWishes,
  needs: ({ restartOn = [], reloadOn = [] }) => [...restartOn, ...reloadOn],
  thing: ({ name }) => `unit ${name}`,
  name: ({ name }) => name,
  title: ({ name, state, enabled, masked }) =>
    masked ? `${name} is masked` : `${name} is ${stateInWords(enabled, state)}`,
  complete(given, { state, enabled, masked, restartOn = [], reloadOn = [] }) {
    const name = checkedUnit(given);
    if (masked && (state === 'running' || enabled)) {
      throw new QuorateError(`${name} is to be masked and to run`, {
        exitCode: EXIT.usage,
        hint: 'choose one',
      });
    }
    const runs = !masked && (state ?? 'running') === 'running';
    return {
      name,
      state: runs ? 'running' : state === 'any' ? 'any' : 'stopped',
      enabled: enabled ?? (runs ? true : undefined),
      masked,
      reads: withoutRepeats([...readsOf(name, 'restart', restartOn), ...readsOf(name, 'reload', reloadOn)]),
    };
  },
  traces({ name, state, enabled, masked }, changes) {
    if (masked || !(state === 'running' || (state === 'any' && enabled))) return [];
    const begins = changes?.some(({ kind, after }) => kind === 'start' || after === 'enabled') ?? true;
    return begins ? [{ kind: 'unit', name: unitName(name) }] : [];
  },
  probe: ({ name, reads, state }) =>
    sh`q_shown=$(systemctl show -p Id -p LoadState -p ActiveState -p SubState -p UnitFileState -p FragmentPath -p NeedDaemonReload -p InvocationID -p ActiveEnterTimestampMonotonic -p CanReload -p Type -p RemainAfterExit ${AT_BOOT} ${unitName(name)} 2>&1) || { printf '%s\n' "$q_shown"; exit 1; }
printf '%s\n' "$q_shown"; sed -n '/^btime/p' /proc/stat
${lookAtBoot(name)}
${state === 'stopped' ? SOCKETS : sh`:`}
${probeReads(name, reads)}`,
  parse: parseUnit,
  diff: unitDifferences,
  foresee: foreseeUnit,
  apply: applyUnit,
});

function stateInWords(enabled: boolean | undefined, state: WantedUnit['state']): string {
  if (state !== 'any') return `${enabled ? 'enabled and ' : ''}${state}`;
  return enabled === undefined ? 'as it is' : enabled ? 'enabled' : 'disabled';
}

function readsOf(name: string, due: 'restart' | 'reload', tasks: readonly Task[]): readonly Loading[] {
  return tasks.flatMap((task) => {
    const { marks = [] } = task;
    if (marks.length > 0)
      return marks.map(({ name, look, beside }) => ({ name, look, due, ...(beside && { beside }) }));
    throw new QuorateError(
      `${name}: ${due}On has "${task.title}", which leaves nothing that a service reads`,
      {
        exitCode: EXIT.usage,
        hint: `name what decides it: file, link, tree, packages, gitCheckout…; for a command or script, creates: '/a/path'`,
      },
    );
  });
}

function parseUnit(reading: Reading, { name, reads }: WantedUnit): ObservedUnit {
  const own = reading.out;
  requireSystemd(own, name);
  requireAnswer(reading, `the state of ${name}`);
  const property = (key: string) => new RegExp(`^${key}=(.*)$`, 'm').exec(own)?.[1] ?? '';
  const running = systemdManager.parse(own);
  // Between two starts of a crash loop it counts as activating; the word is longer from systemd 254 on.
  const loops = property('SubState').startsWith('auto-restart');
  const atBoot = parseAtBoot(own);
  const byScript = /^by script (enabled|disabled)$/m.exec(own)?.[1];
  return {
    ...running,
    ...parseLoaded(own, reads, running.start),
    ...(loops && { state: 'failed' as const }),
    loops,
    ...atBoot,
    ...((byScript === 'disabled' || atBoot.alsoDisabled) && { enabled: false }),
    missing: property('LoadState') === 'not-found',
    unitFile: byScript ?? property('UnitFileState'),
    sockets: [...own.matchAll(/^socket (.+)$/gm)].map(([, unit = '']) => unit),
    fragment: property('FragmentPath'),
    canReload: property('CanReload') !== 'no',
    ends: property('Type') === 'oneshot' && property('RemainAfterExit') === 'no',
    id: property('Id') || unitName(name),
  };
}

function applyUnit({ name, reads }: WantedUnit, changes: readonly Change[]): Sh {
  const unit = unitName(name);
  const actions = actionsOf(changes);
  const has = (kind: string, after?: string) =>
    changes.some((change) => change.kind === kind && (after === undefined || change.after === after));
  const starts = actions.has('start') || actions.has('restart');
  const isRead = starts || has('run', 'reloaded');
  const step = (wanted: boolean, shell: Sh) => (wanted ? [shell] : []);
  // What it reads is recorded as it is before it does: what changes meanwhile is due the next time.
  return joinSh([
    ...step(
      has('update', 'unmasked'),
      sh`systemctl unmask --quiet ${unit} && systemctl unmask --quiet --runtime ${unit} || exit`,
    ),
    ...step(starts || actions.has('unit'), sh`systemctl daemon-reload || exit`),
    ...step(has('update', 'enabled'), sh`systemctl enable --quiet ${unit} || exit`),
    ...step(
      has('update', 'disabled'),
      sh`systemctl disable --quiet ${unit} && systemctl disable --quiet --runtime ${unit} || exit`,
    ),
    ...step(actions.has('stop'), sh`systemctl stop ${unit} || exit`),
    ...step(has('update', 'masked'), sh`systemctl mask --quiet ${unit} || exit`),
    ...step(isRead, collectReads(name, reads, starts)),
    ...step(/^sshd?$/.test(name) && (actions.has('restart') || has('run', 'reloaded')), SSHD_ACCEPTS),
    ...step(starts, systemdManager.start({ manager: 'systemd', name, loads: [] }, 'start')),
    ...step(
      isRead && !starts,
      sh`systemctl reload-or-restart ${unit} || { journalctl --no-pager --quiet --output=cat --lines=12 --unit ${unit}; exit 1; }`,
    ),
    ...step(isRead, recordReads(name)),
  ]);
}

/** A daemon of SSH that runs, and is not to end on files that it does not take: nobody would get in any more. */
const SSHD_ACCEPTS = sh`if q_sshd=$(command -v sshd); then "$q_sshd" -t 2>&1 || { echo 'sshd refuses its configuration: it was left as it runs'; exit 1; }; fi`;

/** What would start a stopped service again: sockets that listen for it. */
const SOCKETS = sh`q_by=$(printf '%s\n' "$q_shown" | sed -n 's/^TriggeredBy=//p')
for q_unit in $q_by; do
  case $q_unit in *.socket) if systemctl --quiet is-active "$q_unit"; then echo "socket $q_unit"; fi ;; esac
done`;

/** Roles may want one service for what each of them writes: it is brought up by the first, on all of it. */
function joinedWishes(wishes: readonly WantedUnit[]): readonly WantedUnit[] | undefined {
  const [first, ...others] = wishes.map(({ reads: _, ...wish }) => wish);
  if (!others.every((one) => isSame(one, first))) return undefined;
  const reads = joinedReads(wishes.map((one) => one.reads));
  return wishes.map((wish, i) => ({ ...wish, reads: reads[i] ?? [] }));
}

/** One name for one unit; throws exit code 1 for what is none: `systemctl` would take a pattern for many. */
function checkedUnit(given: string): string {
  const name = given.replace(/\.service$/, '');
  if (/^[\w:.][\w:.@\\-]*$/.test(name) && !/@(\.\w+)?$/.test(name)) return name;
  throw new QuorateError(`${JSON.stringify(given)} is not the name of a unit that can run`, {
    exitCode: EXIT.usage,
    hint: /@/.test(name)
      ? `a template runs by the name of an instance: ${name.replace(/@.*?(?=\.\w+$|$)/, '@one')}`
      : "write it like 'nginx', or 'nginx.socket'",
  });
}

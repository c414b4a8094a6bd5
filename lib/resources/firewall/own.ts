import { is, must } from '../../dsl/options.ts';
import { noRoom } from '../../dsl/path.ts';
import { type Difference, defineResource } from '../../dsl/resource.ts';
import { joinSh, type Sh, sh } from '../../dsl/sh.ts';
import type { Guard } from '../../dsl/task.ts';
import { unitPath } from '../service/systemd.ts';
import { type FilterRule, ruleDifferences, ruleName } from './rules.ts';

/** What a table or chain of our own holds, in order, as property and value; and whether its unit is enabled. */
export type OwnEntries = readonly (readonly [property: string, value: string])[];

/** Differences between the lines of our own table and those it must have; their order counts. */
export function ownDifferences(rules: OwnEntries, observed: OwnEntries): readonly Difference[] {
  const wanted: OwnEntries = [...rules, ENABLED];
  const differences = ruleDifferences(new Map(wanted), new Map(observed));
  const inOrder = JSON.stringify(wanted) === JSON.stringify(observed);
  if (differences.length > 0 || inOrder) return differences;
  return [{ kind: 'update', property: 'runtime order', before: 'other', after: 'as in its file' }];
}

/** Rules as entries, for comparison with what a kernel printed. */
export function ruleEntries(scope: string, rules: readonly FilterRule[]): OwnEntries {
  return rules.map(({ port, from, verdict }) => [`${scope} ${ruleName(port, from)}`, verdict]);
}

/** Prints `enabled` when `unit` is loaded at boot: its link tells, and costs no process. */
export function probeEnabled(unit: string): Sh {
  return sh`if [ -L ${unitPath(`${TARGET}.wants/${unit}`)} ]; then echo enabled; fi`;
}

export function enabledEntry(line: string): OwnEntries[number] | undefined {
  return line === 'enabled' ? ENABLED : undefined;
}

/**
 * Loads the table from its file, now and at boot. A reload is one transaction, without a gap. `enable` has
 * systemd read all units again, also where there is nothing to enable.
 */
export function reloadUnit(unit: string): Sh {
  return sh`systemctl enable --quiet ${unit} && systemctl reload-or-restart ${unit} && exit 0
journalctl --no-pager --output=cat --lines=8 --unit ${unit}
exit 1`;
}

/** Goes back to the files that were there, and to what they load: to nothing of ours where there were none. */
export function ownGuard(unit: string, rulesFile: string): Guard {
  const files = [rulesFile, unitPath(unit)];
  return {
    save: sh`for q_path in ${files}; do
  if [ -f "$q_path" ]; then cp -p -- "$q_path" "$q_guard/\${q_path##*/}" || exit 1; fi
done`,
    undo: () => sh`if [ ! -f "$q_guard/"${unit} ]; then
  systemctl disable --quiet --now ${unit}
  rm -f -- ${files}
  systemctl daemon-reload
else
  for q_path in ${files}; do
    q_kept=$q_guard/\${q_path##*/}
    if [ -f "$q_kept" ]; then cp -p -- "$q_kept" "$q_path.back" && mv -f -- "$q_path.back" "$q_path"; fi
  done
  systemctl daemon-reload
  systemctl reload-or-restart ${unit}
fi`,
  };
}

export interface OwnFirewallUnit {
  /** The service whose ports are filtered. */
  readonly name: string;
  /** Absolute command lines. */
  readonly start: string;
  readonly stop: string;
  /** Must be mounted. */
  readonly rulesFile: string;
}

/**
 * A unit that loads our rules before there is a network. Services that load a ruleset of their own flush
 * everything first: ours follow them, whenever they restart.
 */
export function ownFirewallUnit({ name, start, stop, rulesFile }: OwnFirewallUnit): string {
  const others = 'nftables.service iptables.service ip6tables.service netfilter-persistent.service';
  return [
    '[Unit]',
    `Description=Who may reach the ports of ${name}`,
    'DefaultDependencies=no',
    `RequiresMountsFor=${rulesFile}`,
    `After=local-fs.target ${others}`,
    `Before=network-pre.target ${name}.service shutdown.target`,
    'Wants=network-pre.target',
    'Conflicts=shutdown.target',
    `PartOf=${others}`,
    `ReloadPropagatedFrom=${others}`,
    '',
    '[Service]',
    'Type=oneshot',
    'RemainAfterExit=yes',
    `ExecStart=${start}`,
    `ExecReload=${start}`,
    `ExecStop=${stop}`,
    '',
    '[Install]',
    `WantedBy=${TARGET}`,
    '',
  ].join('\n');
}

export interface NoOwnFirewallOptions {
  /** Files of ours that must be gone. */
  readonly paths: readonly string[];
}

/**
 * No rules left of a table or chain of our own that another firewall has taken over from. The unit is stopped,
 * which takes its rules away, if it is what loads the files that go: it may load the rules in force by now.
 */
export const noOwnFirewall = defineResource<
  NoOwnFirewallOptions,
  NoOwnFirewallOptions & { readonly unit: string },
  readonly (readonly [path: string, use: string])[]
>({
  kind: 'no-own-firewall',
  options: { paths: must(is.list(is.text)) },
  complete: (unit, options) => ({ unit, ...options }),
  name: ({ unit }) => unit,
  title: () => 'no rules of a former firewall are left',
  probe: ({ unit, paths }) => sh`for q_path in ${paths}; do
  [ -e "$q_path" ] || continue
  if [ -d "$q_path" ]; then echo "directory $q_path"; continue; fi
  # What systemd has loaded counts, whatever the unit's file says by now.
  case "$(systemctl show -p ExecStart ${unit}) "${unitPath(unit)} in
    *"$q_path"*) echo "loaded $q_path" ;; *) echo "present $q_path" ;;
  esac
done`,
  parse: (reading) =>
    reading.out.split('\n').flatMap((line) => {
      const [, use = '', path = ''] = /^(\w+) (.+)$/.exec(line) ?? [];
      return path === '' ? [] : [[path, use] as const];
    }),
  diff: (_desired, there) =>
    there.map(([property, before]) => {
      if (before === 'directory') throw noRoom(property, 'file', 'a directory');
      return { kind: 'remove', property, before, after: null };
    }),
  apply: ({ unit }, changes) =>
    joinSh([
      ...(changes.some(({ before }) => before === 'loaded')
        ? [sh`systemctl disable --quiet --now ${unit} 2>/dev/null`]
        : []),
      sh`rm -f -- ${changes.map(({ property }) => property)} && systemctl daemon-reload`,
    ]),
});

const ENABLED = ['permanent', 'enabled'] as const;
const TARGET = 'multi-user.target';

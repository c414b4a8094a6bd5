import { parsePath, requireRoom } from '../../dsl/path.ts';
import type { Difference } from '../../dsl/resource.ts';
import { MARK, partsOf, type Read } from '../../dsl/shell/probe.ts';
import { joinSh, type Sh, sh } from '../../dsl/shell/sh.ts';
import type { Change, Task } from '../../dsl/task.ts';
import type { Trace } from '../../dsl/trace/trace.ts';
import type { World } from '../../dsl/world/world.ts';
import { file } from '../file.ts';
import { unitPath } from '../service/systemd.ts';
import { iptables } from './iptables.ts';
import type { TableName } from './means.ts';
import { nftables } from './nftables.ts';
import { entryDifferences, type Table } from './table.ts';
import type { FirewallDesired } from './wish.ts';

/** What was read of a table of our own. */
export interface SeenTable {
  /** What `q_table` named has in the kernel. */
  readonly out: string;
  /** What the looks at each of its files printed. */
  readonly files: readonly string[];
  readonly enabled: boolean;
}

interface OwnFile {
  /** The table whose rules it has; undefined: the unit that loads them. */
  readonly of: TableName | undefined;
  readonly path: string;
  readonly task: Task;
}

const TABLES: Readonly<Record<TableName, Table>> = { nftables, iptables };
const NAMES = ['nftables', 'iptables'] as const;

/** Paths of the rules by either means that may be chosen, and of the unit. */
export function pathsOf(desired: FirewallDesired): readonly string[] {
  const { backend, unit } = desired;
  const chosen = NAMES.filter((name) => name === backend);
  const names = chosen.length > 0 ? chosen : NAMES;
  return [...names.map((name) => rulesPath(desired, name)), unitPath(unit)];
}

/** Looks at its files, each in as many parts. */
export function fileReads(desired: FirewallDesired): readonly (readonly Read[])[] {
  return filesOf(desired).map(({ task: { probe } }) => (probe && 'reads' in probe ? probe.reads : []));
}

/** Shell that prints what the table that `q_table` names has, and `enabled` when its unit is loaded at boot: its link tells. */
export function probeTable({ name, unit }: FirewallDesired): Sh {
  const cases = NAMES.map((one) => sh`${one}) ${TABLES[one].probe(name)} ;;`);
  return sh`case $q_table in
${joinSh(cases)}
esac
if [ -L ${bootLink(unit)} ]; then echo enabled; fi`;
}

/** Finds in what was printed the table, and its files among the parts of the looks. */
export function parseTable(desired: FirewallDesired, out: string, parts: readonly string[]): SeenTable {
  const all = fileReads(desired);
  const files = all.map((reads, i) => {
    const before = all.slice(0, i).flat().length;
    return parts.slice(before, before + reads.length).join(`\n${MARK}\n`);
  });
  return { out: out.replace(/^enabled$/m, ''), files, enabled: /^enabled$/m.test(out) };
}

/** How what is there differs from a table of ours by these means, or from none. */
export function tableDifferences(
  desired: FirewallDesired,
  means: TableName | undefined,
  seen: SeenTable,
  world: World,
): readonly Difference[] {
  const files = filesOf(desired).flatMap((one, i): readonly Difference[] => {
    const out = seen.files[i] ?? '';
    const isWanted = means !== undefined && (one.of ?? means) === means;
    return isWanted ? written(one, one.task.diff({ code: 0, out }, world)) : unwanted(one, out, world);
  });
  if (means === undefined) {
    const disabled = { kind: 'remove', property: 'permanent', before: 'enabled', after: null } as const;
    return [...files, ...(seen.enabled ? [disabled] : [])];
  }
  const { wanted, there } = TABLES[means].compare(desired, seen.out);
  const enabled = seen.enabled ? [ENABLED] : [];
  return [...files, ...entryDifferences([...wanted, ENABLED], [...there, ...enabled])];
}

const ENABLED = ['permanent', 'enabled'] as const;

function written({ path }: OwnFile, changes: readonly Change[]): readonly Difference[] {
  return changes.map(({ resource: _, ...change }) => ({ ...change, property: `${path} ${change.property}` }));
}

function unwanted({ path }: OwnFile, looks: string, world: World): readonly Difference[] {
  const [out = ''] = partsOf(looks);
  const found = world.path(path).over(parsePath({ code: 0, out }));
  requireRoom(path, 'file', found);
  if (found === undefined) return [];
  world.path(path).willBeAbsent();
  return [{ kind: 'remove', property: path, before: 'present', after: null }];
}

/**
 * Writes its files and loads the table from them, now and at boot. A reload is one transaction, without a gap. `enable`
 * has systemd read all units again, also where there is nothing to enable.
 */
export function changeTable(desired: FirewallDesired, changes: readonly Change[]): Sh {
  if (changes.length === 0) return sh`:`;
  const { unit } = desired;
  const files = filesOf(desired);
  const isGoing = ({ path }: OwnFile) => changes.some(({ property }) => property === path);
  const gone = files.filter(isGoing);
  const ends = gone.some(({ of }) => of === undefined) || changes.some(isDisabling);
  return joinSh([
    ...(ends ? [stopped(unit)] : []),
    ...gone.map((one) => takenAway(desired, one)),
    ...files.map((one) => rewritten(one, changes)),
    ends
      ? sh`systemctl daemon-reload`
      : sh`systemctl enable --quiet ${unit} && systemctl reload-or-restart ${unit} && exit 0
journalctl --no-pager --output=cat --lines=8 --unit ${unit}
exit 1`,
  ]);
}

function isDisabling({ property, kind }: Change): boolean {
  return property === 'permanent' && kind === 'remove';
}

/** Its rules go with it. */
function stopped(unit: string): Sh {
  return sh`systemctl disable --quiet --now ${unit} 2>/dev/null; rm -f -- ${bootLink(unit)}`;
}

/** The rules of a file go before it, whether the unit has loaded them or another one's. */
function takenAway({ name }: FirewallDesired, { of, path }: OwnFile): Sh {
  const stop = of && sh`[ ! -e ${path} ] || /bin/sh -c ${TABLES[of].stop(path, name)} >/dev/null 2>&1`;
  return joinSh([...(stop ? [stop] : []), sh`rm -f -- ${path}`]);
}

function rewritten(one: OwnFile, changes: readonly Change[]): Sh {
  const own = changesOf(one, changes);
  if (own.length === 0) return sh`:`;
  return sh`{ ${one.task.apply(own, {})}
} || exit 1`;
}

/** Changes as the task of a file knows them. */
function changesOf({ path }: OwnFile, changes: readonly Change[]): readonly Change[] {
  const start = `${path} `;
  return changes.flatMap((change) =>
    change.property.startsWith(start) ? [{ ...change, property: change.property.slice(start.length) }] : [],
  );
}

/** Shell that keeps its files below `$q_guard`. */
export function saveTable(desired: FirewallDesired): Sh {
  const paths = filesOf(desired).map(({ path }) => path);
  return sh`for q_path in ${paths}; do
  if [ -f "$q_path" ]; then cp -p -- "$q_path" "$q_guard/\${q_path##*/}" || exit 1; fi
done
if [ -L ${bootLink(desired.unit)} ]; then : >"$q_guard/at-boot"; fi`;
}

/** Shell that goes back to the files that were there, and to what they load: to nothing of ours where there were none. */
export function restoreTable(desired: FirewallDesired): Sh {
  const { unit } = desired;
  const back = filesOf(desired).map((one) => {
    const kept = one.path.slice(one.path.lastIndexOf('/') + 1);
    return sh`if [ -f "$q_guard"/${kept} ]; then cp -p -- "$q_guard"/${kept} ${`${one.path}.back`} && mv -f -- ${`${one.path}.back`} ${one.path}
else
${takenAway(desired, one)}
fi`;
  });
  return sh`[ -f "$q_guard"/${unit} ] || { ${stopped(unit)}; }
${joinSh(back)}
systemctl daemon-reload
[ ! -f "$q_guard/at-boot" ] || systemctl enable --quiet ${unit}
[ ! -f "$q_guard"/${unit} ] || systemctl reload-or-restart ${unit}`;
}

/** What is left over of it on a host where no role declares it any more. */
export function tableTraces(desired: FirewallDesired, changes?: readonly Change[]): readonly Trace[] {
  const begins = changes?.some(({ property, kind }) => property === 'permanent' && kind === 'create') ?? true;
  const files = filesOf(desired).flatMap(
    (one) => one.task.traces?.(changes && changesOf(one, changes)) ?? [],
  );
  return [...(begins ? [{ kind: 'unit', name: desired.unit } as const] : []), ...files];
}

function filesOf(desired: FirewallDesired): readonly OwnFile[] {
  const { name, ports, unit } = desired;
  const own = (of: TableName | undefined, path: string, content: string): OwnFile => ({
    of,
    path,
    task: file(path, { content, mode: '0644', owner: 'root', group: 'root' }),
  });
  return [
    ...NAMES.map((of) => own(of, rulesPath(desired, of), TABLES[of].file(name, ports))),
    own(undefined, unitPath(unit), unitText(desired)),
  ];
}

function rulesPath({ rulesFile }: FirewallDesired, name: TableName): string {
  return `${rulesFile}.${name}`;
}

function bootLink(unit: string): string {
  return unitPath(`${TARGET}.wants/${unit}`);
}

const TARGET = 'multi-user.target';

/**
 * A unit that loads our rules before there is a network, by whichever means they are there for. Services that load a
 * ruleset of their own flush everything first: ours follow them, whenever they restart.
 */
export function unitText(desired: FirewallDesired): string {
  const { name } = desired;
  const others = 'nftables.service iptables.service ip6tables.service netfilter-persistent.service';
  const [nft, chain] = NAMES.map((one) => rulesPath(desired, one)) as [string, string];
  const either = (verb: (table: Table, path: string) => string) =>
    `/bin/sh -c "if [ -e ${nft} ]; then ${verb(nftables, nft)}; fi; ${verb(iptables, chain)}"`;
  const start = either((table, path) => table.start(path));
  return [
    '[Unit]',
    `Description=Who may reach the ports of ${name}`,
    'DefaultDependencies=no',
    `RequiresMountsFor=${nft}`,
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
    `ExecStop=${either((table, path) => table.stop(path, name))}`,
    '',
    '[Install]',
    `WantedBy=${TARGET}`,
    '',
  ].join('\n');
}

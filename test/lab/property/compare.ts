import type { Change } from '../../../lib/dsl/task.ts';
import type { TaskEvent } from '../support/playbook.ts';
import type { Layout } from './settings.ts';
import { differences, type Snapshot } from './snapshot.ts';

/** What a predicted change says about a host, in the words of a snapshot. */
interface Prediction {
  /** Things that may become different. */
  readonly covers: readonly string[];
  /** Things that must have these values, before and after; undefined is absent, and what is not said is not known. */
  readonly values?: readonly { readonly thing: string; readonly before?: Value; readonly after?: Value }[];
  /** Of these at least one must become different. */
  readonly moves?: readonly string[];
}

/** In a list, to tell absent from unknown. */
type Value = readonly [string | undefined];

type Snapshots = ReadonlyMap<string, Snapshot>;

/** What became different on hosts without a word of it in the check. */
export function surprises(
  predicted: readonly TaskEvent[],
  before: Snapshots,
  after: Snapshots,
  layout: Layout,
): readonly string[] {
  return [...before].flatMap(([host, was]) => {
    const is = after.get(host) ?? new Map();
    const covered = predictionsOf(predicted, host, layout).flatMap(({ covers }) => covers);
    const isCovered = (thing: string) =>
      covered.some((one) => thing === one || (one.endsWith('*') && thing.startsWith(one.slice(0, -1))));
    return differences(was, is)
      .filter((thing) => !isCovered(thing))
      .map((thing) => `${host}: not predicted: ${thing}: ${show(was.get(thing))} → ${show(is.get(thing))}`);
  });
}

/** What was predicted as certain, and was not so before or did not become so. */
export function broken(
  predicted: readonly TaskEvent[],
  before: Snapshots,
  after: Snapshots,
  layout: Layout,
): readonly string[] {
  return [...before].flatMap(([host, was]) => {
    const is = after.get(host) ?? new Map();
    const certain = predictionsOf(predicted, host, layout).filter(
      ({ change }) => change.certainty === 'certain',
    );
    return certain.flatMap(({ change, values = [], moves }) => {
      const isWrong = (seen: Snapshot, thing: string, value: Value | undefined) =>
        value !== undefined && !same(value[0], seen.get(thing));
      const differ = values.flatMap(({ thing, before: first, after: last }) => [
        ...(isWrong(was, thing, first) ? [`was ${show(was.get(thing))}, predicted ${show(first?.[0])}`] : []),
        ...(isWrong(is, thing, last) ? [`is ${show(is.get(thing))}, predicted ${show(last?.[0])}`] : []),
      ]);
      const moved = moves?.some((thing) => was.get(thing) !== is.get(thing)) ?? true;
      return [...differ, ...(moved ? [] : ['predicted, and nothing became different'])].map(
        (problem) => `${host}: ${change.resource} ${change.property}: ${problem}`,
      );
    });
  });
}

function predictionsOf(
  predicted: readonly TaskEvent[],
  host: string,
  layout: Layout,
): readonly (Prediction & { readonly change: Change })[] {
  const changes = predicted.filter((task) => task.host === host).flatMap((task) => task.changes);
  return changes.map((change) => {
    const [, kind = '', name = ''] = /^([^:]*):(.*)$/s.exec(change.resource) ?? [];
    return { change, ...(BY_KIND[kind]?.(change, name, layout) ?? { covers: [] }) };
  });
}

const ownership = (path: string, property: string, { before, after }: Change): Prediction => {
  const thing = `${path} ${property}`;
  return { covers: [thing], values: [{ thing, before: [before ?? undefined], after: [after ?? undefined] }] };
};

/** A whole thing at a path comes, goes or is replaced. */
const whole = (path: string): readonly string[] => [`${path} *`];

const content = (path: string, { kind, before, after }: Change): Prediction => {
  const thing = `${path} content`;
  if (kind === 'create') {
    return {
      covers: whole(path),
      values: [
        {
          thing: `${path} type`,
          before: [before ?? undefined],
          after: ['file'],
        },
        ...(after === null || after === 'unknown' ? [] : [{ thing, after: [after] as const }]),
      ],
    };
  }
  const known = (value: string | null): Value | undefined =>
    value?.startsWith('sha256:') ? [value] : undefined;
  const [was, is] = [known(before), known(after)];
  return { covers: [thing], values: [{ thing, ...(was && { before: was }), ...(is && { after: is }) }] };
};

const FIREWALL = ['firewall rules', 'firewall unit', 'firewall active'];

const BY_KIND: Readonly<Record<string, (change: Change, name: string, layout: Layout) => Prediction>> = {
  file: (change, path) =>
    change.property === 'content' ? content(path, change) : ownership(path, change.property, change),
  directory: (change, path) =>
    change.property === 'type'
      ? {
          covers: whole(path),
          values: [{ thing: `${path} type`, before: [change.before ?? undefined], after: ['directory'] }],
        }
      : ownership(path, change.property, change),
  release: (change, directory, { state }) => {
    const record = [`${state}/release *`];
    if (change.property === 'version') {
      return {
        covers: [
          ...record,
          ...['etcd', 'etcdctl', 'etcdutl'].flatMap((name) => whole(`${directory}/${name}`)),
        ],
      };
    }
    const [name = '', property] = change.property.split(' ');
    const path = `${directory}/${name}`;
    const one = property === undefined ? content(path, change) : ownership(path, property, change);
    return { ...one, covers: [...one.covers, ...record] };
  },
  certificate: (change, path, { state }) => {
    const directory = path.slice(0, path.lastIndexOf('/'));
    const [name = '', property] = change.property.split(' ');
    if (property !== undefined) return ownership(`${directory}/${name}`, property, change);
    const key = path.replace('.pem', '-key.pem');
    // The two belong together: one may take the other along.
    const created = change.kind === 'create' ? whole(`${directory}/${name}`) : [];
    return {
      covers: [`${path} content`, `${key} content`, `${state}/issued *`, ...created],
      moves: [`${path} content`, `${key} content`, `${state}/issued content`],
    };
  },
  firewall: (change) => {
    const [, path, property] = /^(\/\S+)(?: (\w+))?$/.exec(change.property) ?? [];
    if (path === undefined) return { covers: FIREWALL, moves: FIREWALL };
    if (property === 'content') return content(path, change);
    if (property !== undefined) return ownership(path, property, change);
    return {
      covers: [...whole(path), ...FIREWALL],
      values: [{ thing: `${path} type`, after: [undefined] }],
    };
  },
  'firewall-off': () => ({ covers: FIREWALL, moves: FIREWALL }),
  service: ({ kind, property }, name) => {
    const [state, pid] = [`${name} ActiveState`, `${name} MainPID`];
    if (kind === 'start')
      return { covers: [state, pid], values: [{ thing: state, after: ['active'] }], moves: [pid] };
    if (kind === 'restart')
      return {
        covers: [pid],
        values: [{ thing: state, before: ['active'], after: ['active'] }],
        moves: [pid],
      };
    if (property === 'enabled')
      return {
        covers: [`${name} UnitFileState`],
        values: [{ thing: `${name} UnitFileState`, after: ['enabled'] }],
      };
    if (property === 'bootstrap') return { covers: [`${name} bootstrap`], moves: [`${name} bootstrap`] };
    return { covers: [] };
  },
  user: ({ property, before, after }, name) => ({
    covers: [`user ${name}`],
    // What is looked at of a user is its group.
    ...(property === 'group' && {
      values: [{ thing: `user ${name}`, before: [before ?? undefined], after: [after ?? undefined] }],
    }),
  }),
  group: (_change, name) => ({
    covers: [`group ${name}`],
    values: [{ thing: `group ${name}`, before: [undefined], after: [name] }],
  }),
};

/** A check shortens digests. */
function same(predicted: string | undefined, seen: string | undefined): boolean {
  if (predicted === undefined || seen === undefined) return predicted === seen;
  if (predicted.startsWith('sha256:')) return `sha256:${seen}`.startsWith(predicted);
  return predicted === seen;
}

function show(value: string | undefined): string {
  return value === undefined ? 'absent' : value.slice(0, 24);
}

import type { LeftOver, LeftOverContext } from '../../dsl/ledger/left-over.ts';
import type { Kept } from '../../dsl/ledger/records.ts';
import { wantedPaths } from '../../dsl/paths-of.ts';
import { partsOf, probe } from '../../dsl/shell/probe.ts';
import { sh } from '../../dsl/shell/sh.ts';
import type { Change, Reading } from '../../dsl/task.ts';
import { World } from '../../dsl/world/world.ts';
import { QuorateError } from '../../errors.ts';
import { packages } from '../packages/index.ts';
import { taking } from './taking.ts';

/**
 * A package goes if no other would go with it, besides `all` that may go, and if nothing of it is declared. Its files
 * of configuration stay, as with any removal.
 */
export function leftPackage(made: Kept, context: LeftOverContext, all: readonly string[]): LeftOver {
  const { name } = made;
  const alone = packages(name, { state: 'absent' });
  const together = packages([name, ...all.filter((one) => one !== name)].join(' '), { state: 'absent' });
  const wanted = context.declared.flatMap((task) => [
    ...wantedPaths(task),
    ...(task.traces?.() ?? []).flatMap(({ kind, name: unit }) =>
      kind === 'unit' ? [`/lib/systemd/system/${unit}`, `/usr/lib/systemd/system/${unit}`] : [],
    ),
  ]);
  return taking(made, {
    probe: probe(
      [],
      sh`${alone.probe ?? sh`:`}
q_part
${together.probe ?? sh`:`}
q_part
q_wanted=$q_nl${[...new Set(wanted)].join('\n')}$q_nl
{ if command -v dpkg-query >/dev/null; then dpkg-query -L ${name}; else rpm -ql ${name}; fi; } 2>/dev/null | while IFS= read -r q_line; do
  case $q_wanted in *"$q_nl$q_line$q_nl"*) if [ ! -d "$q_line" ]; then printf 'wanted %s\n' "$q_line"; fi ;; esac
done | head -n 1`,
    ),
    judge({ code, out }, world) {
      const [own = '', both = '', used = ''] = partsOf(out);
      const bare = new World();
      const find = (task: typeof alone, part: string) => removal(task, { code, out: part }, name, bare);
      const found = [find(alone, own), find(together, both)];
      const change = found.find((one) => one !== undefined && !(one instanceof QuorateError));
      if (found[0] === undefined || world.package(name).state === null) return 'gone';
      const wants = /^wanted (.+)$/m.exec(used)?.[1];
      if (wants !== undefined) return { why: `${wants} of it is declared` };
      if (change !== undefined && !(change instanceof QuorateError))
        return { property: name, before: change.before };
      throw found[0];
    },
    foresee: (world) => world.package(name).willBeAbsent(),
    apply: (changes) => alone.apply(changes, {}),
  });
}

/** How the package would go; undefined where it is not installed, an error where it cannot. */
function removal(
  task: ReturnType<typeof packages>,
  reading: Reading,
  name: string,
  world: World,
): Change | QuorateError | undefined {
  try {
    return task.diff(reading, world).find(({ property }) => property === name);
  } catch (error) {
    if (error instanceof QuorateError) return error;
    throw error;
  }
}

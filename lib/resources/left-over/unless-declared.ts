import type { declaredBy } from '../../dsl/ledger/declared.ts';
import type { LeftOver, LeftOverContext, Verdict } from '../../dsl/ledger/left-over.ts';
import type { Reading } from '../../dsl/task.ts';
import type { PerNames } from '../../dsl/world/per-names.ts';
import type { World } from '../../dsl/world/world.ts';

type Declared = ReturnType<typeof declaredBy>;

/**
 * Leaves alone what a role declares by another name: a path by way of a link of the host, a unit by an alias. It stays on
 * record as it is, to be taken away once that name is gone as well. What others need by another name goes from ours.
 */
export function unlessDeclared(
  left: LeftOver,
  { declared, isForeign }: Pick<LeftOverContext, 'isForeign'> & { readonly declared: PerNames<Declared> },
): LeftOver {
  const { made, task } = left;
  const judge = (reading: Reading, world: World): Verdict => {
    const [, id] = (made.kind === 'unit' && /^Id=(.+)$/m.exec(reading.out)) || [];
    if (id !== undefined) world.unitIs(made.name, id);
    // What is declared by the same name is none of these.
    if (world.hasOtherNames && declared.of(world)(made)) return { is: 'declared' };
    return isForeign?.(made, world) ? { is: 'gone' } : left.judge(reading, world);
  };
  return {
    made,
    judge,
    task: {
      ...task,
      diff(reading, world) {
        const verdict = judge(reading, world);
        return verdict.is === 'due' ? verdict.changes : [];
      },
    },
  };
}

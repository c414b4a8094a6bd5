import { declaredBy } from '../../dsl/ledger/declared.ts';
import type { LeftOver, LeftOverContext } from '../../dsl/ledger/left-over.ts';
import type { Kept } from '../../dsl/ledger/records.ts';
import { KINDS, type Trace } from '../../dsl/trace/trace.ts';
import { PerNames } from '../../dsl/world/per-names.ts';
import { leftGroup, leftUser } from './accounts.ts';
import { leftKey } from './key.ts';
import { leftLines } from './lines.ts';
import { leftPackage } from './package.ts';
import { leftDirectory, leftFile, leftLink, leftText, leftTree } from './paths.ts';
import { leftPort } from './port.ts';
import { leftUnit } from './unit.ts';
import { unlessDeclared } from './unless-declared.ts';

/** Builds what takes things of the records away: the last that was made first, what is inside a folder before it. */
export function takeAway(made: readonly Kept[], context: LeftOverContext): readonly LeftOver[] {
  const names = (kind: Trace['kind']) => made.flatMap((one) => (one.kind === kind ? [one.name] : []));
  const users = names('user');
  const paths = made.flatMap(({ kind, name }) =>
    KINDS.indexOf(kind) <= KINDS.indexOf('directory') ? [name] : [],
  );
  const builders: Readonly<Record<Trace['kind'], (one: Kept) => LeftOver>> = {
    unit: leftUnit,
    port: leftPort,
    lines: leftLines,
    key: leftKey,
    file: leftFile,
    link: leftLink,
    text: leftText,
    directory: (one) => leftDirectory(one, users),
    tree: leftTree,
    user: (one) => leftUser(one, context, paths),
    group: (one) => leftGroup(one, paths),
    package: (one) => leftPackage(one, context, names('package')),
  };
  const ordered = [...made].reverse().sort((a, b) => {
    const byKind = KINDS.indexOf(a.kind) - KINDS.indexOf(b.kind);
    return byKind === 0 && a.kind === 'directory' ? depth(b) - depth(a) : byKind;
  });
  const { isForeign } = context;
  const declared = new PerNames((world) => declaredBy(context.declared, world));
  return ordered.map((one) =>
    unlessDeclared(builders[one.kind](one), { declared, ...(isForeign && { isForeign }) }),
  );
}

function depth({ name }: Kept): number {
  return name.split('/').length;
}

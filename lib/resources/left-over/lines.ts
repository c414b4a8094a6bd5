import { inItsForm, linesOf, plainText, textOfLines } from '../../dsl/edit.ts';
import type { LeftOver } from '../../dsl/ledger/left-over.ts';
import { findLines } from '../../dsl/ledger/made.ts';
import type { Kept } from '../../dsl/ledger/records.ts';
import { parsePath, sha256 } from '../../dsl/path.ts';
import { MAX_EDITED, probe } from '../../dsl/shell/probe.ts';
import { sh } from '../../dsl/shell/sh.ts';
import { CHANGED, taking, WAS_THERE } from './taking.ts';

/** Lines of a text file go if they still stand one after the other, once; all else in the file stays. */
export function leftLines(made: Kept): LeftOver {
  const { name: path, first, count = 1, there } = made;
  return taking(made, {
    probe: probe([{ path, how: 'text', most: MAX_EDITED }]),
    judge(reading, world) {
      const found = world.path(path).over(parsePath(reading, MAX_EDITED));
      if (found === undefined) return 'gone';
      if (found.type !== 'file') return { why: `${path} is a ${found.type} now` };
      const { text } = found;
      if (text === undefined || sha256(text) !== found.sha256) return { why: `${path} is not text to edit` };
      const lines = linesOf(plainText(text));
      const places = findLines(lines, made);
      const [at] = places;
      const isBegun = lines.some((line) => sha256(`${line}\n`) === first);
      if (at === undefined) return isBegun && !there ? CHANGED : 'gone';
      if (there) return WAS_THERE;
      if (places.length > 1) return { why: `${path} has it ${places.length} times` };
      const after = inItsForm(text, () => textOfLines([...lines.slice(0, at), ...lines.slice(at + count)]));
      return {
        kind: 'update',
        property: 'text',
        before: lines[at] ?? null,
        text: { before: text, after },
      };
    },
    foresee(world, { text }) {
      const left = text?.after ?? '';
      world.path(path).willBe({ text: left, sha256: sha256(left) });
    },
    apply([change]) {
      const { before = '', after: left = '' } = change?.text ?? {};
      return sh`if [ "$(q_sha256 ${path})" != ${sha256(before)} ]; then echo ${`${path} has changed since it was read: run again`}; exit 1; fi
printf %s ${left} | q_write ${path} "$(stat -c %a -- ${path})" '' ''`;
    },
  });
}

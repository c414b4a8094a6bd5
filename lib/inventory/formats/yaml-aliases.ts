import { isAlias, isCollection, isScalar, type Node, type parseDocument, visit } from 'yaml';
import type { Problems } from '../checks/problems.ts';
import type { Place } from './yaml-problems.ts';

/** What each alias stands for: the last anchor of its name before it. */
export function aliasTargets(
  text: string,
  document: ReturnType<typeof parseDocument>,
  place: Place,
  problems: Problems,
): ReadonlyMap<Node, Node> {
  const targets = new Map<Node, Node>();
  if (!/(^|[\s,[{:-])\*/m.test(text)) return targets;
  const anchors = new Map<string, Node>();
  visit(document, {
    Node(_, node) {
      if (isAlias(node)) {
        const target = anchors.get(node.source);
        if (target) targets.set(node, target);
        else
          problems.add(
            'this alias (what follows *) stands for nothing',
            place(node.range?.[0] ?? 0),
            'its anchor (what follows &) must come first; quote a text that starts with *',
          );
      } else if ((isScalar(node) || isCollection(node)) && node.anchor) anchors.set(node.anchor, node);
    },
  });
  return targets;
}

import { commandLine } from '../command-line.ts';
import { quote } from '../dsl/shell/sh.ts';
import type { Cluster } from './model/cluster.ts';

/** Whom it is about. */
export type NamedCluster = Pick<Cluster, 'name'> & Partial<Pick<Cluster, 'hasSiblings'>>;

/**
 * A verb that takes one cluster, as the user types it: `members --replace etcd03`, with `--cluster NAME` where the
 * inventory has several. `words` are flags and their values, each quoted where it has to be.
 */
export function verbLine(
  verb: string,
  { name, hasSiblings = false }: NamedCluster,
  ...words: readonly string[]
): string {
  return [commandLine(verb), ...(hasSiblings ? ['--cluster', name] : []), ...words].map(word).join(' ');
}

/** The command line itself is marked, not yet written. */
function word(text: string, i: number): string {
  return i === 0 ? text : quote(text);
}

import { MARK } from '../../../lib/dsl/shell/probe.ts';

/** What a script printed outside of an exchange, with the marks that the runner would have made of its own. */
export function marked(out: string): string {
  return out.replaceAll(/^ P /gm, MARK);
}

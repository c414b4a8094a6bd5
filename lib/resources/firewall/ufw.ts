import { alone } from '../../dsl/alone.ts';
import { joinSh, type Sh, sh } from '../../dsl/sh.ts';
import type { Change } from '../../dsl/task.ts';
import type { FirewallBackend } from './backend.ts';
import { canonicalNetwork } from './network.ts';
import { reversible, ruleDifferences, ruleName } from './rules.ts';

/**
 * Rules of ufw, as it keeps them in `user.rules`. One `ufw` command changes file and kernel; what ufw does
 * with the rest is its default policy. `2380/any` is a rule for TCP and UDP both.
 */
export const ufwBackend: FirewallBackend<readonly string[]> = {
  probe: () => sh`for q_file in /etc/ufw/user.rules /etc/ufw/user6.rules; do
  if [ -e "$q_file" ]; then cat "$q_file" || exit 1; fi
done`,

  parse: (reading) => [...new Set(reading.out.split('\n').flatMap(parseTuple))],

  diff({ ports }, observed) {
    const wanted = ports.flatMap(({ port, sources }) =>
      (sources === 'any' ? ['any'] : sources).map((from) => ruleName(port, from)),
    );
    const there = observed.filter((name) => ports.some(({ port }) => name.startsWith(`${port}/`)));
    const accepted = (names: readonly string[]) => new Map(names.map((name) => [name, 'accept']));
    return ruleDifferences(accepted(wanted), accepted(there));
  },

  apply: (_desired, changes) => changeRules(changes),

  guard: () => reversible(changeRules),
};

function changeRules(changes: readonly Change[]): Sh {
  return joinSh([
    alone,
    ...changes.map(({ kind, property }) => {
      const [, port = '', protocol = '', from = ''] = /^(\d+)\/(\w+) from (\S+)$/.exec(property) ?? [];
      const verb = kind === 'remove' ? ['delete', 'allow'] : ['allow'];
      const match = protocol === 'any' ? [] : ['proto', protocol];
      return sh`ufw ${[...verb, ...match, 'from', from, 'to', 'any', 'port', port]} || exit 1`;
    }),
  ]);
}

/** `### tuple ### allow tcp 2380 0.0.0.0/0 any 10.0.52.14 in`, perhaps with a comment. */
function parseTuple(line: string): readonly string[] {
  const [, protocol, port, source = ''] =
    /^### tuple ### allow (tcp|any) (\d+) (?:0\.0\.0\.0\/0|::\/0) any (\S+) in(?: comment=\S*)?$/.exec(
      line,
    ) ?? [];
  if (port === undefined) return [];
  const from = /^(0\.0\.0\.0|::)\/0$/.test(source) ? 'any' : canonicalNetwork(source);
  return from === undefined ? [] : [`${port}/${protocol} from ${from}`];
}

import { alone } from '../../dsl/alone.ts';
import { joinSh, sh } from '../../dsl/shell/sh.ts';
import { canonicalNetwork } from './network.ts';
import { itemDifferences, ruleNames, type SharedBackend } from './rules.ts';

/**
 * Rules of ufw, as it keeps them in `user.rules`. One `ufw` command changes file and kernel; what ufw does
 * with the rest is its default policy. `2380/any` is a rule for TCP and UDP both: it stays where it lets in whom each
 * of them that is wanted is for.
 */
export const ufw: SharedBackend = {
  property: /^\d+\/\w+ from /,

  probe: () => sh`for q_file in /etc/ufw/user.rules /etc/ufw/user6.rules; do
  if [ -e "$q_file" ]; then cat "$q_file" || exit 1; fi
done`,

  diff(desired, out) {
    const observed = [...new Set(out.split('\n').flatMap(parseTuple))];
    return itemDifferences(desired, (port) => {
      const wishes = desired.ports.filter((one) => one.port === port.port).map((one) => ruleNames([one]));
      const wanted = desired.state === 'absent' ? [] : ruleNames([port]);
      const isForAll = (item: string) => wishes.every((names) => names.some((one) => forBoth(one) === item));
      return observed
        .filter(
          (item) => item.startsWith(`${port.port}/${port.protocol} `) || item.startsWith(`${port.port}/any `),
        )
        .map((item) => (isForAll(item) && wanted.find((one) => forBoth(one) === item)) || item);
    });
  },

  apply: (changes) =>
    joinSh([
      alone,
      ...changes.map(({ kind, property }) => {
        const [, port = '', protocol = '', from = ''] = /^(\d+)\/(\w+) from (\S+)$/.exec(property) ?? [];
        const verb = kind === 'remove' ? ['delete', 'allow'] : ['allow'];
        const match = protocol === 'any' ? [] : ['proto', protocol];
        return sh`ufw ${[...verb, ...match, 'from', from, 'to', 'any', 'port', port]} || exit 1`;
      }),
    ]),
};

/** What the rule would be called if it were for TCP and UDP. */
function forBoth(name: string): string {
  return name.replace(/\/\w+/, '/any');
}

/** `### tuple ### allow tcp 2380 0.0.0.0/0 any 10.0.52.14 in`, perhaps with a comment. */
function parseTuple(line: string): readonly string[] {
  const [, protocol, port, source = ''] =
    /^### tuple ### allow (tcp|udp|any) (\d+) (?:0\.0\.0\.0\/0|::\/0) any (\S+) in(?: comment=\S*)?$/.exec(
      line,
    ) ?? [];
  if (port === undefined) return [];
  const from = /^(0\.0\.0\.0|::)\/0$/.test(source) ? 'any' : canonicalNetwork(source);
  return from === undefined ? [] : [`${port}/${protocol} from ${from}`];
}

import { alone } from '../../dsl/alone.ts';
import { joinSh, sh } from '../../dsl/shell/sh.ts';
import { type Denial, itemDifferences, ruleNames, type SharedBackend } from './rules.ts';
import { isAll, parseTuple, reach, type UfwTuple } from './ufw-tuple.ts';
import type { PortWish } from './wish.ts';

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
    const observed = [...new Set(out.split('\n').flatMap((line) => entryOf(parseTuple(line))))];
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

  denial: denialOf,

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

/** The entry that an `allow` for one port is, which our wish decides about. */
function entryOf(tuple: UfwTuple | undefined): readonly string[] {
  if (tuple?.action !== 'allow' || tuple.isLogged || tuple.isNarrow) return [];
  const { protocol, ports, source } = tuple;
  if (!/^(tcp|udp|any)$/.test(protocol) || !/^\d+$/.test(ports) || source === undefined) return [];
  return [`${ports}/${protocol} from ${isAll(source) ? 'any' : source}`];
}

/** The first rule that decides about packets from a source, where it shuts out all of them. */
function denialOf(port: PortWish, from: string, out: string): Denial | undefined {
  const wanted = ruleNames([port]).flatMap((name) => [name, forBoth(name)]);
  for (const tuple of out.split('\n').flatMap((line) => parseTuple(line) ?? [])) {
    const far = reach(tuple, port, from);
    if (far === 'none') continue;
    if (tuple.action === 'allow' || tuple.action === 'limit') {
      const entries = entryOf(tuple);
      // Entries for others at this port go.
      if (entries.length === 0 || entries.some((one) => wanted.includes(one))) return undefined;
    } else if (far === 'all') {
      const { action, ports, protocol, source } = tuple;
      const who = isAll(from) ? 'any' : from;
      return {
        rule: `${action} ${ports}/${protocol} from ${isAll(source) ? 'any' : source}`,
        hint: "'ufw status numbered' shows it: take it out, or let them in before it: ",
        before: `ufw prepend allow proto ${port.protocol} from ${who} to any port ${port.port}`,
      };
    }
  }
  return undefined;
}

import type { Lab } from '../support/lab.ts';
import { type Layout, managedPaths } from './settings.ts';

/** What can be seen of a host from outside of a run: `/opt/etcd/bin mode` → `0755`. Absent things have no entry. */
export type Snapshot = ReadonlyMap<string, string>;

/** Looks at all hosts, for everything that runs manage. */
export async function snapshots(
  lab: Lab,
  layouts: readonly Layout[],
): Promise<ReadonlyMap<string, Snapshot>> {
  const script = layouts.map(look).join('\n');
  const seen = await Promise.all(
    lab.hosts.map(async ({ name }) => [name, parse((await lab.ssh(name, script)).stdout)] as const),
  );
  return new Map(seen);
}

/** What is not equal in two snapshots of a host, times left out. */
export function differences(before: Snapshot, after: Snapshot): readonly string[] {
  return [...new Set([...before.keys(), ...after.keys()])].filter(
    (key) => before.get(key) !== after.get(key) && !key.endsWith('Monotonic'),
  );
}

/** Members that were running and were restarted while another one was not back yet. */
export function restartedTogether(
  before: ReadonlyMap<string, Snapshot>,
  after: ReadonlyMap<string, Snapshot>,
  service: string,
): readonly string[] {
  const restarts = [...after].flatMap(([host, now]) => {
    const was = before.get(host) ?? new Map();
    const restarted = was.get(`${service} MainPID`) !== now.get(`${service} MainPID`);
    if (was.get(`${service} ActiveState`) !== 'active' || !restarted) return [];
    const time = (what: string) => Number(now.get(`${service} ${what}TimestampMonotonic`));
    return { host, down: time('ActiveExit'), up: time('ActiveEnter') };
  });
  const inOrder = restarts.sort((a, b) => a.down - b.down);
  return inOrder.flatMap(({ host, down }, i) => {
    const last = inOrder[i - 1];
    return last && down < last.up ? [`${host} was restarted before ${last.host} was back`] : [];
  });
}

/** The script says each thing as `name<TAB>value`. */
function look(layout: Layout): string {
  const { service, user, group } = layout;
  const tab = '\\t';
  return `export LC_ALL=C
for p in ${managedPaths(layout).join(' ')}; do
  [ -e "$p" ] || [ -L "$p" ] || continue
  stat --printf '%n type${tab}%F${tab}%n mode${tab}%a${tab}%n owner${tab}%U${tab}%n group${tab}%G\\n' "$p"
  if [ -f "$p" ] && [ ! -L "$p" ]; then printf '%s content${tab}%s\\n' "$p" "$(sha256sum <"$p" | cut -c1-64)"; fi
done
systemctl show -p ActiveState -p MainPID -p UnitFileState -p ActiveExitTimestampMonotonic -p ActiveEnterTimestampMonotonic ${service} | sed 's/^/${service} /;s/=/${tab}/'
if [ -e /run/quorate-${service}.env ]; then printf '${service} bootstrap${tab}present\\n'; fi
printf 'user ${user}${tab}%s\\n' "$(id -gn ${user} 2>/dev/null)"
printf 'group ${group}${tab}%s\\n' "$(getent group ${group} | cut -d: -f1)"
printf 'firewall rules${tab}%s\\n' "$({ nft list ruleset; cat /etc/firewalld/zones/*.xml; } 2>/dev/null | sed 's/counter packets [0-9]* bytes [0-9]*//' | sha256sum | cut -c1-64)"
printf 'firewall unit${tab}%s\\n' "$(ls ${'/etc/systemd/system/multi-user.target.wants'}/${service}-firewall.service 2>/dev/null)"
printf 'firewall active${tab}%s\\n' "$(systemctl is-active firewalld)"`;
}

function parse(out: string): Snapshot {
  const entries = out.split('\n').flatMap((line) => {
    const fields = line.split('\t');
    return Array.from({ length: Math.floor(fields.length / 2) }, (_, i) => {
      const [name = '', value = ''] = fields.slice(i * 2, i * 2 + 2);
      return [name, plain(name, value)] as const;
    });
  });
  return new Map(entries.filter(([, value]) => value !== ''));
}

/** As a check says it. */
function plain(name: string, value: string): string {
  if (name.endsWith(' mode')) return value.padStart(4, '0');
  return name.endsWith(' type')
    ? value.replace(/^regular.*/, 'file').replace('symbolic link', 'link')
    : value;
}

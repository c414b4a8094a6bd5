import type { Lab, LabHost } from '../support/lab.ts';
import { on } from './hosts.ts';

/** What a run may leave its marks on: paths, accounts, units, and the rules of the host's firewall. */
export interface Traces {
  readonly entries: ReadonlySet<string>;
  readonly rules: string;
}

/** Of the kernel, of systemd and of logins; and what others keep of a change that was taken back. */
const NOT_OURS = [
  '/dev /home /proc /root /run/dbus /run/lock /run/log /run/sshd /run/sudo /run/systemd /run/udev /run/user /sys',
  '/tmp /var/cache /var/lib/sudo /var/lib/systemd /var/log /var/tmp /etc/firewalld/zones /run/xtables.lock',
  // The lock of tools that look first and lock later: like theirs it stays until the next boot.
  '/run/ufw.lock /run/motd.dynamic /run/quorate.lock',
]
  .join(' ')
  .split(' ');

const LIST = `find / /run -xdev \\( ${NOT_OURS.map((path) => `-path ${path}`).join(' -o ')} \\) -prune -o -printf '%y %p\\n'
getent passwd
getent group
systemctl list-unit-files --no-legend --no-pager | awk '$1 !~ /scope$/ { print "unit " $1 }'
systemctl list-units --all --plain --no-legend --no-pager | awk '$1 ~ /^(etcd|two)/ { print "loaded " $1 }'
echo ==
nft --stateless list ruleset`;

export async function tracesOf(lab: Lab, host: LabHost): Promise<Traces> {
  const [entries = '', rules = ''] = (await on(lab, host, LIST)).split('\n==');
  return { entries: new Set(entries.split('\n')), rules: rules.trim() };
}

/** What is there now and was not before. */
export function leftBehind(before: Traces, after: Traces, { rules = true } = {}): readonly string[] {
  const entries = [...after.entries].filter((entry) => !before.entries.has(entry));
  return [...entries, ...(rules && before.rules !== after.rules ? ['other firewall rules'] : [])];
}

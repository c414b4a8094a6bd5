import type { Lab, LabHost } from '../support/lab.ts';
import { hasBastion, type MatrixCase } from './dimensions.ts';
import { hostsLines } from './topology.ts';

/** sshd of every host listens here, too, so that `Port` in ~/.ssh/config has to be heeded. */
export const SECOND_PORT = 2222;

/** The account that a case logs in as: `admin` may do all with sudo, `ops` with its password (`rootfs.ts`). */
export function loginOf({ login }: MatrixCase): string {
  return { root: 'root', sudo: 'admin', 'sudo-password': 'ops' }[login];
}

/** Runs a shell script as root on a host, whatever its logins look like; it must succeed. */
export async function on(lab: Lab, { name }: LabHost, script: string): Promise<string> {
  const { code, stdout, stderr } = await lab.enter(name, script, { timeoutMs: 60_000 });
  if (code === 0) return stdout.trim();
  throw new Error(`${name}: exit status ${code} of: ${script}\n${stdout}${stderr}`);
}

/** Makes bare hosts what the case wants them to be, and cuts the direct way to them where there is a bastion. */
export async function prepareHosts(lab: Lab, choice: MatrixCase, hosts: readonly LabHost[]): Promise<void> {
  await Promise.all(
    hosts.map((host, i) =>
      on(
        lab,
        host,
        ['set -e', knowNames(lab), SSHD, loginShell(choice, i), FIREWALLS[choice.firewall]].join('\n'),
      ),
    ),
  );
  const bastion = lab.hosts.at(-1) as LabHost;
  await on(lab, bastion, knowNames(lab));
  const ports = hasBastion(choice) ? [22, SECOND_PORT] : [];
  await lab.cut(...hosts.flatMap(({ name }) => ports.map((port) => ({ from: 'control', to: name, port }))));
}

/** Each host resolves the names of all, and its own to 127.0.1.1 as well. */
function knowNames({ hosts }: Lab): string {
  return `grep -q '\\.lab$' /etc/hosts || cat >>/etc/hosts <<'END'\n${hostsLines(hosts)}END`;
}

const SSHD = `printf 'Port 22\\nPort ${SECOND_PORT}\\nBanner /etc/issue.net\\n' >/etc/ssh/sshd_config.d/matrix.conf
systemctl reload ssh
until ss -tln | grep -q ':${SECOND_PORT} '; do sleep 0.1; done`;

function loginShell(choice: MatrixCase, index: number): string {
  const user = loginOf(choice);
  const home = user === 'root' ? '/root' : `/home/${user}`;
  const shell = (path: string) => `usermod --shell ${path} ${user}`;
  const rc = (text: string) => `printf '%s\\n' '${text}' >${home}/.bashrc`;
  return {
    bash: ':',
    banner: rc('echo "*** welcome ***"; echo "be careful" >&2; printf "no newline"'),
    slow: rc('sleep 1'),
    fish: shell('/usr/bin/fish'),
    csh: shell(index % 2 === 0 ? '/bin/bsd-csh' : '/bin/tcsh'),
  }[choice.shell];
}

const FIREWALLD = `systemctl enable --now --quiet firewalld
until firewall-cmd --state >/dev/null 2>&1; do sleep 0.1; done
firewall-cmd --quiet --add-port ${SECOND_PORT}/tcp
firewall-cmd --quiet --permanent --add-port ${SECOND_PORT}/tcp`;

/** Each lets SSH in, and has nothing for etcd yet. */
const FIREWALLS: Readonly<Record<MatrixCase['firewall'], string>> = {
  firewalld: FIREWALLD,
  ufw: `ufw allow 22/tcp >/dev/null
ufw allow ${SECOND_PORT}/tcp >/dev/null
ufw --force enable >/dev/null
systemctl enable --quiet ufw`,
  nftables: `sed -i '$a table inet mine { chain input { type filter hook input priority 10; tcp dport 9999 drop; }; }' /etc/nftables.conf
systemctl enable --now --quiet nftables`,
  iptables: `for table in iptables ip6tables; do
  $table -A INPUT -i lo -j ACCEPT
  $table -A INPUT -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT
  $table -A INPUT -p tcp -m multiport --dports 22,${SECOND_PORT} -j ACCEPT
done
iptables -A INPUT -p icmp -j ACCEPT
ip6tables -A INPUT -p ipv6-icmp -j ACCEPT
iptables -P INPUT DROP
ip6tables -P INPUT DROP`,
  inactive: ':',
  none: ':',
  disabled: FIREWALLD,
};

import { role } from '../lib/dsl/role.ts';
import { sh } from '../lib/dsl/sh.ts';
import { directory } from '../lib/resources/directory.ts';
import { file } from '../lib/resources/file.ts';
import { packages } from '../lib/resources/packages/index.ts';
import { service } from '../lib/resources/service/index.ts';
import { sysctl } from '../lib/resources/sysctl.ts';

/** What every host has, whatever it is for: the right time, sshd without passwords, updates, a journal that ends. */
export const base = role({
  name: 'base',
  description: 'the right time, sshd without passwords, updates by themselves, a journal that ends',
  vars: {
    base_time: {
      type: 'boolean',
      default: true,
      description: 'Whether the host keeps its own time; a container has that of its host.',
    },
    base_ntp_servers: {
      type: 'array',
      items: { type: 'string', pattern: '^[\\w.:-]+$' },
      default: [],
      description: 'Where the time comes from; the distribution’s own servers when empty.',
    },
    base_journal_size: {
      type: 'string',
      pattern: '^[0-9]+[KMGT]$',
      default: '500M',
      description: 'What the journal may take on the disk.',
    },
    base_sysctl: {
      type: 'object',
      default: { 'net.ipv4.tcp_syncookies': 1 },
      description: 'Values of the kernel.',
    },
    base_ssh_passwords: {
      type: 'boolean',
      default: false,
      description: 'Whether people may log in with a password.',
    },
    base_upgrades: {
      type: 'boolean',
      default: true,
      description: 'Whether security updates come by themselves (Debian and its kin).',
    },
  },
  facts: ['family'],
  tasks({ vars, facts }) {
    const debian = facts.family === 'debian';
    const sources = file(debian ? '/etc/chrony/sources.d/ours.sources' : '/etc/chrony.d/ours.conf', {
      content: vars.base_ntp_servers.map((server) => `server ${server} iburst\n`).join(''),
    });
    const servers = vars.base_ntp_servers.length > 0 ? [sources] : [];
    const chrony = debian ? 'chrony' : 'chronyd';
    const sshd = file('/etc/ssh/sshd_config.d/10-ours.conf', {
      content: `PasswordAuthentication ${vars.base_ssh_passwords ? 'yes' : 'no'}\nPermitRootLogin prohibit-password\n`,
      mode: '0600',
      validate: (path) => sh`sshd -t -f ${path}`,
    });
    const journal = file('/etc/systemd/journald.conf.d/ours.conf', {
      content: `[Journal]\nSystemMaxUse=${vars.base_journal_size}\n`,
    });
    return [
      ...(vars.base_time ? [packages('chrony'), ...servers, service(chrony, { restartOn: servers })] : []),
      sshd,
      service(debian ? 'ssh' : 'sshd', { reloadOn: [sshd] }),
      directory('/etc/systemd/journald.conf.d'),
      journal,
      service('systemd-journald', { restartOn: [journal] }),
      ...Object.entries(vars.base_sysctl).map(([key, value]) => sysctl(key, { value: String(value) })),
      ...(debian && vars.base_upgrades ? upgrades() : []),
    ];
  },
});

/** By unattended-upgrades, which takes security updates unless it is told more. */
function upgrades() {
  return [
    packages('unattended-upgrades'),
    file('/etc/apt/apt.conf.d/20auto-upgrades', {
      content: 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
    }),
  ];
}

import { role } from '../lib/dsl/role.ts';
import { sh } from '../lib/dsl/shell/sh.ts';
import { assert } from '../lib/resources/assert.ts';
import { directory } from '../lib/resources/directory.ts';
import { file } from '../lib/resources/file.ts';
import { line } from '../lib/resources/line.ts';
import { packages } from '../lib/resources/packages/index.ts';
import { service } from '../lib/resources/service/index.ts';
import { sysctl } from '../lib/resources/sysctl.ts';
import { waitFor } from '../lib/resources/wait-for.ts';

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
    base_ssh: {
      type: 'boolean',
      default: true,
      description: 'Whether sshd is set up; not where it reads no /etc/ssh/sshd_config.d.',
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
    const journal = file('/etc/systemd/journald.conf.d/ours.conf', {
      content: `[Journal]\nSystemMaxUse=${vars.base_journal_size}\n`,
    });
    return [
      ...(vars.base_ssh ? sshd(debian ? 'ssh' : 'sshd', vars.base_ssh_passwords) : []),
      ...(vars.base_time ? time(debian, vars.base_ntp_servers) : []),
      directory('/etc/systemd/journald.conf.d'),
      journal,
      service('systemd-journald', { restartOn: [journal] }),
      ...Object.entries(vars.base_sysctl).map(([key, value]) =>
        sysctl(key, { value: typeof value === 'number' ? value : String(value) }),
      ),
      ...(debian && vars.base_upgrades ? upgrades() : []),
    ];
  },
});

const DROP_INS = '/etc/ssh/sshd_config.d';

/** With PAM a password gets in by the keyboard, too, which has another name before OpenSSH 8.7. */
const NO_PASSWORDS = `PasswordAuthentication no
KbdInteractiveAuthentication no
ChallengeResponseAuthentication no
`;

/** Options whose value sshd tells, and which files may set. */
const OPTIONS =
  'PasswordAuthentication|KbdInteractiveAuthentication|ChallengeResponseAuthentication|PermitRootLogin';

/** sshd goes by the first line that it reads for an option, in whichever file: ask what it makes of all of them. */
function sshd(unit: string, passwords: boolean) {
  const conf = file(`${DROP_INS}/10-ours.conf`, {
    content: `${passwords ? 'PasswordAuthentication yes\n' : NO_PASSWORDS}PermitRootLogin prohibit-password\n`,
    mode: '0600',
    validate: (path) => sh`sshd -t -f ${path}`,
  });
  const wanted = [
    ...(passwords
      ? ['passwordauthentication yes']
      : ['passwordauthentication no', 'kbdinteractiveauthentication no']),
    'permitrootlogin (no|without-password|prohibit-password|forced-commands-only)',
  ];
  // After the first Match of a file all lines are for some people or addresses, and stand above what is for everybody.
  const begins = '[[:space:]]*[Mm][Aa][Tt][Cc][Hh][[:space:]]';
  const lets = `(${passwords ? 'PermitRootLogin' : OPTIONS})[[:space:]=]+"?yes`;
  const exceptions = sh`for q_conf in /etc/ssh/sshd_config ${DROP_INS}/*.conf; do
  grep -inE ${`^([[:space:]]*${lets}|${begins})`} "$q_conf" /dev/null 2>/dev/null | sed -n ${`/^[^:]*:[0-9]*:${begins}/,$ { /^[^:]*:[0-9]*:${begins}/!p; }`}
done`;
  const holds = sh`[ "$("$(command -v sshd)" -T 2>/dev/null | grep -ciE ${`^(${wanted.join('|')})$`})" = ${wanted.length} ]`;
  return [
    assert(`sshd reads ${DROP_INS}`, {
      that: sh`grep -qiE '^[[:space:]]*include[[:space:]=](.*[[:space:]])?"?(/etc/ssh/)?sshd_config\.d/\*' /etc/ssh/sshd_config && [ -d ${DROP_INS} ]`,
      message: `/etc/ssh/sshd_config does not include ${DROP_INS}`,
      hint: `make "Include ${DROP_INS}/*.conf" its first line (OpenSSH 8.2 and later) and make the folder; or set base_ssh: false`,
    }),
    conf,
    service(unit, { reloadOn: [conf] }),
    waitFor(`sshd lets ${passwords ? 'people' : 'nobody'} in with a password`, {
      until: sh`if ! ${holds}; then
  echo 'sshd makes something else of its files; of each option the first line counts:'
  "$(command -v sshd)" -T 2>&1 | grep -iE ${`^(${OPTIONS}) `}
  grep -inE ${`^[[:space:]]*(${OPTIONS})[[:space:]=]`} /etc/ssh/sshd_config ${DROP_INS}/*.conf
  exit 1
fi
q_exceptions=$(${exceptions})
if [ -n "$q_exceptions" ]; then
  echo 'sshd makes an exception for those of a Match block:'
  printf '%s\n' "$q_exceptions"
  exit 1
fi`,
      timeout: 2,
    }),
  ];
}

/** By chrony; elsewhere than with Debian it reads no folder of files for servers by itself. */
function time(debian: boolean, from: readonly string[]) {
  const content = from.map((server) => `server ${server} iburst\n`).join('');
  const ours = debian
    ? [file('/etc/chrony/sources.d/ours.sources', { content })]
    : [
        directory('/etc/chrony.d'),
        file('/etc/chrony.d/ours.conf', { content }),
        line('/etc/chrony.conf', {
          line: 'include /etc/chrony.d/*.conf',
          match: /^\s*(include|confdir)\s+\/etc\/chrony\.d\b/i,
        }),
      ];
  const servers = from.length > 0 ? ours : [];
  return [packages('chrony'), ...servers, service(debian ? 'chrony' : 'chronyd', { restartOn: servers })];
}

/** By unattended-upgrades, which takes security updates unless it is told more. */
function upgrades() {
  return [
    packages('unattended-upgrades'),
    file('/etc/apt/apt.conf.d/20auto-upgrades', {
      content: 'APT::Periodic::Update-Package-Lists "1";\nAPT::Periodic::Unattended-Upgrade "1";\n',
    }),
  ];
}

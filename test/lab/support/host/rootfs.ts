import { existsSync } from 'node:fs';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { cacheDir, contentKey, labsDir } from '../paths.ts';
import { debianMirror, KEYRING } from './debian.ts';
import { must } from './process.ts';

const PACKAGES = [
  'systemd',
  'systemd-sysv',
  'dbus',
  'openssh-server',
  'openssl',
  'iproute2',
  'nftables',
  'iptables',
  'sudo',
  'ca-certificates',
  'firewalld',
  'curl',
  'procps',
  // What logins and firewalls differ in.
  'csh',
  'fish',
  'tcsh',
  'ufw',
];

/**
 * Runs in the new root file system. Firewalls are enabled by their packages: whether one runs is for a test to say.
 * The masked units only cost time in a host that lives for seconds. What differs between hosts (name, machine
 * id, keys) is left out: it comes with each host's own layer.
 */
const CUSTOMISE = `set -eu
systemctl disable firewalld.service ufw.service >/dev/null 2>&1
systemctl mask apt-daily.timer apt-daily-upgrade.timer dpkg-db-backup.timer e2scrub_all.timer \\
  e2scrub_reap.service fstrim.timer systemd-networkd-wait-online.service console-getty.service \\
  getty@tty1.service user@.service >/dev/null 2>&1
rm -f /etc/ssh/ssh_host_* /etc/machine-id /etc/hostname /etc/resolv.conf
useradd --create-home --shell /bin/bash admin
useradd --create-home --shell /bin/bash --groups sudo ops
echo ops:lab-sudo-pass | chpasswd
echo 'admin ALL=(ALL:ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin
chmod 0440 /etc/sudoers.d/admin
echo 'AuthorizedKeysFile .ssh/authorized_keys /etc/ssh/lab_authorized_keys' >/etc/ssh/sshd_config.d/lab.conf
`;

/** Where the root file system of `suite` is (or will be); another recipe, another folder. */
function rootfsDir(suite: string): string {
  return join(cacheDir(), 'rootfs', `${suite}-${contentKey(...PACKAGES, CUSTOMISE)}`);
}

/** Builds the root file system that all hosts of a Debian suite share, unless it is there. */
export async function buildRootfs(suite: string, log: (line: string) => void): Promise<string> {
  const target = rootfsDir(suite);
  if (existsSync(target)) return target;
  const started = Date.now();
  log(`building the ${suite} root file system (about half a minute, once)`);
  await removeOld(suite);
  const build = `${target}.building`;
  await rm(build, { recursive: true, force: true });
  await mkdir(build, { recursive: true });
  const mirror = await debianMirror();
  await must('mmdebstrap', [
    '--quiet',
    '--variant=minbase',
    `--keyring=${KEYRING}`,
    `--include=${PACKAGES.join(',')}`,
    `--customize-hook=chroot "$1" sh -c '${CUSTOMISE.replaceAll("'", "'\\''")}'`,
    suite,
    build,
    ...(mirror === undefined ? [] : [mirror]),
  ]);
  await rename(build, target);
  log(`built ${target} in ${Math.round((Date.now() - started) / 1000)} s`);
  return target;
}

/** Removes what former recipes built, unless a running lab may stand on it. */
async function removeOld(suite: string): Promise<void> {
  const running = await readdir(labsDir()).catch(() => []);
  if (running.length > 0) return;
  const folder = join(cacheDir(), 'rootfs');
  const entries = await readdir(folder).catch(() => []);
  for (const entry of entries.filter((name) => name.startsWith(`${suite}-`))) {
    await rm(join(folder, entry), { recursive: true, force: true });
  }
}

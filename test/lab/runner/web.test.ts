import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { onHosts } from '../support/onHosts.ts';
import { changes, runPlaybook } from '../support/playbook.ts';
import { offerPackages } from '../support/releases/debPackages.ts';

const SYNCOOKIES = '/proc/sys/net/ipv4/tcp_syncookies';

describeLab('a web site behind nginx, and what every host has', () => {
  let lab: Lab;
  let groups: string;
  beforeAll(async () => {
    lab = await startLab({ name: 'web', hosts: 1 });
    await offerPackages(lab, 'etcd01', ['nginx', 'unattended-upgrades', 'chrony']);
    // A host of the lab may set the kernel's values of its own network, and no clock.
    await on(`mkdir /run/proc; mount -t proc proc /run/proc; mount --bind /run/proc/sys/net /proc/sys/net
echo 0 >${SYNCOOKIES}
mkdir -p /etc/systemd/system/chrony.service.d
printf '[Unit]\\nConditionCapability=\\n[Service]\\nExecStart=\\nExecStart=!/usr/sbin/chronyd -x\\n' >/etc/systemd/system/chrony.service.d/lab.conf`);
    groups = join(lab.stateDir, 'web.ini');
    writeFileSync(groups, '[web]\netcd01\n[web:vars]\nbase_ntp_servers=["192.0.2.1"]\n');
  });
  afterAll(async () => lab?.stop());

  const run = (...args: string[]) => runPlaybook(lab, ['-i', groups, ...args], { playbook: 'web' });
  const hosts = onHosts(() => lab);
  const on = (script: string) => hosts.on('etcd01', script);

  it('is foreseen on a bare host, made, and unchanged the second time', async () => {
    const check = await run('--check');
    expect([check.code, check.errors]).toEqual([0, []]);
    const made = await run();
    expect([made.code, made.errors]).toEqual([0, []]);
    // What earlier packages may bring is conditional in a check, and certain once they are there.
    expect(changes(check)).toEqual(changes(made));
    expect((await run('--check')).changed).toEqual([]);
    expect(await on('curl -s http://localhost/')).toContain('Put your site in its place.');
    expect(
      await on('sshd -T | grep -E "^(passwordauthentication|kbd.*authentication|permitrootlogin) "'),
    ).toBe('permitrootlogin without-password\npasswordauthentication no\nkbdinteractiveauthentication no');
    expect(await on('systemctl is-active nginx ssh systemd-journald site-backup.timer chrony')).toBe(
      Array(5).fill('active').join('\n'),
    );
    expect(await on(`chronyc -n sources; cat ${SYNCOOKIES}`)).toMatch(/192\.0\.2\.1[\s\S]*\n1$/);
  });

  it('is repaired where somebody changed it, and restarted for nothing that it has not read', async () => {
    const started = await on('systemctl show -p InvocationID --value nginx');
    await on(
      "sed -i 's/listen 80/listen 81/' /etc/nginx/conf.d/site.conf; echo mine >/srv/www/site/index.html; echo left >/srv/www/site/old; systemctl stop site-backup.timer; rm /etc/apt/apt.conf.d/20auto-upgrades; systemctl stop chrony",
    );
    const check = await run('--check');
    const repaired = await run();
    expect([repaired.code, repaired.errors]).toEqual([0, []]);
    expect(changes(check)).toEqual(changes(repaired));
    expect(new Set(repaired.changed.map(({ task }) => task))).toMatchObject({ size: 5 });
    expect(await on('curl -s http://localhost/; ls /srv/www/site')).toMatch(
      /in its place[\s\S]*\nindex\.html$/,
    );
    expect(await on('systemctl show -p InvocationID --value nginx')).toBe(started);
    expect((await run('--check')).changed).toEqual([]);
  });

  it('is not called done where an earlier file lets passwords in', async () => {
    const earlier = '/etc/ssh/sshd_config.d/01-cloud.conf';
    await on(`echo 'PasswordAuthentication yes' >${earlier}`);
    const check = await run('--check');
    expect([check.code, check.changed.map(({ task }) => task)]).toEqual([
      0,
      ['sshd lets nobody in with a password'],
    ]);
    const failed = await run();
    expect([failed.code, JSON.stringify(failed.errors)]).toEqual([
      2,
      expect.stringContaining(`${earlier}:1:PasswordAuthentication yes`),
    ]);
    await on(`rm ${earlier}`);
    expect((await run('--check')).changed).toEqual([]);
  });

  it('is backed up by the timer, and the oldest backup goes', async () => {
    await on('for i in 1 2 3 4 5 6 7 8; do touch "/var/backups/site/site-2000010${i}T000000Z.tgz"; done');
    await on('systemctl start site-backup.service');
    const left = (await on('ls /var/backups/site')).split('\n');
    expect(left).toHaveLength(7);
    expect(await on(`tar -tzf /var/backups/site/${left.at(-1)}`)).toContain('site/index.html');
  });
});

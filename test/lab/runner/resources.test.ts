import { spawnSync } from 'node:child_process';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole, itLong } from '../support/long.ts';
import { changeSet, runPlaybook } from '../support/playbook.ts';
import { debRepository } from '../support/releases/debRepository.ts';
import { RELEASE, signed } from '../support/releases/signedRepository.ts';

const hasGpg = spawnSync('gpg', ['--version']).status === 0;

/** `npm run test:resources`: each refusal by a check and by a run, and what another case has, too. */
const whole = isWhole('RESOURCES');

describeLab('resources on a real host', () => {
  let lab: Lab;
  const prepare = () =>
    // A host of the lab sees the kernel's values read-only; those of its own network may be set.
    lab.ssh(
      'etcd01',
      `mkdir /run/proc && mount -t proc proc /run/proc && mount --bind /run/proc/sys/net /proc/sys/net
# What it unpacks need not outlive a loss of power.
echo force-unsafe-io >/etc/dpkg/dpkg.cfg.d/lab`,
    );
  beforeAll(async () => {
    lab = await startLab({ name: 'resources', hosts: 1 });
    await prepare();
  });
  afterAll(async () => lab?.stop());

  const run = (name: string | undefined, ...args: string[]) =>
    runPlaybook(lab, [...(name === undefined ? [] : ['-e', `lab_case=${name}`]), ...args], {
      playbook: '../test/lab/support/resourcesPlaybook',
    });
  const on = async (command: string) => (await lab.ssh('etcd01', command)).stdout.trim();

  it('a check says what a run does, and the next one is empty', async () => {
    const check = await run('bare', '--check');
    expect([check.code, check.errors]).toEqual([0, []]);
    const made = await run('bare');
    expect([made.code, made.errors]).toEqual([0, []]);
    expect(changeSet(check)).toEqual(changeSet(made));
    expect(await on("stat -c '%U %G %a' /srv/lab/www /srv/lab/www/index.html; stat -c %a /srv/lab")).toBe(
      'lab-web lab-web 2755\nlab-web lab-web 640\n755',
    );
    expect((await run('bare', '--check')).changed).toEqual([]);
  });

  it('what hangs on a change is seen to in the same run', async () => {
    await on('echo edited >/srv/lab/www/index.html; chown bin /srv/lab/www/index.html');
    // Due when the plan was made: it is run again, as the check would say.
    const repaired = await run('bare');
    expect(repaired.changed.map(({ task, status }) => [task, status])).toEqual([
      ['/srv/lab/www/index.html has its content, mode and owner', 'changed'],
      ['the page is counted', 'changed'],
    ]);
    await on('echo 0 0 >/srv/lab/sum; echo edited >/srv/lab/www/index.html');
    const check = await run('bare', '--check');
    expect(check.changed.map(({ task, status }) => [task, status])).toEqual([
      ['/srv/lab/www/index.html has its content, mode and owner', 'changed'],
      ['the page is counted', 'changed'],
    ]);
    expect((await run('bare')).code).toBe(0);
    expect((await run('bare', '--check')).changed).toEqual([]);
  });

  it.each([
    ['masked', /lab-masked\.service is a link to a device, a file was wanted$/],
    ['read-only', /cannot make \/sys\/kernel\/lab: nothing can be written in \/sys\/kernel$/],
    ['owner', /cannot give \/srv\/lab-owner to user lab-nobody: there is none of this name$/],
  ])('%s is refused by a check as by a run', async (name, message) => {
    await on('systemctl mask --quiet lab-masked.service');
    for (const args of whole || name === 'masked' ? [['--check'], []] : [[]]) {
      const { code, errors } = await run(name, ...args);
      expect([code, errors.length]).toEqual([2, 1]);
      expect(errors[0]?.message).toMatch(message);
    }
    expect(await on('systemctl is-enabled lab-masked.service; ls /srv/lab-owner 2>/dev/null')).toBe('masked');
  });

  interface Cycle {
    readonly before: string;
    readonly look: string;
    readonly wanted: string;
    readonly drift: string;
  }
  const CYCLES: Readonly<Record<string, Cycle>> = {
    plain: {
      before:
        "printf '#Port 22\\nlast' >/etc/lab.conf; chmod 0600 /etc/lab.conf; mkdir -p /srv/lab-tree/old; : >/srv/lab-tree/old/x; printf '[Service]\\nExecStart=/bin/sleep 1000\\n[Install]\\nWantedBy=multi-user.target\\n' >/etc/systemd/system/lab-off.service; systemctl enable -q --now lab-off",
      look: [
        'cat /etc/lab.conf; stat -c %a /etc/lab.conf; grep lab.internal /etc/hosts',
        'id -nG lab-ann; getent passwd lab-ann lab-own | cut -d: -f 1,6,7; id -nG lab-own; ls -d /home/lab-ann; readlink /srv/lab-sites/now',
        "cat /home/lab-cap/.lab; stat -c '%U %G' /srv/lab-cap; readlink /srv/lab-cap/current; cat /srv/lab-cap/current/app.conf; systemctl show -p Nice -p NeedDaemonReload lab-many@one",
        'systemctl is-active lab-unit lab-many@one lab-tick.timer lab-tick; systemctl is-enabled lab-tick.timer; systemctl show -p LimitNOFILE -p NeedDaemonReload lab-unit; ls /var/log/lab-tick 2>/dev/null',
        'systemctl is-active lab-off; systemctl is-enabled lab-off',
        'cat /proc/sys/net/ipv4/tcp_rmem /etc/sysctl.d/zz-* /etc/cron.d/lab-job',
        "cd /etc; grep -v ^name yum.repos.d/lab.repo; stat -c '%U %a' yum.repos.d/lab.repo; wc -l <pki/rpm-gpg/RPM-GPG-KEY-lab",
        "stat -c '%U %a' /home/lab-dev/.ssh /home/lab-dev/.ssh/authorized_keys; cut -d' ' -f3 /home/lab-dev/.ssh/authorized_keys; sudo -l -U lab-dev | grep -o 'NOPASSWD.*'; stat -c %a /etc/sudoers.d/lab-dev",
        "cd /srv/lab-tree && find . -type f | sort | xargs cat; cat /srv/lab-tree.count; stat -c '%U %a' /opt/lab-archive/site/index.html; ls /srv/lab-tree",
        "hostname; cat /etc/hostname; findmnt -n -o FSTYPE '/mnt/lab data'; findmnt -n -o OPTIONS '/mnt/lab data' | grep -o noexec; grep -c 'lab.040data ' /etc/fstab; openssl x509 -noout -ext subjectAltName -in /etc/lab-tls/cert.pem | tail -n 1; stat -c %a /etc/lab-tls/key.pem",
      ].join('\n'),
      wanted: [
        'Port 2222\nlast\n# BEGIN ours\none\ntwo\n# END ours\n600\n10.0.52.99 lab.internal lab',
        'lab-ann sudo lab-staff\nlab-ann:/home/lab-ann:/bin/bash\nlab-own:/srv:/usr/sbin/nologin\nlab-own\n/home/lab-ann\n../lab-sites',
        'umask 077\nlab-cap lab-cap\nreleases/1\nreleased\nNice=0\nNeedDaemonReload=no',
        'active\nactive\nactive\ninactive\nenabled\nLimitNOFILE=512\nNeedDaemonReload=no',
        'inactive\ndisabled',
        '4096\t65536\t4194304\nnet/ipv4/tcp_rmem = 4096 65536 4194304\n@daily root date +\\%F',
        '[lab]\nbaseurl=file:///srv/lab-rpm/$basearch\nenabled=1\ngpgcheck=1\ngpgkey=file:///etc/pki/rpm-gpg/RPM-GPG-KEY-lab\nroot 644\n3',
        'lab-dev 700\nlab-dev 600\nlab\nNOPASSWD: /usr/bin/true\n440',
        'body\n<h1>lab</h1>\nlisten 8080;\nname a;\nname b;\nbytes 13\ngames 644\nassets\nindex.html\nsite.conf',
        'lab-renamed\nlab-renamed\ntmpfs\nnoexec\n1\n    DNS:lab.example.org\n600',
      ].join('\n'),
      drift: [
        "sed -i 's/2222/23/; s/^two/2/' /etc/lab.conf; sed -i '/lab.internal/d' /etc/hosts",
        'usermod -s /bin/sh lab-ann; gpasswd -d lab-ann lab-staff; usermod -aG games lab-own; gpasswd -d lab-own games; ln -sfn /tmp /srv/lab-sites/now',
        "rm /home/lab-cap/.lab; mkdir /srv/lab-cap/releases/0; echo released >/srv/lab-cap/releases/0/app.conf; ln -sfn releases/0 /srv/lab-cap/current; rm /srv/lab-cap/releases/1/app.conf; mkdir -p /etc/systemd/system/lab-many@.service.d; printf '[Service]\\nNice=5\\n' >/etc/systemd/system/lab-many@.service.d/old.conf",
        "sed -i s/512/256/ /etc/systemd/system/lab-unit.service.d/limits.conf; systemctl daemon-reload; systemctl restart lab-unit; sed -i 's/daily/hourly/' /etc/systemd/system/lab-tick.timer; systemctl disable -q --now lab-tick.timer",
        'systemctl enable -q --now lab-off',
        "echo '4096 65536 8388608' >/proc/sys/net/ipv4/tcp_rmem; rm /etc/cron.d/lab-job",
        'sed -i s/gpgcheck=1/gpgcheck=0/ /etc/yum.repos.d/lab.repo; rm /etc/pki/rpm-gpg/RPM-GPG-KEY-lab',
        'chmod 0755 /home/lab-dev/.ssh; echo "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJiYmJi other" >/home/lab-dev/.ssh/authorized_keys; echo "lab-dev ALL=(root) /usr/bin/false" >/etc/sudoers.d/lab-dev',
        'rm -r /srv/lab-tree/assets /opt/lab-archive/site; : >/srv/lab-tree/extra; echo edited >/srv/lab-tree/site.conf; rm /srv/lab-tree.count',
        "hostname other; mount -o remount,exec '/mnt/lab data'; echo x >/etc/lab-tls/key.pem",
      ].join('\n'),
    },
    packages: {
      // Somebody else has the packages locked when the run begins: it waits.
      before: `${debRepository}
setsid python3 -c "
import fcntl, glob, time
held = open('/var/lib/dpkg/lock-frontend', 'w')
fcntl.lockf(held, fcntl.LOCK_EX)
open('/run/lab-held', 'w')
while not glob.glob('/var/lib/quorate/*/lock.by'): time.sleep(0.1)
time.sleep(2)
" >/dev/null 2>&1 &
until [ -e /run/lab-held ]; do sleep 0.1; done`,
      look: "dpkg-query -W -f '${Package} ${Version} ${db:Status-Status}\n' lab-extra lab-site",
      wanted: 'lab-extra 1.0 installed\nlab-site 1.1-1 installed',
      drift: 'apt-get -q -y remove lab-extra && apt-get -q -y install --allow-downgrades lab-site=1.0-1',
    },
    service: {
      before: debRepository,
      look: 'systemctl is-active lab-site; systemctl is-enabled lab-site; journalctl -q -o cat -u lab-site -n 100 | grep port | tail -n 1',
      wanted: 'active\nenabled\nport 8080',
      drift: 'systemctl stop lab-site; systemctl disable lab-site',
    },
    gone: {
      before: 'ln -s /etc /srv/lab-tree/link',
      look: "dpkg-query -W -f '${db:Status-Status}\n' 'lab-*' | grep -x installed; ls -d /srv/lab-tree /opt/lab-archive 2>/dev/null; ls -d /etc/passwd; findmnt -n '/mnt/lab data'; grep lab /etc/fstab; ls -d '/mnt/lab data'",
      wanted: '/etc/passwd\n/mnt/lab data',
      drift:
        "mkdir -p /opt/lab-archive/x; mount -t tmpfs none '/mnt/lab data'; apt-get -q update && apt-get -q -y install lab-site",
    },
  };
  it.each(Object.entries(CYCLES).filter(([name]) => whole || name !== 'service'))(
    '%s: a check, a run that does what it said, nothing left to do, and what drifts is repaired',
    async (name, { before, look, wanted, drift }) => {
      await on(before);
      const found = await on(look);
      const check = await run(name, '--check');
      expect([check.code, check.errors]).toEqual([0, []]);
      expect(await on(look)).toBe(found);
      for (const made of [await run(name), undefined]) {
        if (made === undefined) await on(drift);
        const again = made ?? (await run(name, '--check'));
        const done = made ?? (await run(name));
        expect([done.code, done.errors]).toEqual([0, []]);
        expect(changeSet(made === undefined ? again : check)).toEqual(changeSet(done));
        expect(done.changed.length).toBeGreaterThan(0);
        expect(await on(look)).toBe(wanted);
        expect((await run(name, '--check')).changed).toEqual([]);
      }
    },
  );

  it('what is sent comes to a home that has been made, a volume that is mounted, and is its user’s', async () => {
    await on('mkdir -p /srv/lab-disk/db /srv/lab-volume; echo old >/srv/lab-disk/db/VERSION');
    const check = await run('sent', '--check');
    expect([check.code, check.errors]).toEqual([0, []]);
    const below = check.tasks.flatMap(({ changes }) =>
      changes.flatMap((one) => (one.resource.includes('lab-volume') ? [one.certainty] : [])),
    );
    expect(new Set(below)).toEqual(new Set(['certain', 'conditional']));
    for (const drift of [
      ':',
      'umount /srv/lab-volume; rm -r /home/lab-sent/bytes /home/lab-sent/app/site /home/lab-sent/site /home/lab-sent/key.pem',
    ]) {
      await on(drift);
      const made = await run('sent');
      expect([made.code, made.errors]).toEqual([0, []]);
      expect(await on('cat /srv/lab-disk/db/VERSION; ls /srv/lab-disk; stat -c %a /srv/lab-disk')).toBe(
        'old\nbytes\ndb\n711',
      );
      expect(await on('umount /srv/lab-volume; ls /srv/lab-volume; mount /srv/lab-volume')).toBe('');
      expect(
        await on(
          'cd /home/lab-sent; stat -c %U . .bashrc bytes app/site/index.html site/bytes cert.pem key.pem | uniq; ls -d /var/lib/quorate/*/incoming 2>/dev/null',
        ),
      ).toBe('lab-sent');
      expect((await run('sent', '--check')).changed).toEqual([]);
    }
  });

  it('rules that sudo would not take are refused by a check as by a run, alone or with the others', async () => {
    await on('echo "User_Alias LAB = root" >/etc/sudoers.d/lab-other; chmod 0440 /etc/sudoers.d/lab-other');
    for (const name of ['refused', 'alias'])
      for (const args of whole ? [['--check'], []] : [name === 'alias' ? [] : ['--check']]) {
        const { code, errors } = await run(name, ...args);
        expect([code, errors.length]).toEqual([2, 1]);
        expect(errors[0]?.message).toMatch(/is refused by its validation/);
      }
    expect(await on('ls /etc/sudoers.d; rm /etc/sudoers.d/lab-other')).not.toMatch(/lab-(bad|alias)/);
  });

  it.runIf(hasGpg)('packages come from a repository that the same run brings, by its key', async () => {
    await on(`apt-get -q -y purge lab-site lab-extra; ${debRepository}; : >/etc/apt/sources.list`);
    const release = await on(RELEASE);
    await on(`cat >/srv/lab-repo/InRelease <<'EOF'\n${signed(`${release}\n`)}EOF`);
    expect((await run('repository', '--check')).errors).toEqual([]);
    const made = await run('repository');
    expect([made.code, made.errors]).toEqual([0, []]);
    expect(await on("dpkg-query -W -f '${Version}' lab-site")).toBe('1.0-1');
    expect((await run('repository', '--check')).changed).toEqual([]);
    await on('rm -r /var/lib/apt/lists/*; sed -i s/lab-repo/other/ /etc/apt/sources.list.d/lab.sources');
    const check = await run('repository', '--check');
    expect(changeSet(check)).toEqual(changeSet(await run('repository')));
    expect((await run('repository', '--check')).changed).toEqual([]);
  });

  it('a service starts again, or reads again, exactly when it has read something else', async () => {
    await on(debRepository);
    const id = () => on('systemctl show -p InvocationID lab-site');
    const due = async (...args: string[]) =>
      (await run('service', ...args)).changed.flatMap(({ changes }) =>
        changes.flatMap(({ resource, kind, after }) =>
          resource === 'service:lab-site' ? [`${kind} ${after}`] : [],
        ),
      );
    expect((await run('service')).errors).toEqual([]);
    const first = await id();
    // A run that was killed between writing and restarting, or a person who did not restart.
    await on("sed -i 's/8080/9090/' /etc/lab-site.conf; systemctl restart lab-site");
    const second = await id();
    expect(await due()).toEqual(['restart restarted']);
    const third = await id();
    expect(new Set([first, second, third]).size).toBe(3);
    // Somebody starts it on the files as they are.
    await on('sleep 2.5; systemctl restart lab-site');
    expect(await due()).toEqual([]);
    // What it can be told to read again costs no restart.
    await on('echo other >/etc/lab-site.words');
    const fourth = await id();
    expect(await due()).toEqual(['run reloaded']);
    expect(await id()).toBe(fourth);
    // A start by hand has read a link that leads elsewhere, and what is to be absent.
    await on('ln -sfn nowhere /etc/lab-site.on; : >/etc/lab-site.off; sleep 1.2; systemctl restart lab-site');
    const fifth = await id();
    expect(await due('--check')).toEqual(['run reloaded']);
    expect(await due()).toEqual(['run reloaded']);
    expect(await id()).toBe(fifth);
    // Another version, by whoever updates the host.
    const version = "dpkg-query -W -f '${Version}' lab-site";
    const other = (await on(version)) === '1.0-1' ? '1.1-1' : '1.0-1';
    await on(`apt-get -q update && apt-get -q -y install --allow-downgrades lab-site=${other}`);
    expect(await on(version)).toBe(other);
    const updated = await due('--check');
    expect(updated).toEqual((await id()) === fifth ? ['restart restarted'] : updated);
    expect(await due()).toEqual(updated);
    expect(await due('--check')).toEqual([]);
  });

  it('what a package brings otherwise than it is wanted is made so in the same run', async () => {
    await on(
      `${debRepository}; dpkg --purge lab-extra lab-site || :; userdel lab-brought || :; rm -rf /srv/lab-brought /etc/lab-site.conf`,
    );
    const check = await run('brought', '--check');
    expect([check.code, check.errors]).toEqual([0, []]);
    const made = await run('brought');
    expect([made.code, made.errors]).toEqual([0, []]);
    expect(
      await on(
        'getent passwd lab-brought | cut -d: -f7; stat -c "%U %a" /srv/lab-brought; cat /etc/lab-site.conf; systemctl is-active lab-site',
      ),
    ).toBe('/usr/sbin/nologin\nlab-brought 750\nport 80\nuser lab-brought\nactive');
    expect((await run('brought', '--check')).changed).toEqual([]);
  });

  it('control words act on a real host', async () => {
    await on('rm -f /tmp/lab-words /srv/lab-ready /srv/lab-begun /srv/lab-moved /srv/lab-always');
    const { code, tasks, errors, recap, text } = await run('words');
    expect([code, errors]).toEqual([0, []]);
    const own = tasks.filter(({ role }) => role !== 'left over');
    expect(own.map(({ host, task, status, handled }) => [host, task, handled ?? status])).toEqual([
      ['etcd01', '/srv/lab-elsewhere has its content, mode and owner', 'skipped'],
      ['etcd01', 'as somebody else', 'changed'],
      ['etcd01', 'it hangs', 'ignored'],
      ['etcd01', '/srv/lab-moved has its content, mode and owner', 'changed'],
      ['etcd01', 'it breaks', 'rescued'],
      ['etcd01', '/srv/lab-moved is absent', 'changed'],
      ['etcd01', '/srv/lab-always has its content, mode and owner', 'changed'],
      ['etcd01', 'it is ready', 'changed'],
      ['localhost', 'control knows', 'changed'],
      ['etcd01', '/srv/lab-never has its content, mode and owner', 'skipped'],
    ]);
    expect(recap.etcd01).toMatchObject({ failed: 2, ignored: 1, rescued: 1 });
    expect(text).toContain('"event":"output"');
    expect(text).not.toContain('guten-morgen');
    expect(await on('cat /tmp/lab-words; stat -c %U /tmp/lab-words')).toBe(
      'daemon\nguten-morgen /usr/sbin\ndaemon',
    );
    // With what hung went all that it had started.
    expect(
      await on(
        'pgrep -f "sleep 777[12]" || echo none; ls /srv/lab-moved /srv/lab-never 2>/dev/null || echo gone',
      ),
    ).toBe('none\ngone');
  });

  it('what a timer runs is what was written', async () => {
    // It is there since the first cycle.
    await on('systemctl start lab-tick.service');
    expect(await on('cat /var/log/lab-tick')).toBe("42 it's 100%");
  });

  describe('what no role declares any more', () => {
    const left = (names: readonly string[]) =>
      names.filter((name) => /left|lab-extra|tcp_wmem|lab-shared|\/etc\/hosts/.test(name));
    const seen = () =>
      on(`systemctl is-active lab-left left-tick.timer; systemctl is-enabled lab-left left-tick.timer
ls -d /srv/left /srv/left/* /srv/left.note /etc/left.* /etc/systemd/system/*left* /etc/sysctl.d/*tcp_wmem* /etc/cron.d/left-job
grep left /etc/hosts; grep lab-leaver /root/.ssh/authorized_keys; id -u lab-left lab-shared; getent group lab-left lab-shared | cut -d : -f 1
dpkg-query -W -f '\${Package} \${db:Status-Status}\n' lab-extra`);

    it('is named, taken away by --prune, dependents first, and then there is nothing left', async () => {
      // Without what the tests before have made.
      await lab.reset();
      await prepare();
      await on(debRepository);
      const before = await seen();
      expect((await run('left')).errors).toEqual([]);
      expect(left((await run('left', '--check')).left)).toEqual([]);
      const check = await run('nothing', '--check', '--detailed-exitcode');
      expect([check.code, check.changed]).toEqual([0, []]);
      expect(check.left).toContainEqual(expect.stringMatching(/^key root SHA256:/));
      expect(left(check.left)).toEqual([
        'unit left-tick.timer',
        'unit lab-left.service',
        'lines /etc/hosts',
        'lines /etc/left.conf',
        'lines /etc/left.conf',
        'file /etc/cron.d/left-job',
        'file /etc/sysctl.d/zz-net-ipv4-tcp_wmem.conf',
        'file /etc/systemd/system/left-tick.timer',
        'file /etc/systemd/system/left-tick.service',
        'file /etc/systemd/system/lab-left.service.d/limits.conf',
        'file /etc/systemd/system/lab-left.service',
        'file /etc/left.mine',
        'file /srv/left/www/index.html',
        'link /srv/left/now',
        'text /etc/left.conf',
        'directory /etc/systemd/system/lab-left.service.d',
        'directory /srv/left/www',
        'directory /srv/left',
        'user lab-shared',
        'user lab-left',
        'group lab-shared',
        'group lab-left',
        'package lab-extra',
      ]);
      const planned = await run('nothing', '--check', '--prune', '--detailed-exitcode');
      expect(planned.code).toBe(8);
      const pruned = await run('nothing', '--prune');
      expect([pruned.code, pruned.errors]).toEqual([0, []]);
      expect(changeSet(planned)).toEqual(changeSet(pruned));
      expect(await seen()).toBe(before);
      const after = await run('nothing', '--check');
      expect([left(after.left), after.changed]).toEqual([[], []]);
    });

    it('stays where a person, or something else, needs it or has changed it', async () => {
      expect((await run('left')).errors).toEqual([]);
      await on(`echo mine >/etc/left.mine; echo data >/srv/left/www/data; sed -i s/two/2/ /etc/left.conf
useradd --gid lab-left --no-create-home lab-other; install -d -o lab-left /var/tmp/left-data
mkdir -p /opt/lab-needs/DEBIAN
printf 'Package: lab-needs\nVersion: 1\nArchitecture: all\nMaintainer: x <x@x>\nDescription: x\nDepends: lab-extra\n' >/opt/lab-needs/DEBIAN/control
dpkg-deb -b /opt/lab-needs /opt/lab-needs.deb >/dev/null && dpkg -i /opt/lab-needs.deb >/dev/null`);
      const staying = [
        'lines /etc/left.conf: it has changed since it was made',
        'file /etc/left.mine: it has changed since it was made',
        'directory /srv/left/www: it has data in it',
        'directory /srv/left: it has www in it',
        'user lab-left: it owns files: /var/tmp/left-data',
        'group lab-left: lab-left is in it',
        'package lab-extra: cannot remove lab-extra: lab-needs would go, too',
      ];
      const pruned = await run('left-less', '--prune');
      expect([pruned.code, pruned.errors, left(pruned.left)]).toEqual([0, [], staying]);
      expect(
        await on('getent group lab-shared | cut -d : -f 1; id -u lab-shared 2>/dev/null; cat /etc/left.mine'),
      ).toBe('lab-shared\nmine');
      await on(
        'dpkg -r lab-needs; userdel lab-other; rm -r /var/tmp/left-data /srv/left/www/data /etc/left.mine; sed -i /left/,/left/d /etc/left.conf',
      );
      expect(left((await run('nothing', '--prune')).left)).toEqual([]);
      expect(await on('cat /etc/left.conf; id -u lab-left; ls -d /srv/left* 2>/dev/null')).toBe('');
    });

    itLong('RESOURCES')(
      'stays where a role declares it by another name: a unit by its alias, a path by a link of the host',
      async () => {
        await on(`printf '[Service]\nExecStart=/bin/sleep 1000\n[Install]\nWantedBy=multi-user.target\nAlias=lab-alias.service\n' \
  >/usr/lib/systemd/system/lab-aliased.service; systemctl daemon-reload; systemctl enable lab-aliased`);
        expect((await run('by-alias')).errors).toEqual([]);
        const pruned = await run('by-name', '--prune');
        expect([pruned.errors, pruned.changed]).toEqual([[], []]);
        expect(pruned.left.filter((name) => name.includes('lab-alias'))).toEqual([]);
        const state = 'systemctl is-active lab-aliased; systemctl is-enabled lab-aliased; ls /run/lab-alias';
        expect(await on(state)).toBe('active\nenabled\n/run/lab-alias');
        expect((await run('nothing', '--prune')).errors).toEqual([]);
        expect(await on(`${state} 2>/dev/null || :`)).toBe('inactive\ndisabled');
      },
    );

    it('is known after a run that was killed in the middle', async () => {
      const killed = run('killed');
      await on(
        'for try in $(seq 200); do pkill -f "^sleep 3[3]3" && break; sleep 0.1; done; rm -f /etc/killed.two',
      );
      expect((await killed).code).not.toBe(0);
      expect((await run('nothing', '--check')).left).toContain('file /etc/killed.one');
      expect((await run('nothing', '--prune')).errors).toEqual([]);
      expect(await on('ls /etc/killed.* 2>/dev/null')).toBe('');
    });
  });

  it('a service that dies at its start is told with its reason', async () => {
    const { code, errors } = await run('dies');
    expect([code, errors.length]).toEqual([2, 1]);
    expect(errors[0]?.message).toMatch(/wanted running, there is failed[\s\S]*ExecMainStatus=217/);
  });

  it('a variable that is not set is told before any contact', async () => {
    const { code, errors, recap } = await run(undefined);
    expect([code, errors[0]?.message]).toEqual([
      1,
      'etcd01: role resources needs lab_case, which is not set',
    ]);
    expect(recap.etcd01?.roundTrips ?? 0).toBe(0);
  });
});

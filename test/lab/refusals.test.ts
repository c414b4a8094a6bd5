import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { runPlaybook } from './support/playbook.ts';
import { TOO_NEW } from './support/releases/etcdVersions.ts';
import { usualVersion } from './support/releases/releases.ts';

describeLab('what site.ts refuses, and with which exit code', () => {
  let lab: Lab;
  const site = (...args: string[]) => runPlaybook(lab, args);
  const pids = () =>
    Promise.all(
      lab.hosts.map(async ({ name }) => (await lab.ssh(name, 'systemctl show -p MainPID etcd')).stdout),
    );
  const bare = async (host: string) => {
    const { stdout } = await lab.ssh(
      host,
      'find /opt -mindepth 1; ls /var/lib/quorate 2>/dev/null; id etcd 2>/dev/null',
    );
    return stdout.trim() === '';
  };
  /** The same cluster as another inventory describes it. */
  const described = (name: string, edit: (hosts: Record<string, Record<string, string>>) => void) => {
    const inventory = join(lab.stateDir, `${name}.yaml`);
    const whole = parse(readFileSync(lab.inventoryFile, 'utf8'));
    edit(whole.etcd.hosts);
    whole.etcd.vars.etcd_cluster_name = 'inventory';
    writeFileSync(inventory, stringify(whole));
    return inventory;
  };
  /** What a run could take from members that live: their processes, rules, certificates and files. */
  const untouched = () =>
    Promise.all(
      lab.hosts.map(async ({ name }) => {
        const look =
          'systemctl show -p MainPID etcd; nft list ruleset; ls -d /srv/*; find /opt/etcd /var/lib/quorate -type f -exec sha256sum {} + | sort';
        return (await lab.ssh(name, look)).stdout;
      }),
    );

  beforeAll(async () => {
    lab = await startLab({ name: 'refusals' });
  });
  afterAll(async () => lab?.stop());

  it('4 when one of three hosts is down before the bootstrap, and nothing is changed anywhere', async () => {
    await lab.kill('etcd03');
    const run = await site();
    expect(run.code).toBe(4);
    expect(run.errors.some(({ host }) => host === 'etcd03')).toBe(true);
    expect(await bare('etcd01')).toBe(true);
    await lab.boot('etcd03');
    await lab.ssh('etcd03', ':');
  });

  it('3 for a bootstrap of some members only, in a check, too', async () => {
    const check = await site('--check', '-l', 'etcd01');
    const run = await site('-l', 'etcd01');
    expect([check.code, run.code]).toEqual([3, 3]);
    expect(run.errors[0]?.message).toContain('these are left out: etcd02, etcd03');
    expect(existsSync(join(lab.stateDir, '.quorate/inventory/bootstrap-token'))).toBe(false);
    expect(check.errors).toMatchObject([{ message: run.errors[0]?.message }]);
    expect(await bare('etcd01')).toBe(true);
  });

  it('3 for two names that turn out to be one machine, in a check, too', async () => {
    const second = '10.0.52.213';
    const address = (verb: string) =>
      lab.ssh(
        'etcd01',
        `ip addr ${verb} ${second}/24 dev "$(ip -o -4 addr show to 10.0.52.0/24 | head -n 1 | cut -d ' ' -f 2)"`,
      );
    await address('add');
    const inventory = described('twice', ({ etcd01, etcd02 }) => {
      Object.assign(etcd02 ?? {}, {
        etcd_address: etcd02?.ansible_host,
        ansible_host: second,
        ansible_ssh_common_args: `{{ hostvars.etcd01.ansible_ssh_common_args }} -o HostKeyAlias=${etcd01?.ansible_host}`,
      });
    });
    const run = await runPlaybook(lab, ['--check'], { inventory });
    await address('del');
    const said = run.errors.map(({ message }) => message).join('\n');
    expect([run.code, said]).toEqual([
      3,
      expect.stringMatching(
        /etcd02 and etcd01 both have the service etcd on \S+: it is one machine by two names/,
      ),
    ]);
    expect(await bare('etcd01')).toBe(true);
  });

  it('2 for a member that cannot be set up as described, and founds no cluster without it', async () => {
    const inventory = join(lab.stateDir, 'uneven.yaml');
    const text = readFileSync(lab.inventoryFile, 'utf8');
    writeFileSync(inventory, text.replace(/(etcd03:\n *)/, '$1etcd_firewall: firewalld\n      '));
    const run = await runPlaybook(lab, [], { inventory });
    expect(run.errors.map(({ message }) => message)).toEqual([
      'etcd03: firewalld is asked for, which is not active',
      'uneven: nothing was changed: a new cluster starts with all its members, not without etcd03',
    ]);
    expect(run.code).toBe(2);
    expect(await bare('etcd01')).toBe(true);
  });

  it('3 for a version with a known data bug, unless that is allowed', async () => {
    const run = await site('-e', 'etcd_allow_unsafe_version=false', '-e', 'etcd_version=3.5.16');
    expect(run.code).toBe(3);
    expect(run.errors[0]?.message).toMatch(/etcd 3\.5\.16 can damage the data/);
  });

  it('3 for a version newer than what is known, in a check, too, unless that is allowed', async () => {
    const newer = ['--check', '-e', `etcd_version=${TOO_NEW}`];
    const refused = await site(...newer, '-e', 'etcd_allow_unsafe_version=false');
    expect(refused.code).toBe(3);
    expect(refused.errors[0]?.message).toMatch(/etcd 3\.8\.0-alpha\.0 is newer than what is known here/);
    const allowed = await site(...newer);
    expect(allowed.code).toBe(0);
    expect(allowed.text).toContain('3.8.0-alpha.0 is newer than what is known here');
  });

  it('2 for a single role whose prerequisite is missing, and names the role to run first', async () => {
    const run = await site('-r', 'systemd', '--check');
    expect(run.code).toBe(2);
    expect(run.text).toContain('run the role binaries first');
  });

  it('5 for a release whose digest is not the pinned one, and installs nothing', async () => {
    const run = await site('-r', 'binaries', '-e', `etcd_sha256=${'0'.repeat(64)}`);
    expect(run.code).toBe(5);
    const { stdout } = await lab.ssh('etcd01', 'find /opt/etcd -type f 2>/dev/null');
    expect(stdout).toBe('');
  });

  it('3 for data and a service that were not set up from here, and touches neither', async () => {
    await lab.ssh(
      'etcd02',
      'mkdir -p /var/lib/etcd/default.etcd/member/wal; echo kept >/var/lib/etcd/default.etcd/member/wal/x',
    );
    const run = await site();
    expect(run.code).toBe(3);
    expect(run.errors[0]?.message).toContain('has data, and it was not set up from here');
    expect((await lab.ssh('etcd02', 'cat /var/lib/etcd/default.etcd/member/wal/x')).stdout).toBe('kept\n');
    await lab.reset('etcd02');
  });

  it('6 for the second of two runs, and names the holder', async () => {
    const runs = await Promise.all([site(), site()]);
    const codes = runs.map(({ code }) => code).sort();
    expect(codes).toEqual([0, 6]);
    const loser = runs.find(({ code }) => code === 6);
    expect(loser?.errors[0]?.message).toMatch(/another run holds the lock: \S+@\S+ \(pid \d+ on etcd01\)/);
    // There is quorum: from here on no member may ever be started as a new one.
    expect(existsSync(join(lab.stateDir, '.quorate/inventory/bootstrap-token'))).toBe(false);
  });

  it('6 for the second of two runs that are to restart a member each, and no two are down at once', async () => {
    const before = await pids();
    const setting = ['-e', '{"etcd_settings":{"snapshot-count":20000}}'];
    const runs = await Promise.all([site('-l', 'etcd02', ...setting), site('-l', 'etcd03', ...setting)]);
    const codes = runs.map(({ code }) => code).sort();
    expect(codes).toEqual([0, 6]);
    const loser = runs.find(({ code }) => code === 6);
    expect(loser?.errors.map(({ message }) => message)).toEqual([
      expect.stringMatching(
        /^etcd01: another run holds the lock: \S+@\S+ \(pid \d+ on etcd01\); run \S+ since .* UTC: site -i /,
      ),
    ]);
    const after = await pids();
    expect(after.filter((pid, i) => pid !== before[i])).toHaveLength(1);
    expect((await site()).code).toBe(0);
  });

  it('3 for members that run and cannot be asked: nobody is stopped, let alone all at once', async () => {
    const before = await pids();
    const change = ['-e', '{"etcd_settings":{"snapshot-count":30000}}'];
    const all = (script: string) => Promise.all(lab.hosts.map(({ name }) => lab.ssh(name, script)));
    await all(
      "nft 'add table inet cut; add chain inet cut o { type filter hook output priority 0; }; add rule inet cut o tcp dport 2379 drop'",
    );
    const run = await site(...change);
    await all('nft delete table inet cut');
    expect(run.code).toBe(3);
    expect(run.text).toContain('3 voters, quorum 2, 0 healthy: stopping');
    expect(await pids()).toEqual(before);
    expect((await site()).code).toBe(0);
  });

  it('3 for another data directory than the one in use, running or stopped, and founds nothing there', async () => {
    const move = ['-e', 'etcd_data_dir=/srv/etcd/data', '-e', 'etcd_bin_dir=/srv/etcd/bin'];
    const before = await untouched();
    const run = await site(...move);
    expect(run.code).toBe(3);
    expect(run.errors.map(({ message }) => message)).toEqual(
      lab.hosts.map(({ name }) => `${name}: etcd runs, and its data is not in /srv/etcd/data`),
    );
    expect(run.errors[0]?.hint).toContain('put etcd_data_dir back');
    expect(await untouched()).toEqual(before);

    for (const { name } of lab.hosts) await lab.ssh(name, 'systemctl stop etcd');
    const stopped = await site(...move);
    expect(stopped.code).toBe(3);
    expect(stopped.errors[0]?.message).toMatch(
      /^inventory: it was formed before \(\S+\/formed on etcd01\), and no host has data where it is wanted: etcd01 \/srv\/etcd\/data, /,
    );
    expect((await site()).code).toBe(0);
  });

  it.each([
    ['etcd_address of one member', ['etcd03'], (v6: string) => ({ etcd_address: v6 })],
    ['etcd_address of all members', ['etcd01', 'etcd02', 'etcd03'], (v6: string) => ({ etcd_address: v6 })],
    ['etcd_peer_port of one member', ['etcd02'], () => ({ etcd_peer_port: '12380' })],
  ])('3 for another %s, before a rule or a certificate is made from it', async (name, moved, vars) => {
    const before = await untouched();
    const inventory = described(name.replaceAll(' ', '-'), (hosts) => {
      for (const { name: host, address6 } of lab.hosts) {
        if (moved.includes(host)) Object.assign(hosts[host] ?? {}, vars(address6));
      }
    });
    const run = await runPlaybook(lab, [], { inventory });
    expect(run.code).toBe(3);
    expect(run.errors.map(({ host }) => host)).toEqual(moved);
    const { message = '', hint } = run.errors[0] ?? {};
    const address = lab.hosts.find(({ name: host }) => host === moved[0])?.address;
    expect(message).toContain(`inventory knows member ${moved[0]} `);
    expect(message).toContain(` at https://${address}:2380, the inventory says https://`);
    expect(hint).toMatch(/or move the member: .*playbooks\/members\.js -i \S+$/);
    expect(run.tasks).toEqual([]);
    expect(await untouched()).toEqual(before);
    if (name !== 'etcd_address of one member') return;
    expect((await runPlaybook(lab, ['--check'], { inventory })).code).toBe(3);
    const look = await runPlaybook(lab, [], { inventory, playbook: 'doctor' });
    expect(look.code).toBe(7);
    expect(look.text).not.toContain('a bug of ours');
  });

  it('3 for a member that votes and is not in the inventory, before it is shut out', async () => {
    const before = await untouched();
    const inventory = described('dropped', (hosts) => delete hosts.etcd03);
    const check = await runPlaybook(lab, ['--check'], { inventory });
    const run = await runPlaybook(lab, [], { inventory });
    expect([check.code, run.code]).toEqual([3, 3]);
    const [error] = run.errors;
    expect(error?.message).toMatch(
      /^inventory: member etcd03 \([0-9a-f]+\) at https:\/\/10\.0\.52\.6:2380 votes, and is not in the inventory$/,
    );
    expect(error?.hint).toMatch(/^put it back; .*playbooks\/members\.js -i \S+ --remove etcd03$/);
    expect(await untouched()).toEqual(before);
    const status = await runPlaybook(lab, [], { inventory, playbook: 'status' });
    expect(status.code).toBe(7);
    expect(status.text).toContain('member etcd03');
  });

  it('3 for another user than the one whose the data is, before a file is given away', async () => {
    const owners = 'stat -c %U /var/lib/etcd/default.etcd /opt/etcd/ssl/server-key.pem';
    const user = ['-e', 'etcd_user=other'];
    const run = await site(...user);
    expect(run.code).toBe(3);
    expect(run.errors[0]?.message).toBe(
      'etcd01: the data in /var/lib/etcd/default.etcd belongs to etcd, and etcd_user is other',
    );
    expect((await lab.ssh('etcd01', owners)).stdout).toBe('etcd\netcd\n');
  });

  it('3 for another version than the running one', async () => {
    const run = await site('-e', 'etcd_version=3.5.16');
    expect(run.code).toBe(3);
    expect(run.errors[0]?.message).toBe(
      `inventory: its members run etcd ${usualVersion()}, the inventory says 3.5.16`,
    );
  });

  it('1 for a setting that the running version does not have, where the inventory names no version', async () => {
    const inventory = join(lab.stateDir, 'versionless.yaml');
    const text = readFileSync(lab.inventoryFile, 'utf8');
    writeFileSync(inventory, text.replace(/^.*etcd_version:.*$/m, '    etcd_cluster_name: inventory'));
    const run = await runPlaybook(lab, ['-e', '{"etcd_settings":{"log-output":"stdout"}}'], { inventory });
    expect(run.code).toBe(1);
    expect(run.errors[0]?.message).toBe(
      `etcd_settings of etcd01: etcd ${usualVersion()} has no setting log-output`,
    );
    expect(run.tasks).toEqual([]);
  });

  it('3 for a host that another inventory manages', async () => {
    const run = await site('-e', 'etcd_cluster_name=other');
    expect(run.code).toBe(3);
    expect(run.errors[0]?.message).toContain('says "cluster inventory", this inventory says cluster other');
  });

  it('3 with the arithmetic for a restart while a member is down, and touches no further member', async () => {
    await lab.ssh('etcd03', 'systemctl stop etcd');
    const change = ['-l', 'etcd01,etcd02', '-e', '{"etcd_settings":{"snapshot-count":30000}}'];
    const run = await site(...change);
    expect(run.code).toBe(3);
    expect(run.text).toContain('3 voters, quorum 2, 2 healthy: stopping');
    expect((await site()).code).toBe(0);
  });

  it('3 for a member that lost its data: it is never just started', async () => {
    await lab.ssh('etcd03', 'systemctl stop etcd; mv /var/lib/etcd/default.etcd /var/lib/etcd/lost');
    const run = await site();
    expect(run.code).toBe(3);
    expect(run.errors[0]?.message).toContain(
      'has joined this cluster before, and its data directory is empty',
    );
    await lab.ssh('etcd03', 'mv /var/lib/etcd/lost /var/lib/etcd/default.etcd');
    expect((await site()).code).toBe(0);
  });

  it('3 for a majority that lost its data, whatever token was left, and names the copy that is left', async () => {
    // A run that is refused leaves none.
    const token = join(lab.stateDir, '.quorate/inventory/bootstrap-token');
    expect(existsSync(token)).toBe(false);
    const each = async (hosts: readonly string[], script: string) => {
      for (const host of hosts) await lab.ssh(host, script);
    };
    await each(['etcd01', 'etcd02', 'etcd03'], 'systemctl stop etcd');
    await each(['etcd02', 'etcd03'], 'mv /var/lib/etcd/default.etcd /var/lib/etcd/lost');
    for (const left of [undefined, 'inventory-0123456789abcdef']) {
      if (left) writeFileSync(token, `${left}\n`);
      const run = await site(...(left ? [] : ['--check']));
      expect(run.code).toBe(3);
      expect(run.errors[0]?.message).toMatch(/no data on .*; the surviving copy is on etcd01/);
    }
    await each(['etcd02', 'etcd03'], 'mv /var/lib/etcd/lost /var/lib/etcd/default.etcd');
    expect((await site()).code).toBe(0);
    expect(existsSync(token)).toBe(false);
  });

  it('7 in a check of a cluster whose member does not run', async () => {
    await lab.ssh('etcd03', 'systemctl stop etcd');
    expect((await site('--check')).code).toBe(7);
    expect((await runPlaybook(lab, [], { playbook: 'status' })).code).toBe(7);
  });

  it('1 for destroy without consent or with another name, and destroys nothing', async () => {
    const destroy = (...args: string[]) => runPlaybook(lab, args, { playbook: 'destroy' });
    expect((await destroy('-y')).code).toBe(1);
    expect((await destroy('-y', '--cluster', 'prod')).code).toBe(1);
    expect((await lab.ssh('etcd01', 'systemctl is-active etcd')).stdout.trim()).toBe('active');
  });

  describe('destroy where the unit is disabled and still starting', () => {
    const DATA = '/var/lib/etcd/default.etcd';
    const WAITING =
      'systemctl show -p ActiveState etcd; pgrep -c -x etcd; ls -d /var/lib/etcd/*; ls /opt/etcd/bin';
    const destroy = () => runPlaybook(lab, ['-y', '--cluster', 'inventory'], { playbook: 'destroy' });

    it('2 when it cannot be stopped, and nothing is moved from under it', async () => {
      for (const { name } of lab.hosts) await lab.ssh(name, 'systemctl stop etcd; systemctl disable etcd');
      await lab.ssh(
        'etcd01',
        `mkdir -p /run/systemd/system/etcd.service.d
printf '[Unit]\nRefuseManualStop=yes\n' >/run/systemd/system/etcd.service.d/refuse.conf
systemctl daemon-reload; systemctl start --no-block etcd
n=0; until pgrep -x etcd >/dev/null || [ $n -ge 100 ]; do n=$((n + 1)); sleep 0.1; done`,
      );
      const before = (await lab.ssh('etcd01', WAITING)).stdout;
      expect(before).toBe(`ActiveState=activating\n1\n${DATA}\netcd\netcdctl\netcdutl\n`);
      const run = await destroy();
      expect(run.code).toBe(2);
      const mine = run.errors.filter(({ host }) => host === 'etcd01').map(({ message }) => message);
      expect(mine).toEqual([expect.stringContaining('etcd is not stopped, wanted inactive or failed')]);
      expect(mine[0]).toContain('ActiveState=activating');
      expect((await lab.ssh('etcd01', WAITING)).stdout).toBe(before);
    });

    it('stops it first, then sets its data aside', async () => {
      await lab.ssh('etcd01', 'rm -r /run/systemd/system/etcd.service.d; systemctl daemon-reload');
      const run = await destroy();
      expect(run.errors).toEqual([]);
      expect(run.changed.map(({ host, task }) => `${host} ${task}`)).toContain(
        'etcd01 etcd.service is stopped and disabled',
      );
      const { stdout } = await lab.ssh('etcd01', WAITING);
      expect(stdout).toMatch(new RegExp(`^ActiveState=inactive\n0\n${DATA}\\.etcd\\.destroyed-\\S+\n$`));
    });
  });
});

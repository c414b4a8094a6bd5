import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { isWhole, itLong } from './support/long.ts';
import { onHosts } from './support/onHosts.ts';
import { changeSet, type Outcome, runPlaybook } from './support/playbook.ts';

const WAL = '/srv/etcd/wal';
const CONF = '/opt/etcd/cfg/etcd.conf';

describeLab('a member as it is written and started', () => {
  let lab: Lab;
  let vars: Record<string, unknown> = { etcd_wal_dir: WAL, etcd_metrics_port: 2381 };
  const site = (...args: string[]) => runPlaybook(lab, ['-e', JSON.stringify(vars), ...args]);
  const { on, onAll, look, lookAll } = onHosts(() => lab);
  const said = ({ errors }: Pick<Outcome, 'errors'>) =>
    errors.map(({ message, hint = '' }) => `${message}\n${hint}`).join('\n');

  beforeAll(async () => {
    lab = await startLab({ name: 'member', etcdVersion: '3.5.30' });
  });
  afterAll(() => lab?.stop());

  it('is founded nowhere while one host cannot run it, is read-only, or sends from another address', async () => {
    const bare = () => lookAll('ls -d /opt/etcd /var/lib/quorate 2>/dev/null');
    const cases = [
      [
        'mkdir -p /opt/etcd/bin; mount -t tmpfs -o noexec none /opt/etcd/bin',
        'umount /opt/etcd/bin; rm -r /opt/etcd',
        2,
        'etcd02: /opt/etcd/bin is mounted noexec, and etcd is to run from /opt/etcd/bin',
      ],
      [
        'mount --bind /etc/systemd /etc/systemd && mount -o remount,bind,ro /etc/systemd',
        'umount /etc/systemd',
        2,
        'etcd02: /etc/systemd/system cannot be written: /etc/systemd is read-only or closed to this login',
      ],
    ] as const;
    for (const [prepare, undo, code, message] of cases) {
      await on('etcd02', prepare);
      const run = await site();
      await on('etcd02', undo);
      expect(run.code).toBe(code);
      expect(said(run)).toContain(message);
    }
    await on('etcd02', 'ip addr add 10.0.52.114/24 dev eth0');
    const hostvars = { etcd_address: '10.0.52.114' };
    const inventory = join(lab.stateDir, 'second.yaml');
    const text = parse(readFileSync(lab.inventoryFile, 'utf8'));
    Object.assign(text.etcd.hosts.etcd02, hostvars);
    writeFileSync(inventory, stringify(text));
    const second = await runPlaybook(lab, [], { inventory });
    await on('etcd02', 'ip addr del 10.0.52.114/24 dev eth0');
    expect(second.code).toBe(3);
    expect(said(second)).toContain(
      'etcd02: its packets to 10.0.52.13 leave from 10.0.52.14, and others know it as 10.0.52.114',
    );
    expect(await bare()).toEqual(['', '', '']);
  });

  it('has its raft log where etcd_wal_dir says; a check knows it before, and nothing is left to do after', async () => {
    const check = await site('--check');
    const run = await site();
    expect(run.errors).toEqual([]);
    expect(run.code).toBe(0);
    expect(changeSet(run)).toEqual(changeSet(check));
    expect(await onAll(`ls ${WAL}/*.wal | wc -l; ls /var/lib/etcd/default.etcd/member`)).toEqual(
      Array(3).fill('1\nsnap'),
    );
    const again = await site('--check', '--detailed-exitcode');
    expect([again.code, again.changed]).toEqual([0, []]);
  });

  it('serves metrics over plain HTTP', async () => {
    const { stdout } = await lab.run('curl', ['-s', 'http://10.0.52.14:2381/health']);
    expect(stdout).toContain('"true"');
  });

  itLong('FAULTS')(
    'keeps its log where it is: another etcd_wal_dir, or none, is refused before anything is changed',
    async () => {
      const { etcd_wal_dir: _, ...without } = vars;
      for (const [other, wanted] of [
        [without, '/var/lib/etcd/default.etcd/member/wal'],
        [{ ...vars, etcd_wal_dir: '/srv/other/wal' }, '/srv/other/wal'],
      ] as const) {
        const kept = vars;
        vars = other;
        const [check, run] = [await site('--check'), await site()];
        vars = kept;
        expect([check.code, run.code]).toEqual([3, 3]);
        expect(said(run)).toContain(
          `etcd01: its raft log is in ${WAL}, and the inventory wants it in ${wanted}`,
        );
        const args = ['-y', '--purge', '--cluster', 'inventory', '-e', JSON.stringify(other)];
        const taken = await runPlaybook(lab, args, { playbook: 'destroy' });
        expect(taken.code).toBe(3);
        expect(said(taken)).toContain(
          `etcd01: etcd_wal_dir is ${wanted}, and /var/lib/quorate/etcd/manifest has ${WAL}`,
        );
      }
      expect(await onAll(`ls ${WAL}/*.wal | wc -l`)).toEqual(['1', '1', '1']);
      expect((await site('--check', '--detailed-exitcode')).code).toBe(0);
    },
  );

  it('with an address that came later is well, and what comes of it is said', async () => {
    const status = async () => {
      const run = await runPlaybook(lab, [], { playbook: 'status' });
      return [
        run.code,
        /etcd02: its packets to \S+ leave from 10\.0\.52\.114, and others know it as/.test(run.text),
      ];
    };
    await on(
      'etcd02',
      'ip addr add 10.0.52.114/24 dev eth0; ip route replace 10.0.52.0/24 dev eth0 src 10.0.52.114',
    );
    const said = await status();
    await on(
      'etcd02',
      'ip route replace 10.0.52.0/24 dev eth0 src 10.0.52.14; ip addr del 10.0.52.114/24 dev eth0',
    );
    expect([said, await status()]).toEqual([
      [0, true],
      [0, false],
    ]);
  });

  it('cannot run what it can write', async () => {
    const dirs = ['/var/lib/etcd/default.etcd', '/srv/etcd', '/run/etcd', '/tmp', '/var/tmp', '/dev/shm'];
    const script = `pid=$(systemctl show -p MainPID --value etcd)
for dir in ${dirs.join(' ')}; do
  nsenter -m -t "$pid" sh -c 'cp /bin/true "$0/x" && "$0/x" && echo "$0 runs"; rm -f "$0/x"' "$dir"
done 2>&1 | sed 's/^.*: [0-9]*: //'`;
    expect((await look('etcd01', script)).split('\n')).toEqual(
      dirs.map((dir) => `${dir}/x: Permission denied`),
    );
    const exposure = await on('etcd01', 'systemd-analyze security --no-pager etcd | tail -n 1');
    expect(Number(/: (\d+\.\d+)/.exec(exposure)?.[1])).toBeLessThanOrEqual(1.1);
  });

  it('is started without the proxies of its host, and without flags from there', async () => {
    await on(
      'etcd02',
      `mkdir -p /etc/systemd/system.conf.d
printf '[Manager]\\nDefaultEnvironment=HTTPS_PROXY=http://127.0.0.1:9 https_proxy=http://127.0.0.1:9 ETCD_UNSAFE_NO_FSYNC=true ETCD_NAME=x\\n' >/etc/systemd/system.conf.d/proxy.conf
systemctl daemon-reexec; systemctl restart etcd`,
    );
    const environ = await on(
      'etcd02',
      `tr '\\0' '\\n' </proc/$(systemctl show -p MainPID --value etcd)/environ`,
    );
    expect(environ).toContain('ETCD_NAME=etcd02');
    expect(environ.toLowerCase()).not.toContain('proxy');
    expect(environ).not.toContain('NO_FSYNC');
    await on(
      'etcd02',
      'rm /etc/systemd/system.conf.d/proxy.conf; systemctl daemon-reexec; systemctl restart etcd',
    );
  });

  it('that waits for its peers on files that were put right is started anew', async () => {
    await Promise.all(
      ['etcd01', 'etcd02'].map((host) =>
        on(
          host,
          `openssl req -x509 -newkey rsa:2048 -nodes -subj /CN=foreign -keyout /dev/null -out /opt/etcd/ssl/foreign.pem 2>/dev/null
chmod 0644 /opt/etcd/ssl/foreign.pem; sed -i 's|^ETCD_PEER_TRUSTED_CA_FILE=.*|ETCD_PEER_TRUSTED_CA_FILE="/opt/etcd/ssl/foreign.pem"|' ${CONF}
systemctl restart --no-block etcd
for i in $(seq 200); do if [ "$(systemctl is-active etcd)" = activating ]; then break; fi; sleep 0.1; done
systemctl is-active etcd || true`,
        ),
      ),
    ).then((states) => expect(states).toEqual(['activating', 'activating']));
    const run = await site();
    expect(said(run)).toBe('');
    expect(run.code).toBe(0);
    expect(run.changed.filter(({ task }) => task === 'etcd is enabled and running')).toHaveLength(2);
    expect((await site('--check', '--detailed-exitcode')).code).toBe(0);
  });

  it('with drop-ins is said to be another, restarted for new ones, and keeps those that do no harm', async () => {
    const dropIn = '/etc/systemd/system/etcd.service.d/mine.conf';
    await on(
      'etcd03',
      `mkdir -p ${dropIn.replace(/\/[^/]*$/, '')}; printf '[Service]\\nCPUWeight=50\\n' >${dropIn}; systemctl daemon-reload`,
    );
    const harmless = await site();
    expect(harmless.changed.map(({ host, task }) => `${host} ${task}`)).toEqual([
      'etcd03 etcd is enabled and running',
    ]);
    expect(harmless.text).not.toContain('changes how etcd runs');
    await on(
      'etcd03',
      `printf 'Environment=ETCD_UNSAFE_NO_FSYNC=true\\n' >>${dropIn}; systemctl daemon-reload; systemctl restart etcd`,
    );
    for (const playbook of ['site', 'doctor']) {
      const { code, text } = await runPlaybook(
        lab,
        playbook === 'site' ? ['-e', JSON.stringify(vars), '--check'] : [],
        { playbook },
      );
      expect([playbook, code]).toEqual([playbook, 0]);
      expect(text).toContain(
        `etcd03: ${dropIn} changes how etcd runs: Environment=ETCD_UNSAFE_NO_FSYNC=true; take it out`,
      );
    }
    await on(
      'etcd03',
      `rm -r ${dropIn.replace(/\/[^/]*$/, '')}; systemctl daemon-reload; systemctl restart etcd`,
    );
  });

  it('tells why it did not start: the line with the error, of this start', async () => {
    const kept = vars;
    vars = {
      ...vars,
      etcd_settings: { 'client-cert-file': '/nowhere.pem', 'client-key-file': '/nowhere-key.pem' },
    };
    const run = await site();
    expect(run.code).toBe(3);
    expect(run.text).toContain('open /nowhere.pem: no such file or directory');
    expect(run.text).toMatch(/ActiveState=\w+/);
    if (isWhole('FAULTS')) {
      vars.etcd_settings = { 'client-cert-file': '/elsewhere.pem', 'client-key-file': '/elsewhere-key.pem' };
      const second = await site();
      expect(second.code).toBe(3);
      expect(second.text).toContain('open /elsewhere.pem: no such file or directory');
      expect(second.text).not.toContain('open /nowhere.pem');
      expect(second.text).toMatch(/ActiveState=\w+/);
    }
    vars = kept;
    expect((await site()).code).toBe(0);
  });

  it('logs to a file of its own, with rotation', async () => {
    vars = {
      ...vars,
      etcd_metrics_port: 981,
      etcd_settings: {
        'log-outputs': '/var/log/etcd/etcd.log',
        'enable-log-rotation': true,
        'log-rotation-config-json': '{"maxsize": 10}',
      },
    };
    const run = await site();
    expect([run.code, said(run)]).toEqual([0, '']);
    expect(await lookAll('grep -c "ready to serve client requests" /var/log/etcd/etcd.log')).not.toContain(
      '0',
    );
  });

  it('binds a port below 1024 by the one capability', async () => {
    // Set with the log: one roll.
    const { stdout } = await lab.run('curl', ['-s', 'http://10.0.52.14:981/health']);
    expect(stdout).toContain('"true"');
    const bits = await on('etcd01', `grep CapEff /proc/$(systemctl show -p MainPID --value etcd)/status`);
    expect(Number.parseInt(bits.split(/\s+/)[1] ?? '', 16)).toBe(1 << 10);
  });
});

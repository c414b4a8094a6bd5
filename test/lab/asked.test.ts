import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { itLong } from './support/long.ts';
import { runPlaybook } from './support/playbook.ts';

const DATA = '/var/lib/etcd/default.etcd';

/** A folder of etcd's that its unit lets it run programs from: in what it can write itself nothing is run. */
const BROKEN = '/srv/broken';

/** What waits for a deadline of a minute: `npm run test:faults`. */
const long = itLong('FAULTS');

describeLab('how members and their hosts are asked', () => {
  let lab: Lab;
  const play = (playbook: string, args: string[] = [], env = {}) => runPlaybook(lab, args, { playbook, env });
  const said = ({ errors }: { errors: readonly { message: string }[] }) =>
    errors.map(({ message }) => message);

  beforeAll(async () => {
    lab = await startLab({ name: 'asked', etcdVersion: '3.5.30' });
    expect((await play('site')).code).toBe(0);
  });
  afterAll(async () => lab?.stop());

  it.each([
    ['site', []],
    ['status', []],
    ['destroy', ['--check']],
  ])('a login that may not read is told so, once a host, by %s %j', async (playbook, args) => {
    const run = await play(playbook, [...args, '-e', 'ansible_user=admin']);
    expect(run.code).toBe(2);
    expect(run.errors.map(({ host = '', message, hint }) => [host, message, hint]).sort()).toEqual(
      lab.hosts.map(({ name }) => [
        name,
        expect.stringMatching(`^${name}: cannot read .*${DATA}.* as admin$`),
        expect.stringContaining('become root (-b'),
      ]),
    );
    expect(run.changed).toEqual([]);
  });

  it('proxies and settings of etcdctl in the environment of a host reach no etcdctl', async () => {
    const noise = `printf '%s\\n' https_proxy=http://10.0.52.99:1 HTTPS_PROXY=http://10.0.52.99:1 ETCDCTL_ENDPOINTS=https://10.0.52.99:1 ETCDCTL_CERT=/x ETCDCTL_WRITE_OUT=bogus >>/etc/environment`;
    await lab.ssh('etcd02', `cp /etc/environment /run/env.own; ${noise}`);
    try {
      const run = await play('status');
      expect([run.code, said(run)]).toEqual([0, []]);
      expect((await play('site', ['-r', 'verify'])).code).toBe(0);
    } finally {
      await lab.ssh('etcd02', 'cp /run/env.own /etc/environment');
    }
  });

  it('a member is asked where it listens, also where its host resolves its name to loopback', async () => {
    const inventory = join(lab.stateDir, 'named.yaml');
    const whole = parse(readFileSync(lab.inventoryFile, 'utf8'));
    const etcd01 = { ...whole.etcd.hosts.etcd01, etcd_address: 'etcd01', etcd_listen_address: '10.0.52.13' };
    whole.etcd.hosts = { etcd01 };
    expect((await lab.ssh('etcd01', 'getent hosts etcd01')).stdout).toMatch(/^127\.0\.1\.1 /);
    whole.etcd.vars.etcd_cluster_name = 'named';
    whole.etcd.vars.etcd_service_name = 'named';
    Object.assign(whole.etcd.vars, {
      etcd_client_port: 3379,
      etcd_peer_port: 3380,
      etcd_data_dir: '/var/lib/named/data',
      etcd_config_dir: '/opt/named/cfg',
      etcd_cert_dir: '/opt/named/ssl',
      etcd_bin_dir: '/opt/named/bin',
    });
    writeFileSync(inventory, stringify(whole));
    const run = await runPlaybook(lab, [], { inventory });
    expect([run.code, said(run)]).toEqual([0, []]);
    const status = await runPlaybook(lab, [], { inventory, playbook: 'status' });
    expect([status.code, said(status)]).toEqual([0, []]);
    const gone = ['-y', '--cluster', 'named', '--purge'];
    expect((await runPlaybook(lab, gone, { inventory, playbook: 'destroy' })).code).toBe(0);
    expect((await lab.ssh('etcd01', 'ls -A /var/lib/named /opt/named 2>/dev/null')).stdout).toBe('');
  });

  it('a cluster with authentication says which commands let its members be asked, and they do', async () => {
    const ctl = `env ETCDCTL_API=3 /opt/etcd/bin/etcdctl --cacert=/opt/etcd/ssl/ca.pem --cert=/opt/etcd/ssl/server.pem --key=/opt/etcd/ssl/server-key.pem --endpoints=https://10.0.52.13:2379`;
    await lab.ssh('etcd01', `${ctl} user add root:pw; ${ctl} user grant-role root root; ${ctl} auth enable`);
    const status = await play('status');
    expect(status.code).toBe(7);
    const commands =
      said(status)
        .join('\n')
        .match(/\S+ --user=root user add [^;]*; \S+ --user=root user grant-role [^;\n]*/g) ?? [];
    expect(commands).toHaveLength(3);
    const asRoot = commands.map((line) => line.replaceAll('--user=root', '--user=root:pw'));
    expect((await lab.ssh('etcd01', asRoot.join('; '))).code).toBe(0);
    expect([(await play('status')).code, (await play('site', ['-r', 'verify'])).code]).toEqual([0, 0]);
    await lab.ssh('etcd01', `${ctl} --user root:pw auth disable`);
  });

  long(
    'a command that hangs on one host fails that host within its time, with both names; the others are read',
    async () => {
      await lab.ssh(
        'etcd02',
        `printf '#!/bin/sh\\nexec sleep 600\\n' >/usr/local/bin/stat; chmod 755 /usr/local/bin/stat`,
      );
      try {
        const runs = await Promise.all([play('site', ['--check']), play('status'), play('doctor')]);
        for (const run of runs) {
          expect(run.code).not.toBe(0);
          expect(said(run).filter((message) => message.includes('no answer'))).toEqual([
            expect.stringMatching(
              /^etcd02: no answer within 60 s while reading facts: it waits for sleep 600 \(pid \d+\)$/,
            ),
          ]);
          expect(run.errors.find(({ host }) => host === 'etcd02')?.exitCode).toBe(4);
        }
        expect(runs[1]?.text).toMatch(
          /"host":"etcd01"[^}]*"health":"healthy".*"host":"etcd03"[^}]*"health":"healthy"/s,
        );
        expect((await lab.ssh('etcd02', 'pgrep -f "sleep 600"')).stdout).toBe('');
      } finally {
        await lab.ssh('etcd02', 'rm /usr/local/bin/stat');
      }
    },
  );

  it('a login that never starts a shell, or prints without end, fails its host alone, and a run ends', async () => {
    const lines = { etcd02: 'exec sleep 600', etcd03: 'exec yes' };
    for (const [host, line] of Object.entries(lines))
      await lab.enter(host, `cp /root/.bashrc /run/bashrc.own; sed -i '1i ${line}' /root/.bashrc`);
    try {
      const started = performance.now();
      const run = await play('status');
      expect(performance.now() - started).toBeLessThan(25_000);
      for (const host of Object.keys(lines)) {
        expect(run.errors.find((error) => error.host === host)).toMatchObject({
          exitCode: 4,
          message: expect.stringMatching(`^${host}: no shell came up within 1\\d s of the login`),
        });
      }
      expect(run.text).toMatch(/"host":"etcd01"[^}]*"version"/);
    } finally {
      for (const host of Object.keys(lines)) await lab.enter(host, 'cp /run/bashrc.own /root/.bashrc');
    }
  });

  it('what is not a file in place of a certificate is not waited for', async () => {
    const swap =
      'cd /opt/etcd/ssl; for pem in server.pem ca.pem; do mv $pem /run/$pem.own; mkfifo $pem; done';
    await lab.ssh('etcd02', swap);
    try {
      const started = performance.now();
      const run = await play('status');
      expect(run.code).toBe(7);
      expect(performance.now() - started).toBeLessThan(30_000);
    } finally {
      await lab.ssh(
        'etcd02',
        'cd /opt/etcd/ssl; for pem in server.pem ca.pem; do rm $pem; mv /run/$pem.own $pem; done',
      );
    }
  });

  it('sshd that opens one session at a time is worked with: a changed setting is rolled', async () => {
    const restart = 'systemctl reload ssh 2>/dev/null || systemctl restart ssh';
    for (const { name } of lab.hosts) {
      await lab.enter(name, `echo 'MaxSessions 1' >/etc/ssh/sshd_config.d/most.conf; ${restart}`);
    }
    try {
      const run = await play('site', ['-e', JSON.stringify({ etcd_settings: { 'snapshot-count': 50_001 } })]);
      expect([run.code, said(run)]).toEqual([0, []]);
      expect(run.changed.length).toBeGreaterThan(0);
    } finally {
      for (const { name } of lab.hosts)
        await lab.enter(name, `rm /etc/ssh/sshd_config.d/most.conf; ${restart}`);
    }
  });

  it('what a broken-in member puts beside its program is run by nobody, and the program is named', async () => {
    const planted = `#!/bin/sh
touch /run/canary-root /var/lib/etcd/default.etcd/canary /tmp/canary 2>/dev/null
exec /opt/etcd/bin/etcdctl "$@"`;
    await lab.ssh(
      'etcd02',
      `cp /opt/etcd/bin/etcd /run/etcd.own; install -d -o etcd ${BROKEN}; cp /opt/etcd/bin/etcd ${BROKEN}/kworker
cat >${BROKEN}/etcdctl <<'END'
${planted}
END
chmod 755 ${BROKEN}/etcdctl; chown etcd: ${BROKEN}/etcdctl ${BROKEN}/kworker
rm /opt/etcd/bin/etcd; printf '#!/bin/sh\\nexec ${BROKEN}/kworker\\n' >/opt/etcd/bin/etcd; chmod 755 /opt/etcd/bin/etcd
systemctl restart etcd; cp --remove-destination -p /run/etcd.own /opt/etcd/bin/etcd`,
    );
    const foreign = new RegExp(
      `foreign program: etcd was to run /opt/etcd/bin/etcd, its process \\d+ runs ${BROKEN}/kworker`,
    );
    const runs = [await play('site', ['--check']), await play('status'), await play('doctor')];
    const { stdout: canaries } = await lab.ssh(
      'etcd02',
      `ls /run/canary-root ${DATA}/canary /tmp/canary 2>/dev/null`,
    );
    expect(canaries).toBe('');
    // A restart is due, too: what was started is not what lies there.
    expect(runs.map(({ code }) => code)).toEqual([3, 7, 7]);
    for (const run of runs) {
      expect(said(run).join('\n')).toMatch(foreign);
    }
    expect(said(runs[2] as never)[0]).toMatch(
      /^etcd02: another program runs than the one that was installed/,
    );
    await lab.ssh('etcd02', `systemctl restart etcd; rm -rf ${BROKEN}`);
  });
});

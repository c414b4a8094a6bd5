import { readFileSync, rmSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { DRIFTS } from './support/cases/drifts.ts';
import { clientProblems, describeClient, startClient } from './support/client.ts';
import { describeLab } from './support/describeLab.ts';
import { leaderOf } from './support/etcdctl.ts';
import { type Lab, startLab } from './support/lab.ts';
import { changeSet, changes, runPlaybook } from './support/playbook.ts';

const HOSTS = ['etcd01', 'etcd02', 'etcd03'];

describeLab('site.ts on three bare hosts with firewalld', () => {
  let lab: Lab;
  const site = (...args: string[]) => runPlaybook(lab, args);
  const onAll = async (script: string) => {
    const answers = await Promise.all(HOSTS.map((host) => lab.ssh(host, script)));
    return answers.map(({ stdout }) => stdout.trim());
  };
  const pids = () => onAll('systemctl show -p MainPID --value etcd');

  beforeAll(async () => {
    lab = await startLab({ name: 'site' });
    await onAll(
      'systemctl enable --now firewalld; until firewall-cmd --state >/dev/null 2>&1; do sleep 0.1; done',
    );
  });
  afterAll(async () => lab?.stop());

  it('has no cluster to verify yet: unknown in a check, and the role to run first in a run', async () => {
    const check = await site('--check', '-r', 'verify', '--detailed-exitcode');
    expect([check.code, check.tasks.map(({ status }) => status)]).toEqual([8, Array(3).fill('unknown')]);
    const run = await site('-r', 'verify');
    expect(run.code).toBe(2);
    expect(run.errors[0]?.hint).toBe('run the role systemd first: -r systemd');
  });

  it('predicts on bare hosts exactly what the run then changes: a plan that is written, and carried out', async () => {
    const plan = join(dirname(lab.inventoryFile), 'site.plan.json');
    const check = await site('--plan-out', plan, '--detailed-exitcode');
    expect(check.text).not.toContain('a bug of ours');
    expect(check.code).toBe(8);
    expect(await onAll('find /opt /etc/systemd/system/etcd.service -mindepth 1 2>/dev/null')).toEqual([
      '',
      '',
      '',
    ]);
    const run = await site('--apply', plan);
    expect(run.errors).toEqual([]);
    expect(run.code).toBe(0);
    expect(changeSet(run)).toEqual(changeSet(check));
    expect(run.text.match(/every address may reach/g)).toHaveLength(1);
    expect(await onAll('systemctl is-active etcd firewalld | paste -sd" "')).toEqual(
      Array(3).fill('active active'),
    );
  });

  it('changes and restarts nothing the second time, in two round trips a host', async () => {
    const before = await pids();
    const again = await site();
    expect(again.code).toBe(0);
    expect(again.changed).toEqual([]);
    expect(again.text).not.toContain('every address');
    expect(await pids()).toEqual(before);
    for (const host of HOSTS) expect(again.recap[host]?.roundTrips, host).toBe(2);
  });

  it('carries a plan out only where all hosts are as they were: drift on one is 3, and nothing is changed', async () => {
    const plan = join(dirname(lab.inventoryFile), 'drift.plan.json');
    const file = '/opt/etcd/cfg/etcdctl';
    const modes = () => onAll(`stat -c %a ${file}`);
    const [wanted, before] = [await modes(), await pids()];
    await lab.ssh('etcd01', `chmod 0700 ${file}`);
    const check = await site('--plan-out', plan);
    expect([check.code, check.changed.map(({ host }) => host)]).toEqual([0, ['etcd01']]);
    await lab.ssh('etcd03', `chmod 0711 ${file}`);
    const refused = await site('--apply', plan);
    expect([refused.code, refused.errors[0]?.host]).toEqual([3, 'etcd03']);
    expect(refused.errors.at(-1)?.message).toContain('nothing was changed');
    expect(await modes()).toEqual(['700', wanted[1], '711']);
    await lab.ssh('etcd03', `chmod ${wanted[2]} ${file}`);
    expect((await site('--apply', plan)).code).toBe(0);
    expect([await modes(), await pids()]).toEqual([wanted, before]);
  });

  it('lets members in at the peer port, and no client of the same CA', async () => {
    const pki = join(dirname(lab.inventoryFile), '.quorate/inventory/pki');
    const answer = async (pair: string) => {
      const input = ['.pem', '-key.pem']
        .map((end) => readFileSync(join(pki, `${pair}${end}`), 'utf8'))
        .join('');
      const { stdout } = await lab.ssh(
        'etcd02',
        `cat >/root/who.pem
printf 'GET /members HTTP/1.0\\r\\n\\r\\n' | timeout 5 openssl s_client -quiet -connect 10.0.52.13:2380 -cert /root/who.pem -key /root/who.pem -CAfile /opt/etcd/ssl/ca.pem 2>&1
rm /root/who.pem`,
        { input },
      );
      return stdout;
    };
    expect(await answer('etcd02/peer')).toContain('"peerURLs"');
    expect(await answer('client')).not.toContain('peerURLs');
  });

  it('needs no local state: a second operator finds nothing to change', async () => {
    const control = join(dirname(lab.inventoryFile), '.quorate');
    const { stdout: aside } = await lab.run('sh', ['-c', `mv ${control} ${control}.aside && echo ok`]);
    expect(aside.trim()).toBe('ok');
    const other = await site();
    rmSync(control, { recursive: true, force: true });
    await lab.run('mv', [`${control}.aside`, control]);
    expect(other.code).toBe(0);
    expect(other.changed).toEqual([]);
  });

  it('names edits of every file, each on its host only, and repairs them without a restart', async () => {
    const before = await pids();
    const edited = (i: number) => DRIFTS.filter((_, n) => n % HOSTS.length === i);
    // A key and its certificate are one resource.
    const resource = (path: string) => path.replace('-key.pem', '.pem');
    await Promise.all(
      HOSTS.map((host, i) =>
        lab.ssh(
          host,
          edited(i)
            .map(([path, edit]) => `${edit} ${path}`)
            .join('\n'),
        ),
      ),
    );
    const check = await site('--check');
    for (const [i, host] of HOSTS.entries()) {
      const own = changes(check).filter((change) => change.startsWith(`${host} `));
      const mine = edited(i).map(([path]) => path);
      for (const path of mine) expect(own.join('\n')).toContain(basename(path));
      for (const [path] of DRIFTS) {
        if (!mine.map(resource).includes(resource(path))) expect(own.join('\n')).not.toContain(`:${path} `);
      }
    }
    const run = await site();
    expect(run.errors).toEqual([]);
    expect(changeSet(run)).toEqual(changeSet(check));
    expect((await site('--check')).changed).toEqual([]);
    expect(await pids()).toEqual(before);
  });

  it('starts a stopped member, and only that', async () => {
    const [first, , third] = await pids();
    await lab.ssh('etcd02', 'systemctl stop etcd');
    const check = await site('--check');
    expect(changes(check)).toEqual(['etcd02 service:etcd state']);
    expect(check.code).toBe(7);
    const run = await site();
    expect(run.code).toBe(0);
    expect(changeSet(run)).toEqual(changeSet(check));
    const now = await pids();
    expect([now[0], now[2]]).toEqual([first, third]);
  });

  it('renews leaf certificates without a restart', async () => {
    const before = await pids();
    const run = await site('-e', '{"etcd_extra_sans":["etcd.example"]}');
    expect(run.errors).toEqual([]);
    expect(changes(run)).toEqual(
      HOSTS.flatMap((host) =>
        ['peer', 'server'].flatMap((kind) => `${host} certificate:/opt/etcd/ssl/${kind}.pem ${kind}.pem`),
      ),
    );
    expect(await pids()).toEqual(before);
    const served = await lab.ssh(
      'etcd01',
      'openssl s_client -connect 10.0.52.14:2379 </dev/null 2>/dev/null | openssl x509 -noout -ext subjectAltName',
    );
    expect(served.stdout).toContain('etcd.example');
  });

  it('rolls a changed setting one member at a time, the leader last, while a client writes and reads', async () => {
    const before = await pids();
    const client = startClient(lab);
    await client.working;
    const leader = await leaderOf(lab);
    const run = await site('-e', '{"etcd_settings":{"snapshot-count":20000}}');
    const report = await client.stop();
    console.log(`rolling change of a setting: ${describeClient(report)}`);
    expect(run.errors).toEqual([]);
    expect(run.code).toBe(0);
    const restarts = run.tasks.filter(({ changes }) => changes.some(({ kind }) => kind === 'restart'));
    expect(restarts).toHaveLength(3);
    expect(restarts.at(-1)?.host).toBe(leader);
    expect(run.text).toContain(`${leader}: leadership moved to `);
    expect(clientProblems(report)).toEqual([]);
    expect(report.acknowledged).toBeGreaterThan(50);
    expect((await pids()).some((pid, i) => pid === before[i])).toBe(false);
    const again = await site('-e', '{"etcd_settings":{"snapshot-count":20000}}');
    expect(again.changed).toEqual([]);
  });

  it('ends a run of one role with the health of the cluster', async () => {
    await lab.ssh('etcd01', 'systemctl stop etcd');
    const sick = await site('-r', 'certs');
    await lab.ssh('etcd01', 'systemctl start etcd');
    expect([sick.code, sick.changed.filter(({ role }) => role !== 'verify')]).toEqual([7, []]);
    expect(sick.text).toContain('etcd01: etcd does not run');
  });

  it('lets nothing that a member loads past the gate, also without the service', async () => {
    const args = ['-r', 'config', '-e', '{"etcd_settings":{"snapshot-count":30000}}'];
    const conf = 'sha256sum /opt/etcd/cfg/etcd.conf';
    const [before] = await onAll(conf);
    await lab.ssh('etcd03', 'systemctl stop etcd');
    const refused = await site(...args, '-l', 'etcd01');
    await lab.ssh('etcd03', 'systemctl start etcd');
    expect(refused.code).toBe(3);
    expect((await onAll(conf))[0]).toBe(before);
    const pidsBefore = await pids();
    const run = await site(...args, '-l', 'etcd01');
    expect([run.code, changes(run)]).toEqual([0, ['etcd01 file:/opt/etcd/cfg/etcd.conf content']]);
    expect(await pids()).toEqual(pidsBefore);
    expect((await site()).code).toBe(0);
  });

  it('moves ports and paths of a living cluster member by member, firewall rules with them', async () => {
    const args = [
      '-e',
      'etcd_client_port=3379',
      '-e',
      'etcd_cert_dir=/opt/etcd/tls',
      '-e',
      'etcd_bin_dir=/opt/etcd/sbin',
    ];
    const check = await site('--check', ...args);
    expect(check.code).toBe(0);
    const leader = await leaderOf(lab);
    const run = await site(...args);
    expect(run.errors).toEqual([]);
    expect(changeSet(run)).toEqual(changeSet(check));
    const steps = run.changed.map(({ host, role }) => `${host} ${role}`);
    // Rules and restart of a member are next to each other, and the leader's are the last.
    for (const host of HOSTS) {
      const own = steps.flatMap((step, i) =>
        / (?:firewall|systemd)$/.test(step) && step.startsWith(host) ? [i] : [],
      );
      expect(steps.slice(own[0], (own.at(-1) ?? 0) + 1).every((step) => step.startsWith(host))).toBe(true);
    }
    expect(steps.at(-1)).toMatch(new RegExp(`^${leader} `));
    expect(
      await onAll('firewall-cmd --list-all | grep -c "port=.2379."; ss -Htln "sport = :3379" | wc -l'),
    ).toEqual(Array(3).fill('0\n1'));
    expect((await site('--check', ...args)).changed).toEqual([]);
  });
});

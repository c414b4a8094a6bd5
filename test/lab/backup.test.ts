import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { clientProblems, startClient } from './support/client.ts';
import { describeLab } from './support/describeLab.ts';
import { etcdctl } from './support/etcdctl.ts';
import { type Lab, startLab } from './support/lab.ts';
import { runPlaybook } from './support/playbook.ts';

const DIR = '/var/backups/etcd';

describeLab('backups of a cluster', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'backup' });
    expect((await runPlaybook(lab)).code).toBe(0);
    await on('etcd01', `${etcdctl(lab.hosts)}; for n in 1 2 3; do ctl put key$n value$n; done`);
  });
  afterAll(async () => lab?.stop());

  const on = async (host: string, script: string) => (await lab.enter(host, script)).stdout.trim();
  const backup = (...args: string[]) => runPlaybook(lab, args, { playbook: 'backup' });
  const files = async (host: string) =>
    (await on(host, `ls -A ${DIR} 2>/dev/null || :`)).split('\n').filter(Boolean);
  const holders = async () => {
    const found = await Promise.all(
      lab.hosts.map(async ({ name }) => ((await files(name)).length > 0 ? [name] : [])),
    );
    return found.flat();
  };

  it('a check tells of the snapshot and takes none', async () => {
    const check = await backup('--check');
    expect([check.code, check.errors]).toEqual([0, []]);
    expect(check.text).toContain('take a snapshot, and verify it');
    expect(await holders()).toEqual([]);
  });

  it('takes one under a writer, verified, and copies it to control', async () => {
    const client = startClient(lab);
    await client.working;
    const to = join(lab.stateDir, 'copies');
    const run = await backup('--to', to);
    expect([run.code, run.errors]).toEqual([0, []]);
    expect(clientProblems(await client.stop())).toEqual([]);
    const [holder = ''] = await holders();
    const names = await files(holder);
    expect(names).toEqual([
      expect.stringMatching(/^inventory-\d{8}T\d{6}Z-r\d+\.db$/),
      expect.stringMatching(/^inventory-\d{8}T\d{6}Z-r\d+\.json$/),
    ]);
    expect(await on(holder, `stat -c '%U %a' ${DIR} ${DIR}/*`)).toBe('etcd 700\netcd 600\netcd 600');
    expect(readdirSync(to)).toEqual(names);
    const [db = '', json = ''] = names.map((name) => join(to, name));
    const described = JSON.parse(readFileSync(json, 'utf8'));
    expect(described.sha256).toBe(createHash('sha256').update(readFileSync(db)).digest('hex'));
    expect([statSync(db).mode & 0o777, described.keys > 3]).toEqual([0o600, true]);
  });

  it('lists them, and thins them', async () => {
    const [holder = ''] = await holders();
    const before = (await files(holder)).filter((name) => name.endsWith('.db'));
    expect((await backup('--keep', '1h')).code).toBe(0);
    const after = (await files(holder)).filter((name) => name.endsWith('.db'));
    expect(after).toHaveLength(1);
    expect(after).not.toEqual(before);
    const list = await backup('--list');
    expect([list.code, list.text]).toEqual([0, expect.stringContaining(after[0] ?? '?')]);
  });

  it('are taken by the hosts themselves where a schedule is set, by whoever leads', async () => {
    const schedule = ['-e', 'etcd_backup_schedule=hourly', '-e', 'etcd_backup_keep=1h'];
    const site = await runPlaybook(lab, schedule);
    expect([site.errors, site.code]).toEqual([[], 0]);
    expect((await runPlaybook(lab, ['--check', ...schedule])).changed).toEqual([]);
    for (const { name } of lab.hosts) await on(name, `rm -rf ${DIR}; systemctl start etcd-backup.service`);
    const takers = await holders();
    expect(takers).toHaveLength(1);
    const [taker = ''] = takers;
    expect(await on(taker, `stat -c '%U %a' ${DIR}/*`)).toBe('etcd 600\netcd 600');
    const first = await files(taker);
    await on(taker, `${etcdctl(lab.hosts)}; ctl put more x; sleep 1; systemctl start etcd-backup.service`);
    const second = await files(taker);
    expect([second.length, second[0] === first[0]]).toEqual([2, false]);
    expect((await backup('--list')).text).toContain(second[0]);
    expect((await runPlaybook(lab)).code).toBe(0);
    expect(
      await on(
        taker,
        'ls /etc/systemd/system/etcd-backup* /opt/etcd/cfg/take-snapshot 2>/dev/null; systemctl is-enabled etcd-backup.timer 2>/dev/null',
      ),
    ).toBe('');
    expect((await runPlaybook(lab, ['--check'])).changed).toEqual([]);
  });

  it('needs one member only, and says which are missing', async () => {
    await lab.kill('etcd03');
    const run = await backup();
    expect(run.text).toContain('etcd03');
    expect(run.errors).toEqual([]);
    await lab.boot('etcd03');
  });
});

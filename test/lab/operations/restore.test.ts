import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { describeLab } from '../support/describeLab.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole, itLong } from '../support/long.ts';
import { ROOT, runPlaybook, stepsOf } from '../support/playbook.ts';
import { strikeEach } from '../support/strikeEach.ts';

/** `QUORATE_KILLS=all` kills a restore in each kind of step, not in some. */
const EVERY = isWhole('KILLS');

describeLab('restoring a cluster', () => {
  let lab: Lab;
  let file: string;
  beforeAll(async () => {
    lab = await startLab({ name: 'restore' });
    expect((await runPlaybook(lab)).code).toBe(0);
    await ctl('for n in 1 2 3 4 5; do ctl put key$n value$n; done; ctl del key5');
    const to = join(lab.stateDir, 'copies');
    expect((await runPlaybook(lab, ['--to', to], { playbook: 'backup' })).code).toBe(0);
    const { stdout } = await lab.run('sh', ['-c', `ls ${to}/*.db`]);
    file = stdout.trim();
    expect(existsSync(file)).toBe(true);
    await ctl('ctl put later x; ctl del key1; ctl put key2 other');
  });
  afterAll(async () => lab?.stop());

  const on = async (host: string, script: string) => (await lab.enter(host, script)).stdout.trim();
  const ctl = (script: string) => on('etcd01', `${etcdctl(lab.hosts)}; ${script}`);
  const restore = (...args: string[]) => runPlaybook(lab, args, { playbook: 'restore' });
  const AS_TAKEN = 'key1\nvalue1\nkey2\nvalue2\nkey3\nvalue3\nkey4\nvalue4';

  /** What every member has by itself, one like the other. */
  const contents = async () => {
    const each = await Promise.all(
      lab.hosts.map(({ name, address }) =>
        on(name, `${etcdctl([{ address }])}; ctl get --prefix key; ctl get later`),
      ),
    );
    return [...new Set(each)];
  };

  /** Of the cluster: its ID, and the revision that it is at. */
  const standing = async () => {
    const told = await ctl('ctl -w json get none');
    const of = (name: string) => new RegExp(`"${name}":(\\d+)`).exec(told)?.[1] ?? '';
    return { id: of('cluster_id'), revision: Number(of('revision')) };
  };
  /** etcd has had it since 3.4.32, 3.5.14 and 3.6. */
  const bumps = async () =>
    (await on('etcd01', '/opt/etcd/bin/etcdutl snapshot restore --help')).includes('--bump-revision');

  it('shows the steps, and changes nothing in a check; without a terminal it wants consent', async () => {
    const check = await restore('--from', file, '--check');
    expect([check.code, check.errors]).toEqual([0, []]);
    for (const title of ['restore it beside the data', 'stop etcd', 'open it to clients'])
      expect(check.text).toContain(title);
    expect((await restore('--from', file)).code).toBe(1);
    expect(await contents()).toEqual([expect.stringContaining('later')]);
  });

  it('of a file that etcd does not restore is given up, and makes way to another one', async () => {
    const data = Buffer.alloc(8192, 'nothing of etcd');
    const bad = join(lab.stateDir, 'bad.db');
    writeFileSync(bad, Buffer.concat([data, createHash('sha256').update(data).digest()]));
    const begun = await restore('--from', bad, '-y');
    expect([begun.code, begun.errors[0]?.hint]).toEqual([2, expect.stringContaining('--give-up')]);
    expect((await runPlaybook(lab, ['--check'])).code).toBe(3);
    const ended = await restore('--give-up', '-y');
    expect([ended.errors, ended.code]).toEqual([[], 0]);
    const left = 'ls -d /var/lib/etcd/default.etcd/.restore-* /var/lib/quorate/etcd/*restore.db*';
    expect(await on('etcd01', `${left} 2>/dev/null || :`)).toBe('');
    const site = await runPlaybook(lab, ['--check']);
    expect([site.code, site.errors, site.changed]).toEqual([0, [], []]);
    // The next test restores another one.
    if (EVERY) expect((await restore('--from', bad, '-y')).code).toBe(2);
  });

  it('is killed on its way, goes on when it is run again, and gives exactly the snapshot', async () => {
    const before = await standing();
    await on('etcd03', 'systemctl stop etcd; rm -r /var/lib/etcd/default.etcd');
    for (const title of EVERY
      ? ['restore it beside', 'stop etcd', 'set the old data aside', 'start etcd', 'open it to clients']
      : ['start etcd']) {
      const child = lab.spawn(
        'node',
        [
          program('playbooks/restore.ts'),
          ...['-i', lab.inventoryFile, '--from', file, '-y', '--output', 'json'],
        ],
        { cwd: ROOT },
      );
      let seen = '';
      await new Promise<void>((resolve) => {
        child.stdout?.on('data', (chunk: Buffer) => {
          seen += chunk;
          const begun = seen.split('\n').filter((line) => line.includes('"begun"') && line.includes(title));
          if (begun.length >= 2) child.kill('SIGKILL');
        });
        child.once('close', () => resolve());
      });
      expect([title, seen.includes('"recap"')]).toEqual([title, false]);
      // Only loopback is listened on until all are whole: no client gets there.
      if (title === 'start etcd') expect(await ctl('ctl get key1 || echo none')).toBe('none');
      const other = await runPlaybook(lab, ['--check']);
      expect(other.code).toBe(3);
    }
    const run = await restore('--from', file, '-y');
    expect([run.errors, run.code]).toEqual([[], 0]);
    expect(await contents()).toEqual([AS_TAKEN]);
    const after = await standing();
    expect(after.id).not.toBe(before.id);
    if (await bumps()) {
      // Clients that have seen the later revisions take none of the restored ones for theirs.
      expect(after.revision).toBeGreaterThan(before.revision);
      expect(await ctl(`ctl get key1 --rev ${before.revision} 2>&1 || :`)).toContain('has been compacted');
    }
    expect(await on('etcd02', 'ls -d /var/lib/etcd/default.etcd/.*before-restore*/member | wc -l')).toBe('1');
    expect(
      await on(
        'etcd02',
        'ls -d /var/lib/etcd/default.etcd/.restore-* 2>/dev/null; ls /run/quorate-etcd.env 2>/dev/null',
      ),
    ).toBe('');
    const site = await runPlaybook(lab, ['--check']);
    expect([site.code, site.errors, site.changed.map(({ task }) => task)]).toEqual([0, [], []]);
  });

  it('is done once', async () => {
    await ctl('ctl put later y');
    const done = await restore('--from', file, '-y');
    expect([done.code, done.text]).toEqual([0, expect.stringContaining('--again')]);
    expect(await contents()).toEqual([expect.stringContaining('later')]);
  });

  itLong('KILLS')('is done once more by word', async () => {
    const { id } = await standing();
    const data = '/var/lib/etcd/default.etcd';
    await on('etcd01', `systemctl stop etcd; rm -r ${data}; mkdir -p ${data}/lost+found`);
    const again = await restore('--from', file, '--again', '-y');
    expect([again.errors, again.code]).toEqual([[], 0]);
    // The token is that of a run: members of before are never taken for those of now.
    expect((await standing()).id).not.toBe(id);
    expect(await contents()).toEqual([AS_TAKEN]);
  });

  itLong('KILLS')(
    'is finished by a rerun in whatever step a machine is lost, and gives exactly the snapshot',
    async () => {
      await ctl('ctl put key5 power');
      const taken = await contents();
      const to = join(lab.stateDir, 'struck');
      expect((await runPlaybook(lab, ['--to', to], { playbook: 'backup' })).code).toBe(0);
      const { stdout } = await lab.run('sh', ['-c', `ls ${to}/*.db`]);
      await ctl('ctl put key6 late');
      const struck = await strikeEach(lab, 'machine', 'restore', ['--from', stdout.trim(), '-y']);
      expect(struck.length).toBeGreaterThan(4);
      expect(await contents()).toEqual(taken);
      const again = await restore('--from', stdout.trim(), '-y');
      expect([again.code, stepsOf(again, 'begun')]).toEqual([0, []]);
      const site = await runPlaybook(lab, ['--check']);
      expect([site.code, site.errors, site.changed]).toEqual([0, [], []]);
      await ctl('ctl del key5');
    },
    900_000,
  );

  itLong('KILLS')(
    'takes a copy from where backup put it, opened on its way, and keeps nothing of it here',
    async () => {
      const identity = await generateX25519Identity();
      const [key, home] = [join(lab.stateDir, 'age-key'), join(lab.stateDir, 'home')];
      writeFileSync(key, `${identity}\n`, { mode: 0o600 });
      mkdirSync(join(home, '.ssh'), { recursive: true });
      const config = `IdentityFile ${lab.keyFile}\nUserKnownHostsFile ${lab.knownHostsFile}\n`;
      writeFileSync(join(home, '.ssh/config'), config, { mode: 0o600 });
      const env = { HOME: home };
      const to = `sftp://root@${lab.hosts[2]?.address}/srv/copies`;
      await ctl('ctl put key9 sealed');
      const taken = await contents();
      // Of a member that the restored cluster does not have: each gets another ID.
      const ssl = '/opt/etcd/ssl';
      const raised = await on(
        'etcd01',
        `curl -s --cacert ${ssl}/ca.pem --cert ${ssl}/server.pem --key ${ssl}/server-key.pem https://${lab.hosts[0]?.address}:2379/v3/maintenance/alarm -d '{"action":"ACTIVATE","memberID":"1","alarm":"NOSPACE"}'`,
      );
      expect(raised).toContain('NOSPACE');
      const sealed = ['--to', to, '--encrypt-to', await identityToRecipient(identity)];
      expect((await runPlaybook(lab, sealed, { playbook: 'backup', env })).errors).toEqual([]);
      const name = await on('etcd03', 'cd /srv/copies && ls *.db.age');
      await ctl('ctl alarm disarm; ctl del key9; ctl put later z');
      const from = (file: string, ...args: string[]) =>
        runPlaybook(lab, ['--from', `${to}/${file}`, '--identity', key, ...args], {
          playbook: 'restore',
          env,
        });
      const left = () =>
        readdirSync(join(lab.stateDir, '.quorate/inventory')).filter((one) => one.startsWith('passing-'));
      const none = await from(name.replace('.db', '.none.db'), '--check');
      expect([none.code, none.errors[0]?.message]).toEqual([
        1,
        expect.stringContaining('there is no sftp://'),
      ]);
      const check = await from(name, '--check');
      expect([check.errors, check.code, check.text]).toEqual([
        [],
        0,
        expect.stringMatching(/copies\/\S+\.db\.age \(.*is fetched when the first host/),
      ]);
      expect(left()).toEqual([]);
      const run = await from(name, '-y');
      expect([run.errors, run.code, left()]).toEqual([[], 0, []]);
      expect(await contents()).toEqual(taken);
      expect(run.text).toContain('alarm NOSPACE of 1, which is not a member any more: taken back');
      expect(await ctl('ctl alarm list; ctl put key10 taken')).toBe('OK');
      expect(`${check.text}${run.text}`).not.toContain(identity);
    },
  );

  itLong('KILLS')("of data with etcd's users goes on once its lines have let the members in", async () => {
    const save = 'user add root:pw; user grant-role root root; auth enable';
    await ctl(save.replaceAll(/(user|auth)/g, 'ctl $1'));
    const from = join(lab.stateDir, 'users.db');
    const base64 = await on(
      'etcd01',
      '/opt/etcd/cfg/etcdctl --user=root:pw snapshot save /root/users.db >/dev/null 2>&1; base64 /root/users.db',
    );
    await ctl('ctl --user=root:pw auth disable');
    writeFileSync(from, Buffer.from(base64, 'base64'));
    const check = await restore('--from', from, '--check');
    expect(check.text).toMatch(/users are in force .* etcd01, etcd02, etcd03 has no role root/);
    const shut = await restore('--from', from, '-y');
    expect(shut.code).toBe(3);
    const doctor = await runPlaybook(lab, [], { playbook: 'doctor' });
    expect(doctor.errors.map(({ message }) => message)).toEqual([
      expect.stringContaining('not finished'),
      expect.stringContaining('the cluster asks for a user'),
    ]);
    const lines = [...(shut.errors[0]?.message ?? '').matchAll(/, on (\w+): (.*?); where root/g)];
    expect(lines).toHaveLength(3);
    for (const [, host = '', line = ''] of lines)
      expect(await on(host, line.replaceAll('--user=root', '--user=root:pw'))).toContain('is granted');
    const run = await restore('--from', from, '-y');
    expect([run.errors, run.code]).toEqual([[], 0]);
    await ctl('ctl --user=root:pw auth disable');
  });
});

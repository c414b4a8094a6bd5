import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { generateX25519Identity, identityToRecipient } from 'age-encryption';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { clientProblems, startClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { eventsOf, runPlaybook, stepsOf } from '../support/playbook.ts';

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

  it('are tried where they lie and as copies, and one that is damaged is found', async () => {
    const to = join(lab.stateDir, 'copies');
    const drill = async (...args: string[]) => {
      const run = await backup('--drill', ...args);
      return { ...run, drill: eventsOf(run).find(({ event }) => event === 'drill') };
    };
    const before = await Promise.all(lab.hosts.map(({ name }) => files(name)));
    const check = await drill('--check');
    expect([check.code, check.drill, check.text]).toEqual([0, undefined, expect.stringContaining('planned')]);
    await on('etcd01', `${etcdctl(lab.hosts)}; ctl put later value`);
    const good = { problems: [], same: ['hash', 'count', 'keys'], apart: null, behind: expect.any(Number) };
    const tried = await drill();
    expect([tried.errors, tried.code, tried.drill]).toEqual([[], 0, expect.objectContaining(good)]);
    expect(tried.drill?.behind).toBeGreaterThan(0);
    const copied = await drill('--to', to);
    expect([copied.errors, copied.drill]).toEqual([[], expect.objectContaining({ ...good, from: to })]);
    const [copy = ''] = readdirSync(to).filter((name) => name.endsWith('.db'));
    const bytes = readFileSync(join(to, copy));
    writeFileSync(join(to, copy), bytes.with(5000, (bytes[5000] ?? 0) ^ 1));
    const damaged = await drill('--to', to);
    writeFileSync(join(to, copy), bytes);
    expect([damaged.code, damaged.drill?.problems]).toEqual([7, [expect.stringContaining('SHA-256')]]);
    expect(await Promise.all(lab.hosts.map(({ name }) => files(name)))).toEqual(before);
    expect((await runPlaybook(lab, ['--check'])).changed).toEqual([]);
  });

  it('a run that is killed while it tries one leaves nothing on the host', async () => {
    const [holder = ''] = await holders();
    const before = await files(holder);
    const args = ['-i', lab.inventoryFile, '--drill', '--output', 'json'];
    const run = lab.spawn('node', [program('playbooks/backup.ts'), ...args]);
    run.stdout?.resume();
    const seen = `for n in $(seq 200); do set -- ${DIR}/.*.next/data; if [ -e "$1" ]; then exit; fi; sleep 0.05; done; exit 1`;
    expect((await lab.enter(holder, seen)).code).toBe(0);
    run.kill('SIGKILL');
    const gone =
      'for n in $(seq 100); do pgrep -f "[n]ame drill" >/dev/null || break; sleep 0.1; done; pgrep -fa "[n]ame drill"';
    expect(await on(holder, `${gone}; :`)).toBe('');
    expect(await files(holder)).toEqual(before);
  });

  /** Environment of an operator whose ssh_config has these known hosts. */
  const home = (name: string, knownHosts = lab.knownHostsFile) => {
    const folder = join(lab.stateDir, name, '.ssh');
    mkdirSync(folder, { recursive: true });
    const config = `IdentityFile ${lab.keyFile}\nUserKnownHostsFile ${knownHosts}\n`;
    writeFileSync(join(folder, 'config'), config, { mode: 0o600 });
    return { HOME: join(lab.stateDir, name) };
  };

  it('go to another machine by SFTP, and are listed, thinned and tried there', async () => {
    const [, , vault] = lab.hosts;
    const to = `sftp://root@${vault?.address}/srv/of/copies`;
    const stranger = home('stranger', '/dev/null');
    const env = home('known');
    const there = async () => (await on('etcd03', 'ls -A /srv/of/copies')).split('\n').filter(Boolean);
    const run = (...args: string[]) => runPlaybook(lab, ['--to', to, ...args], { playbook: 'backup', env });
    const refused = await runPlaybook(lab, ['--list', '--to', to], { playbook: 'backup', env: stranger });
    expect([refused.code, refused.errors[0]?.message]).toEqual([5, expect.stringContaining('host key')]);
    expect((await run('--list')).errors).toEqual([]);
    const first = await run();
    expect([first.errors, first.code]).toEqual([[], 0]);
    const [db = ''] = await there();
    expect(await there()).toEqual([db, db.replace('.db', '.json')]);
    const said = await on('etcd03', `cd /srv/of/copies; stat -c '%a' * | uniq; sha256sum ${db}; cat *.json`);
    const [mode, sum, json = ''] = said.split('\n');
    expect([mode, sum?.split(' ')[0]]).toEqual(['600', JSON.parse(json).sha256]);
    const list = await run('--list');
    expect(list.text).toContain(`${to}/${db}`);
    const tried = await run('--drill');
    const drill = eventsOf(tried).find(({ event }) => event === 'drill');
    expect([tried.errors, drill]).toEqual([
      [],
      expect.objectContaining({ from: to, file: db, problems: [] }),
    ]);
    expect((await run('--keep', '1h')).errors).toEqual([]);
    expect(await there()).toEqual([expect.not.stringMatching(db), expect.stringMatching(/\.json$/)]);
  });

  it('say what the disk of another machine has, where it is full or read-only, and leave no half file', async () => {
    const vault = `sftp://root@${lab.hosts[2]?.address}`;
    await on('etcd03', 'mkdir -p /srv/small && mount -t tmpfs -o size=8k tmpfs /srv/small');
    const copy = () =>
      runPlaybook(lab, ['--to', `${vault}/srv/small`], { playbook: 'backup', env: home('known') });
    const full = await copy();
    expect([full.code, full.errors[0]]).toEqual([
      2,
      expect.objectContaining({
        message: expect.stringMatching(/srv\/small: writing \S+\.db failed: .*its disk has \d+ KiB free$/),
        hint: expect.stringContaining('make room there'),
      }),
    ]);
    expect(await on('etcd03', 'ls -A /srv/small; mount -o remount,ro /srv/small')).toBe('');
    const closed = await copy();
    expect([closed.code, closed.errors[0]?.message]).toEqual([
      2,
      expect.stringContaining('its disk is mounted read-only'),
    ]);
    await on('etcd03', 'umount /srv/small');
  });

  it('are encrypted on their way where that is asked for, and are tried and restored as such', async () => {
    const identity = await generateX25519Identity();
    const [key, to] = [join(lab.stateDir, 'age-key'), join(lab.stateDir, 'sealed')];
    writeFileSync(key, `${identity}\n`, { mode: 0o600 });
    const run = await backup('--to', to, '--encrypt-to', await identityToRecipient(identity));
    expect([run.errors, run.code]).toEqual([[], 0]);
    const [sealed = ''] = readdirSync(to);
    expect(readdirSync(to)).toEqual([
      expect.stringMatching(/-r\d+\.db\.age$/),
      sealed.replace('.db.age', '.json'),
    ]);
    expect((await backup('--drill', '--to', to)).code).toBe(1);
    const tried = await backup('--drill', '--to', to, '--identity', key);
    const drill = eventsOf(tried).find(({ event }) => event === 'drill');
    expect([tried.errors, drill]).toEqual([[], expect.objectContaining({ from: to, problems: [] })]);
    const from = ['--from', join(to, sealed), '--identity', key];
    const restore = await runPlaybook(lab, [...from, '--check'], { playbook: 'restore' });
    expect([restore.errors, stepsOf(restore, 'planned').length > 6]).toEqual([[], true]);
    expect(`${tried.text}${restore.text}`).not.toContain(identity);
    const kept = readdirSync(join(lab.stateDir, '.quorate/inventory'));
    expect(kept.filter((name) => /^passing-/.test(name))).toEqual([]);
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
    const held = '/var/lib/quorate/etcd/hold';
    const rests = await on(
      taker,
      `touch ${held}; systemctl start etcd-backup.service; rm ${held}; journalctl -u etcd-backup -o cat | grep hold`,
    );
    expect([rests, await files(taker)]).toEqual(['the host is on hold: no snapshot is taken', second]);
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
    await lab.enter('etcd03', 'systemctl stop etcd ssh.socket ssh');
    const run = await backup();
    expect(run.text).toContain('etcd03');
    expect(run.errors).toEqual([]);
  });
});

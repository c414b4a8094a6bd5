import { rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { describeLab } from '../support/describeLab.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { runPlaybook } from '../support/playbook.ts';

describeLab('day two of a cluster', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'daytwo' });
    expect((await runPlaybook(lab)).code).toBe(0);
  });
  afterAll(async () => lab?.stop());

  /** Its streams as they are. */
  const ctl = (...args: string[]) => {
    return lab.run('node', [program('playbooks/etcdctl.ts'), '-i', lab.inventoryFile, ...args]);
  };

  it('etcdctl.ts prints what etcdctl prints, of the member that was meant', async () => {
    expect(await ctl('--', 'put', 'a key', 'one\ntwo\x01')).toMatchObject({
      code: 0,
      stdout: 'OK\n',
      stderr: '',
    });
    const got = await ctl('--', 'get', 'a key', '--print-value-only');
    expect(got).toMatchObject({ code: 0, stdout: 'one\ntwo\x01\n', stderr: '' });
    const status = await ctl('-l', 'etcd02', '--', 'endpoint', 'status', '-w', 'json');
    expect(JSON.parse(status.stdout)[0].Endpoint).toContain(lab.hosts[1]?.address);
    const json = await ctl('--output', 'json', '--', 'get', 'a key');
    const events = json.stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(events.filter(({ event }) => event === 'output').map(({ line }) => line)).toEqual([
      'a key',
      'one',
      'two\x01',
    ]);
    expect(events.at(-1)).toMatchObject({ event: 'recap', exitCode: 0 });
  });

  it('etcdctl.ts leaves a line of what it has changed, and changes nothing of a cluster on hold', async () => {
    const trail = async () =>
      (await lab.enter('etcd01', 'cat /var/lib/quorate/etcd/audit.jsonl')).stdout.trim().split('\n');
    const before = await trail();
    expect((await ctl('--', 'put', '/k', 's3cret')).code).toBe(0);
    expect((await ctl('--', 'get', '/k')).code).toBe(0);
    const [line = '', ...more] = (await trail()).slice(before.length);
    expect(more).toEqual([]);
    expect(JSON.parse(line)).toMatchObject({
      command: expect.stringMatching(/ -- put \/k \*{8}$/),
      outcome: 0,
    });
    const lock = (...args: string[]) =>
      lab.run('node', [program('playbooks/lock.ts'), '-i', lab.inventoryFile, ...args]);
    expect((await lock('--hold', 'disk swap')).code).toBe(0);
    const held = await ctl('--', 'del', '/k');
    expect([held.code, held.stdout]).toEqual([6, '']);
    expect(held.stderr).toContain('disk swap');
    expect((await ctl('--', 'get', '/k', '--print-value-only')).stdout).toBe('s3cret\n');
    expect((await lock('--release')).code).toBe(0);
  });

  it('history.ts puts together what hosts and this machine know, whatever a stranger wrote', async () => {
    const evil = String.raw`printf 'x \033[2J\n{"runId":"cut' >>/var/lib/quorate/etcd/audit.jsonl`;
    await lab.enter('etcd02', evil);
    const history = (...args: string[]) =>
      lab.run('node', [program('playbooks/history.ts'), '-i', lab.inventoryFile, ...args]);
    const found = async () => {
      const { code, stdout } = await history('--output', 'json');
      expect(code).toBe(0);
      const events = stdout
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line));
      return events.find(({ event }) => event === 'history');
    };
    const both = await found();
    const site = both.runs.find(({ command }: { command: string }) => command.startsWith('site'));
    expect(site).toMatchObject({ recorded: true, check: false, outcome: 0 });
    expect(Object.keys(site.changed)).toEqual(expect.arrayContaining(lab.hosts.map(({ name }) => name)));
    expect(both.damaged).toBe(2);
    // A colleague has no records: the hosts tell as much.
    await rm(join(dirname(lab.inventoryFile), '.quorate/runs'), { recursive: true });
    const theirs = (await found()).runs.find(({ id }: { id: string }) => id === site.id);
    expect(theirs).toMatchObject({ recorded: false, who: site.who, command: site.command, outcome: 0 });
    const told = await history('-l', 'etcd02');
    expect(told.stdout).toContain(site.id);
    expect(told.stdout + told.stderr).not.toContain('\x1b');
    expect(told.stderr).toContain('etcd02: 2 lines of its audit.jsonl left out');
  });

  it('etcdctl.ts ends with 2 where etcdctl failed, and needs one member only', async () => {
    const failed = await ctl('--', 'get', 'a', '--nonsense');
    expect(failed.code).toBe(2);
    expect(failed.stderr).toMatch(/unknown flag: --nonsense[\s\S]*etcdctl ended with 1\n/);
    // Refused at once: silence has to be waited for.
    await lab.enter('etcd01', 'systemctl stop ssh.socket ssh');
    const { code, stdout, stderr } = await ctl('--', 'get', 'a key', '--keys-only');
    expect([code, stdout.trim()]).toEqual([0, 'a key']);
    expect(stderr).toMatch(/^warning: etcd01: /);
    expect((await ctl('-l', 'etcd01', '--', 'get', 'a')).code).toBe(4);
    await lab.enter('etcd01', 'systemctl start ssh');
  });
});

import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { ROOT, runPlaybook } from './support/playbook.ts';

describeLab('day two of a cluster', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'daytwo' });
    expect((await runPlaybook(lab)).code).toBe(0);
  });
  afterAll(async () => lab?.stop());

  /** Its streams as they are. */
  const ctl = (...args: string[]) => {
    const file = join(ROOT, 'playbooks/etcdctl.ts');
    return lab.run('node', ['--import', 'tsx', file, '-i', lab.inventoryFile, ...args], { cwd: ROOT });
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

  it('etcdctl.ts ends with 2 where etcdctl failed, and needs one member only', async () => {
    const failed = await ctl('--', 'get', 'a', '--nonsense');
    expect(failed.code).toBe(2);
    expect(failed.stderr).toMatch(/unknown flag: --nonsense[\s\S]*etcdctl ended with 1\n/);
    await lab.kill('etcd01');
    const { code, stdout, stderr } = await ctl('--', 'get', 'a key', '--keys-only');
    expect([code, stdout.trim()]).toEqual([0, 'a key']);
    expect(stderr).toMatch(/^warning: etcd01: /);
    expect((await ctl('-l', 'etcd01', '--', 'get', 'a')).code).toBe(4);
    await lab.boot('etcd01');
  });
});

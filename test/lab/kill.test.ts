import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './describeLab.ts';
import { interrupt } from './interrupt.ts';
import { type Lab, startLab } from './lab.ts';
import { changeSet, runPlaybook } from './playbook.ts';

const HOSTS = ['etcd01', 'etcd02', 'etcd03'];

describeLab('a run that is ended in the middle', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'kill' });
  });
  afterAll(async () => lab?.stop());

  /** Names that only exist while a file is being written. */
  const partial = async () => {
    const find =
      'find /opt/etcd /etc/systemd/system /var/lib/quorate -name "*.quorate-new" -o -name "*.next"';
    const found = await Promise.all(HOSTS.map((host) => lab.ssh(host, find)));
    return found.map(({ stdout }) => stdout.trim()).join('');
  };

  it.each([5, 16, 44])(
    'SIGKILL after change %i of a first run: a check predicts the rerun, which converges',
    async (after) => {
      await lab.reset();
      expect((await interrupt(lab, after, 'SIGKILL')).code).toBe(null);
      await new Promise((resolve) => setTimeout(resolve, 3000));
      const check = await runPlaybook(lab, ['--check']);
      const rerun = await runPlaybook(lab);
      expect(rerun.errors).toEqual([]);
      expect(changeSet(rerun)).toEqual(changeSet(check));
      expect(rerun.code).toBe(0);
      expect((await runPlaybook(lab)).changed).toEqual([]);
      expect(await partial()).toBe('');
    },
  );

  it.each([3])('SIGKILL after change %i of a rolling change: one rerun converges', async (after) => {
    const setting = ['-e', `{"etcd_settings":{"snapshot-count":${20_000 + after}}}`];
    expect((await interrupt(lab, after, 'SIGKILL', { args: setting })).code).toBe(null);
    const rerun = await runPlaybook(lab, setting);
    expect(rerun.errors).toEqual([]);
    expect(rerun.code).toBe(0);
    expect((await runPlaybook(lab, setting)).changed).toEqual([]);
  });

  it('SIGINT finishes the task in hand, says so, and ends with 130', async () => {
    const setting = ['-e', '{"etcd_settings":{"snapshot-count":40000}}'];
    expect((await interrupt(lab, 1, 'SIGINT', { args: setting })).code).toBe(130);
    expect((await runPlaybook(lab, setting)).code).toBe(0);
  });
});

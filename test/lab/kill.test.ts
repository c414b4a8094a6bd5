import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './describeLab.ts';
import { type Lab, startLab } from './lab.ts';
import { changeSet, runPlaybook } from './playbook.ts';

const ROOT = new URL('../..', import.meta.url).pathname;
const HOSTS = ['etcd01', 'etcd02', 'etcd03'];

describeLab('a run that is ended in the middle', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'kill' });
  });
  afterAll(async () => lab?.stop());

  /** Sends `signal` to a run after its n-th `task` event that is not `ok`; resolves to its exit code. */
  async function interrupted(
    after: number,
    signal: NodeJS.Signals,
    ...args: string[]
  ): Promise<number | null> {
    const child = lab.spawn(
      'node',
      [
        '--import',
        'tsx',
        join(ROOT, 'playbooks/site.ts'),
        '-i',
        lab.inventoryFile,
        '--output',
        'json',
        ...args,
      ],
      { cwd: ROOT },
    );
    let seen = 0;
    for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
      if (!line.includes('"event":"task"') || line.includes('"status":"ok"')) continue;
      seen += 1;
      if (seen === after) child.kill(signal);
    }
    if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
    return child.exitCode;
  }

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
      expect(await interrupted(after, 'SIGKILL')).toBe(null);
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
    expect(await interrupted(after, 'SIGKILL', ...setting)).toBe(null);
    const rerun = await runPlaybook(lab, setting);
    expect(rerun.errors).toEqual([]);
    expect(rerun.code).toBe(0);
    expect((await runPlaybook(lab, setting)).changed).toEqual([]);
  });

  it('SIGINT finishes the task in hand, says so, and ends with 130', async () => {
    const setting = ['-e', '{"etcd_settings":{"snapshot-count":40000}}'];
    expect(await interrupted(1, 'SIGINT', ...setting)).toBe(130);
    expect((await runPlaybook(lab, setting)).code).toBe(0);
  });
});

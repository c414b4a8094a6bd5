import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { clientProblems, describeClient, startClient } from './support/client.ts';
import { describeLab } from './support/describeLab.ts';
import { etcdctl } from './support/etcdctl.ts';
import { type Lab, startLab } from './support/lab.ts';
import { type Outcome, runPlaybook } from './support/playbook.ts';

const VERSION = process.env.QUORATE_LAB_ETCD;

describeLab('members come and go', () => {
  let lab: Lab;
  let whole: ReturnType<typeof parse>;
  beforeAll(async () => {
    lab = await startLab({ name: 'members', hosts: 5, ...(VERSION && { etcdVersion: VERSION }) });
    whole = parse(readFileSync(lab.inventoryFile, 'utf8'));
    inventoryHas('etcd01', 'etcd02', 'etcd03');
    const { errors } = await runPlaybook(lab);
    expect(errors).toEqual([]);
  });
  afterAll(async () => lab?.stop());

  /** Writes an inventory with these hosts only. */
  function inventoryHas(...names: string[]) {
    const hosts = Object.fromEntries(names.map((name) => [name, whole.etcd.hosts[name]]));
    writeFileSync(lab.inventoryFile, stringify({ ...whole, etcd: { ...whole.etcd, hosts } }));
  }

  const members = (...args: string[]) => runPlaybook(lab, args, { playbook: 'members' });
  const yes = (...args: string[]) => members('-y', ...args);
  const site = (...args: string[]) => runPlaybook(lab, args);
  const said = ({ errors }: Outcome) => errors.map(({ message }) => message).join('\n');
  const steps = ({ text }: Outcome, status = 'done') =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{"event":"step"'))
      .map((line) => JSON.parse(line))
      .filter((step) => step.status === status)
      .map(({ host, title }) => `${host}: ${title}`);
  const listed = async () => {
    const { stdout } = await lab.ssh('etcd01', `${etcdctl(lab.hosts.slice(0, 1))}; ctl member list`);
    return stdout
      .trim()
      .split('\n')
      .map((line) => line.split(', ')[2])
      .sort();
  };
  /** Runs it under a client that writes and reads; nothing acknowledged may be lost. */
  async function underClient<T>(work: () => Promise<T>, gapMs = 1000): Promise<T> {
    const client = startClient(lab);
    await client.working;
    const done = await work();
    const report = await client.stop();
    console.log(describeClient(report));
    expect(clientProblems(report)).toEqual([]);
    expect(report.writeGapMs).toBeLessThanOrEqual(gapMs);
    return done;
  }

  it('grows from three to five under a client, one at a time', async () => {
    inventoryHas('etcd01', 'etcd02', 'etcd03', 'etcd04', 'etcd05');
    const check = await members('--check');
    expect(check.errors).toEqual([]);
    console.log(steps(check, 'planned').join('\n'));
    const grown = await underClient(() => yes());
    expect(said(grown)).toBe('');
    console.log(steps(grown).join('\n'));
    expect(await listed()).toEqual(['etcd01', 'etcd02', 'etcd03', 'etcd04', 'etcd05']);
    expect(steps(await yes())).toEqual([]);
    expect((await site('--check')).changed).toEqual([]);
  });

  it('shrinks to three again, by name', async () => {
    const shrunk = await underClient(() => yes('--remove', 'etcd04,etcd05'));
    expect(said(shrunk)).toBe('');
    console.log(steps(shrunk).join('\n'));
    expect(await listed()).toEqual(['etcd01', 'etcd02', 'etcd03']);
    expect(steps(await yes('--remove', 'etcd04,etcd05'))).toEqual([]);
    inventoryHas('etcd01', 'etcd02', 'etcd03');
    expect((await site('--check')).changed).toEqual([]);
  });
});

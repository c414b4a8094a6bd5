import { readFileSync, writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { parse, stringify } from 'yaml';
import { startClient } from '../support/client.ts';
import { describeLab } from '../support/describeLab.ts';
import { etcdctl } from '../support/etcdctl.ts';
import { killedAt } from '../support/killedAt.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole, itLong } from '../support/long.ts';
import { type Outcome, runPlaybook, stepsOf, stepTimes } from '../support/playbook.ts';
import { strikeEach } from '../support/strikeEach.ts';

const DATA = '/var/lib/etcd/default.etcd';
/** What takes longer than a build should: `npm run test:recover`. */
const all = isWhole('RECOVER');
const THREE = ['etcd01', 'etcd02', 'etcd03'];
/** The gateway of 3.3 has another path, and it knows no learners. */
const plain = process.env.QUORATE_LAB_ETCD?.startsWith('3.3.') === true;

describeLab('a cluster that has lost its quorum', () => {
  let lab: Lab;
  beforeAll(async () => {
    const version = process.env.QUORATE_LAB_ETCD ?? '';
    lab = await startLab({ name: `recover${version.replaceAll('.', '')}` });
    const { etcd } = parse(readFileSync(lab.inventoryFile, 'utf8'));
    etcd.vars.etcd_backup_schedule = 'monthly';
    writeFileSync(lab.inventoryFile, stringify({ etcd }));
    expect(said(await runPlaybook(lab))).toBe('');
  });
  afterAll(async () => lab?.stop());

  const recover = (...args: string[]) => runPlaybook(lab, args, { playbook: 'recover' });
  const site = (...args: string[]) => runPlaybook(lab, args);
  const said = ({ errors }: Outcome) =>
    errors.map(({ message, hint = '' }) => `${message}\n${hint}`).join('\n');
  const steps = (run: Outcome, status: 'planned' | 'done' = 'planned') => stepsOf(run, status);
  const on = async (host: string, script: string) => (await lab.ssh(host, script)).stdout.trim();
  /** What one member has by itself, quorum or not. */
  const contents = (host: string) => {
    const address = lab.hosts.find(({ name }) => name === host)?.address ?? '';
    return on(host, `${etcdctl([{ address }])}; ctl get --prefix '' --consistency=s`);
  };

  /** Kills a run in its first step of that title. */
  const killed = (title: string, ...args: string[]) =>
    killedAt(lab, 'recover', (step) => step.includes(`: ${title}`), args);

  const pairs = (said: string) => {
    const lines = said.split('\n');
    return lines.flatMap((line, i) => (i % 2 === 0 ? [`${line}=${lines[i + 1]}`] : []));
  };
  it('is left alone while it has one', async () => {
    const run = await recover('--from', 'etcd01', '-y');
    expect([run.code, said(run)]).toEqual([3, expect.stringContaining('it has a quorum')]);
  });

  it('is made of the host that is left, to the last write that it has; killed on the way, it goes on', async () => {
    const client = plain ? undefined : startClient(lab);
    await client?.working;
    await on('etcd01', `${etcdctl(lab.hosts)}; for n in 1 2 3; do ctl put key$n value$n; done`);
    // One machine is gone, and the data of another one is declared lost.
    await on('etcd03', 'systemctl stop etcd');
    await lab.kill('etcd02');
    await lab.reset('etcd02');
    const before = await contents('etcd01');
    const unsaid = await recover('-y', '--lost', 'etcd03');
    expect([unsaid.code, said(unsaid)]).toEqual([
      3,
      expect.stringMatching(/etcd03: .*recover.* --from etcd01 -y/s),
    ]);
    const words = ['--from', 'etcd01', '--lost', 'etcd03'];
    const check = await recover(...words, '--check');
    expect([check.code, said(check)]).toEqual([0, '']);
    const late = plain ? 'set it up' : 'let it vote';
    for (const title of all
      ? ['stop', 'make one member', 'set the old data aside', 'start', late, 'open it']
      : ['start']) {
      expect(await killed(title, ...words)).toContain(`: ${title}`);
      // No client gets there before all are whole.
      if (title === 'let it vote') expect(await contents('etcd01')).toBe('');
    }
    expect((await site('--check')).code).toBe(3);
    const run = await recover(...words, '-y');
    expect([said(run), run.code]).toEqual(['', 0]);
    console.log(stepTimes(run));
    const report = await client?.stop();
    const each = await Promise.all(THREE.map(contents));
    expect(new Set(each).size).toBe(1);
    // What was there is there, and of the last moment what the log of this member had.
    expect(pairs(before).filter((pair) => !pairs(each[0] ?? '').includes(pair))).toEqual([]);
    expect(report?.stale ?? 0).toBe(0);
    expect(
      await on('etcd03', `ls -d ${DATA}/.*before-recover*/member ${DATA}/.recover-* 2>/dev/null`),
    ).toMatch(/^\S+before-recover-\S+\/member$/);
    const again = await recover(...words, '-y');
    expect([again.code, steps(again), again.text]).toEqual([
      0,
      [],
      expect.stringContaining('done before, by run'),
    ]);
    expect((await site('--check')).changed).toEqual([]);
  }, 600_000);

  itLong('RECOVER')(
    'is made of it while the others are off; when they come back with their old data they are named, and not let in',
    async () => {
      await on('etcd01', `${etcdctl(lab.hosts)}; ctl put later x`);
      await lab.kill('etcd02', 'etcd03');
      const before = await contents('etcd01');
      const run = await recover('--from', 'etcd01', '-y');
      expect([said(run), run.code]).toEqual(['', 0]);
      console.log(stepTimes(run));
      // What was shown is what there is.
      const [, shown = '?'] = /etcd01: revision (\d+)/.exec(run.text) ?? [];
      expect(run.text).toContain(`what is made of it has revision ${shown}"`);
      expect(run.text).toContain('etcd03 was not reached, and is not a member any more');
      expect(await contents('etcd01')).toBe(before);
      await lab.boot('etcd02', 'etcd03');
      await on('etcd02', 'for n in 1 2 3 4 5 6 7 8 9; do systemctl is-active etcd && break; sleep 1; done');
      const found = await site();
      expect([found.code, said(found)]).toEqual([
        3,
        expect.stringMatching(
          /etcd02: its data is of the cluster before it was recovered.*\n.*--replace etcd02/,
        ),
      ]);
      const args = ['--replace', 'etcd02,etcd03', ...(plain ? ['--accept-downtime'] : [])];
      const back = await runPlaybook(lab, [...args, '-y'], { playbook: 'members' });
      expect(said(back)).toBe('');
      expect(steps(back).slice(1, 4)).toEqual([
        'etcd02: set its old data aside',
        'etcd03: set its old data aside',
        expect.stringMatching(/etcd02: .*add it/),
      ]);
      expect(await Promise.all(THREE.map(contents))).toEqual([before, before, before]);
      expect((await site('--check')).changed).toEqual([]);
    },
    600_000,
  );

  itLong('RECOVER')(
    'is made of another host where the first one dies once the data of all is aside; that one is not let in later',
    async () => {
      await on('etcd02', `${etcdctl(lab.hosts)}; ctl put orphan x`);
      const before = await contents('etcd02');
      await lab.kill('etcd03');
      await on('etcd02', 'systemctl stop etcd');
      expect(await killed('start', '--from', 'etcd01', '--lost', 'etcd02')).toContain(': start');
      await lab.kill('etcd01');
      await lab.boot('etcd03');
      const unsaid = await recover('-y');
      expect([unsaid.code, said(unsaid)]).toEqual([
        3,
        expect.stringMatching(/etcd01: .*not reached.*\n.*choose another host: .*--from HOST/),
      ]);
      const run = await recover('--from', 'etcd02', '-y', '--lock-wait', '1m');
      expect([said(run), run.code]).toEqual(['', 0]);
      expect(steps(run, 'done')).toContain(
        'etcd02: put its own data back, which an earlier run has set aside',
      );
      expect(await contents('etcd02')).toBe(before);
      await lab.boot('etcd01');
      const found = await site();
      expect([found.code, said(found)]).toEqual([3, expect.stringContaining('--replace etcd01')]);
      const back = await runPlaybook(lab, ['--replace', 'etcd01', '-y'], { playbook: 'members' });
      expect(said(back)).toBe('');
      expect(await Promise.all(THREE.map(contents))).toEqual([before, before, before]);
      expect((await site('--check')).changed).toEqual([]);
    },
    600_000,
  );

  itLong('RECOVER')(
    'is finished by a rerun in whatever step a machine is lost',
    async () => {
      await on('etcd01', `${etcdctl(lab.hosts)}; ctl put power x`);
      await on('etcd03', 'systemctl stop etcd');
      await lab.reset('etcd02');
      const before = await contents('etcd01');
      const words = ['--from', 'etcd01', '--lost', 'etcd03', '-y'];
      const struck = await strikeEach(lab, 'machine', 'recover', words);
      expect(struck.length).toBeGreaterThan(5);
      expect(await Promise.all(THREE.map(contents))).toEqual([before, before, before]);
      const again = await recover(...words);
      expect([again.code, steps(again)]).toEqual([0, []]);
      expect((await site('--check')).changed).toEqual([]);
    },
    900_000,
  );
});

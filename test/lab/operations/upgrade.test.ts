import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, it } from 'vitest';
import { type Client, clientProblems, describeClient, gapLimit, startClient } from '../support/client.ts';
import { describeLab, itHaving } from '../support/describeLab.ts';
import { follow } from '../support/follow.ts';
import { sleep } from '../support/host/process.ts';
import { type Lab, startLab } from '../support/lab.ts';
import { isWhole } from '../support/long.ts';
import { type Outcome, runPlaybook, stepsOf } from '../support/playbook.ts';
import { tarballOf } from '../support/releases/releases.ts';
import { type Strike, strikeEach } from '../support/strikeEach.ts';

/** The whole chain of minors, and programs that do not come up: minutes. */
const all = isWhole('UPGRADES');
const long = all ? itHaving : () => it.skip;

describeLab('an upgrade of a cluster that is in use', () => {
  let lab: Lab;
  let client: Client | undefined;
  beforeAll(async () => {
    lab = await startLab({ name: 'upgrade' });
  });
  afterAll(() => lab?.stop());
  afterEach(async () => {
    await client?.stop().catch(() => undefined);
    client = undefined;
  });

  const site = (version: string, ...args: string[]) =>
    runPlaybook(lab, ['-e', `etcd_version=${version}`, ...args]);
  const upgrade = (version: string, ...args: string[]) =>
    runPlaybook(lab, ['-y', '-e', `etcd_version=${version}`, ...args], {
      playbook: 'upgrade',
      timeoutMs: 400_000,
    });
  const said = ({ errors }: Pick<Outcome, 'errors'>) =>
    errors.map(({ message, hint }) => `${message} (${hint})`).join('\n');
  const steps = (run: Outcome, status: 'planned' | 'begun' | 'done' = 'done') => stepsOf(run, status);
  const versions = ({ text }: Outcome) =>
    text
      .split('\n')
      .filter((line) => line.startsWith('{"event":"cluster"'))
      .flatMap((line) => JSON.parse(line).members.map(({ version }: { version: string }) => version));

  async function found(version: string) {
    await lab.reset();
    await lab.run('rm', ['-rf', join(lab.stateDir, '.quorate')]);
    expect(said(await site(version))).toBe('');
  }

  async function startWriter() {
    client = startClient(lab);
    await client.working;
  }

  /** No acknowledged write is lost, and none waited for longer than it may. */
  async function endWriter(what: string, gapMs = gapLimit('UPGRADES')) {
    const report = await client?.stop();
    client = undefined;
    if (report === undefined) throw new Error('no client runs');
    console.log(`${what}: ${describeClient(report)}`);
    expect(clientProblems(report)).toEqual([]);
    expect(report.writeGapMs).toBeLessThanOrEqual(gapMs);
  }

  /** Kills the run once so many steps have begun, and it is in the middle of the last. */
  async function killedAt(version: string, begun: number, ms: number, ...args: string[]) {
    let kill = () => {};
    let count = 0;
    const run = await follow(lab, ['-y', '-e', `etcd_version=${version}`, ...args], {
      playbook: 'upgrade',
      started: (child) => {
        kill = () => child.kill('SIGKILL');
      },
      async step({ status }) {
        if (status === 'begun') count += 1;
        if (status !== 'begun' || count !== begun) return;
        await sleep(ms);
        kill();
      },
    });
    expect(count).toBe(begun);
    expect(run.code).toBe(null);
  }

  itHaving(...(all ? (['3.5.30'] as const) : []), '3.6.16', '3.7.3')(
    `goes over ${all ? 'two minors' : 'a minor'}, and on after a kill in the middle of a turn`,
    async () => {
      const from = all ? '3.5.30' : '3.6.16';
      const via = all ? ['--via', '3.6.16'] : [];
      await found(from);
      const refused = await site('3.7.3', '--check');
      expect(refused.code).toBe(3);
      expect(said(refused)).toContain(`its members run etcd ${from}, the inventory says 3.7.3`);
      expect(said(refused)).toContain('upgrade');
      const missing = await upgrade('3.7.3', '--via', '3.6.99');
      expect([missing.code, steps(missing, 'begun')]).toEqual([1, []]);
      expect(said(missing)).toContain('nothing was changed');
      await startWriter();
      await killedAt('3.7.3', 2, 1500, ...via);
      const between = await site('3.7.3', '--check');
      expect([between.code, said(between)]).toEqual([3, expect.stringContaining('upgrade, to etcd 3.7.3')]);
      const rest = await upgrade('3.7.3');
      expect(said(rest)).toBe('');
      expect(versions(rest)).toEqual(['3.7.3', '3.7.3', '3.7.3']);
      await endWriter(`${from} to 3.7.3, killed once`);
      console.log(steps(rest).join('\n'));
      const again = await upgrade('3.7.3');
      expect([again.code, steps(again), again.changed]).toEqual([0, [], []]);
      const after = await site('3.7.3', '--check');
      expect([said(after), after.changed]).toEqual(['', []]);
    },
    480_000,
  );

  long('3.6.16', '3.7.3')(
    'goes down a minor only where that is said, and back up where it is taken back',
    async () => {
      const implicit = await upgrade('3.6.16');
      expect([implicit.code, steps(implicit, 'begun')]).toEqual([3, []]);
      expect(said(implicit)).toContain('--downgrade');
      await startWriter();
      await killedAt('3.6.16', 1, 300, '--downgrade');
      const cancelled = await upgrade('3.7.3', '--cancel');
      expect(said(cancelled)).toBe('');
      const down = await upgrade('3.6.16', '--downgrade');
      expect(said(down)).toBe('');
      expect(versions(down)).toEqual(['3.6.16', '3.6.16', '3.6.16']);
      await endWriter('3.7.3 to 3.6.16, taken back once');
      const again = await upgrade('3.6.16', '--downgrade');
      expect([again.code, steps(again)]).toEqual([0, []]);
      const after = await site('3.6.16', '--check');
      expect([said(after), after.changed]).toEqual(['', []]);
    },
    480_000,
  );

  long('3.5.30', '3.6.16')(
    'goes down from 3.6 to 3.5, also killed in the middle of a turn, and up again',
    async () => {
      await found('3.6.16');
      await startWriter();
      // After the snapshot and etcd's own agreement.
      await killedAt('3.5.30', 3, 1500, '--downgrade');
      const down = await upgrade('3.5.30', '--downgrade');
      console.log(steps(down).join('\n'));
      expect(said(down)).toBe('');
      expect(versions(down)).toEqual(['3.5.30', '3.5.30', '3.5.30']);
      const again = await upgrade('3.5.30', '--downgrade');
      expect([again.code, steps(again)]).toEqual([0, []]);
      const after = await site('3.5.30', '--check');
      expect([said(after), after.changed]).toEqual(['', []]);
      const up = await upgrade('3.6.16');
      expect(said(up)).toBe('');
      expect(versions(up)).toEqual(['3.6.16', '3.6.16', '3.6.16']);
      await endWriter('3.6.16 to 3.5.30, killed once, and back');
    },
    480_000,
  );

  for (const strike of ['run', 'machine'] satisfies Strike[])
    long('3.6.16', '3.7.3')(
      `is finished by a rerun in whatever step the ${strike} is lost`,
      async () => {
        await found('3.6.16');
        await startWriter();
        const struck = await strikeEach(lab, strike, 'upgrade', ['-y', '-e', 'etcd_version=3.7.3']);
        expect(struck.length).toBeGreaterThan(3);
        expect(versions(await runPlaybook(lab, [], { playbook: 'status' }))).toEqual(Array(3).fill('3.7.3'));
        // A leader that is lost is missed until another one is elected.
        await endWriter(`the ${strike} lost in each step`, strike === 'run' ? undefined : 15_000);
        const again = await upgrade('3.7.3');
        expect([said(again), steps(again), again.changed]).toEqual(['', [], []]);
        const after = await site('3.7.3', '--check');
        expect([said(after), after.changed]).toEqual(['', []]);
      },
      900_000,
    );

  long('3.6.16', '3.7.3')(
    'puts back a program that does not come up, and stops; the next one is taken',
    async () => {
      await found('3.6.16');
      brokenRelease('3.6.17');
      await startWriter();
      const url = `etcd_download_url=${lab.mirrorUrl}/v{version}/etcd-v{version}-linux-{arch}.tar.gz`;
      const run = await upgrade('3.6.17', '-e', url);
      expect([run.code, steps(run).filter((step) => step.includes('move'))]).toEqual([3, []]);
      expect(run.text).toContain('etcd 3.6.16 is back in the place of 3.6.17');
      expect(versions(await runPlaybook(lab, [], { playbook: 'status' }))).toEqual([
        '3.6.16',
        '3.6.16',
        '3.6.16',
      ]);
      expect((await site('3.6.16', '--check')).code).toBe(3);
      expect(steps(await upgrade('3.6.16'), 'begun')).toEqual([]);
      const givenUp = await site('3.6.16', '--check');
      expect([said(givenUp), givenUp.changed]).toEqual(['', []]);
      const next = await upgrade('3.7.3');
      expect(said(next)).toBe('');
      await endWriter('a program that does not come up');
    },
    900_000,
  );

  long(
    '3.3.25',
    '3.4.23',
    '3.5.30',
    '3.6.16',
    '3.7.3',
  )(
    'goes through all minors, from 3.3 to 3.7',
    async () => {
      await found('3.3.25');
      await startWriter();
      expect(said(await upgrade('3.4.23'))).toBe('');
      const run = await upgrade('3.7.3', '--via', '3.5.30,3.6.16');
      console.log(steps(run).join('\n'));
      expect(said(run)).toBe('');
      expect(versions(run)).toEqual(['3.7.3', '3.7.3', '3.7.3']);
      await endWriter('3.3.25 to 3.7.3');
    },
    900_000,
  );

  /** A release whose etcd is a program of this machine, and ends at once. */
  function brokenRelease(version: string) {
    const work = mkdtempSync(join(tmpdir(), 'quorate-broken-'));
    const arch = execFileSync('dpkg', ['--print-architecture'], { encoding: 'utf8' }).trim();
    const top = `etcd-v${version}-linux-${arch}`;
    execFileSync('tar', ['-xzf', tarballOf('3.6.16', arch), '-C', work]);
    execFileSync('mv', [join(work, `etcd-v3.6.16-linux-${arch}`), join(work, top)]);
    copyFileSync('/bin/false', join(work, top, 'etcd'));
    const folder = join(lab.wwwDir, `v${version}`);
    mkdirSync(folder, { recursive: true });
    execFileSync('tar', ['-czf', join(folder, `${top}.tar.gz`), '-C', work, top]);
    const sums = execFileSync('sha256sum', [`${top}.tar.gz`], { cwd: folder, encoding: 'utf8' });
    writeFileSync(join(folder, 'SHA256SUMS'), sums);
    rmSync(work, { recursive: true, force: true });
  }
});

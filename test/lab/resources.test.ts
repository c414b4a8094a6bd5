import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeLab } from './support/describeLab.ts';
import { type Lab, startLab } from './support/lab.ts';
import { changeSet, runPlaybook } from './support/playbook.ts';

describeLab('resources on a real host', () => {
  let lab: Lab;
  beforeAll(async () => {
    lab = await startLab({ name: 'resources', hosts: 1 });
  });
  afterAll(async () => lab?.stop());

  const run = (name: string | undefined, ...args: string[]) =>
    runPlaybook(lab, [...(name === undefined ? [] : ['-e', `lab_case=${name}`]), ...args], {
      playbook: '../test/lab/support/resourcesPlaybook',
    });
  const on = async (command: string) => (await lab.ssh('etcd01', command)).stdout.trim();

  it('a check says what a run does, and the next one is empty', async () => {
    const check = await run('bare', '--check');
    expect([check.code, check.errors]).toEqual([0, []]);
    const made = await run('bare');
    expect([made.code, made.errors]).toEqual([0, []]);
    expect(changeSet(check)).toEqual(changeSet(made));
    expect(await on("stat -c '%U %G %a' /srv/lab/www /srv/lab/www/index.html; stat -c %a /srv/lab")).toBe(
      'lab-web lab-web 2755\nlab-web lab-web 640\n755',
    );
    expect((await run('bare', '--check')).changed).toEqual([]);
  });

  it('what hangs on a change is seen to in the same run', async () => {
    await on('echo edited >/srv/lab/www/index.html; chown bin /srv/lab/www/index.html');
    // Due when the plan was made: it is run again, as the check would say.
    const repaired = await run('bare');
    expect(repaired.changed.map(({ task, status }) => [task, status])).toEqual([
      ['/srv/lab/www/index.html has its content, mode and owner', 'changed'],
      ['the page is counted', 'changed'],
    ]);
    await on('echo 0 0 >/srv/lab/sum; echo edited >/srv/lab/www/index.html');
    const check = await run('bare', '--check');
    expect(check.changed.map(({ task, status }) => [task, status])).toEqual([
      ['/srv/lab/www/index.html has its content, mode and owner', 'changed'],
      ['the page is counted', 'changed'],
    ]);
    expect((await run('bare')).code).toBe(0);
    expect((await run('bare', '--check')).changed).toEqual([]);
  });

  it.each([
    ['masked', /lab-masked\.service is a link to a device, a file was wanted$/],
    ['read-only', /cannot make \/sys\/kernel\/lab: nothing can be written in \/sys\/kernel$/],
    ['owner', /cannot give \/srv\/lab-owner to user lab-nobody: there is none of this name$/],
  ])('%s is refused by a check as by a run', async (name, message) => {
    await on('systemctl mask --quiet lab-masked.service');
    for (const args of [['--check'], []]) {
      const { code, errors } = await run(name, ...args);
      expect([code, errors.length]).toEqual([2, 1]);
      expect(errors[0]?.message).toMatch(message);
    }
    expect(await on('systemctl is-enabled lab-masked.service; ls /srv/lab-owner 2>/dev/null')).toBe('masked');
  });

  it('a variable that is not set is told before any contact', async () => {
    const { code, errors, recap } = await run(undefined);
    expect([code, errors[0]?.message]).toEqual([
      1,
      'etcd01: role resources needs lab_case, which is not set',
    ]);
    expect(recap.etcd01?.roundTrips ?? 0).toBe(0);
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { afterAll, describe, expect, it } from 'vitest';
import { command, directory, file, role, sh, user } from '../../../package/index.ts';
import { converge, fakeHost, labHost, matchers, type QuorateMatchers } from '../../../package/test.ts';

declare module 'vitest' {
  interface Matchers<T> extends QuorateMatchers<T> {}
}
expect.extend(matchers);

const motd = role({
  name: 'motd',
  description: 'a greeting',
  facts: ['family'],
  vars: {
    motd_dir: { type: 'string', default: '/etc/greetings' },
    motd_text: { type: 'string', required: true },
  },
  tasks: ({ vars, facts }) => [
    directory(vars.motd_dir),
    file(`${vars.motd_dir}/motd`, { content: `${vars.motd_text} (${facts.family})\n` }),
    ...(facts.family === 'redhat' ? [directory('/etc/only-there')] : []),
  ],
});

describe('a fake host', () => {
  it('has the tasks of a role for its facts and variables', () => {
    const vars = { motd_text: 'hi' };
    expect(fakeHost({ vars }).tasks(motd)).toHaveTask('file:/etc/greetings/motd');
    expect(fakeHost({ vars }).tasks(motd)).not.toHaveTask('directory:/etc/only-there');
    expect(fakeHost({ vars, facts: { family: 'redhat' } }).tasks(motd)).toHaveTask(
      'directory:/etc/only-there',
    );
  });

  it('names a variable that is missing', () => {
    expect(() => fakeHost().tasks(motd)).toThrow('role motd needs a value for motd_text');
  });

  it('knows its groups', () => {
    const grouped = role({
      name: 'grouped',
      description: 'by group',
      tasks: ({ host }) => host.groups.map((group) => directory(`/srv/${group}`)),
    });
    expect(fakeHost({ groups: ['web'] }).tasks(grouped)).toHaveTask('directory:/srv/web');
  });
});

const host = await labHost();
afterAll(() => host?.close());

describe.skipIf(host === undefined)('a lab host', () => {
  it('takes a role, and leaves this machine alone', async () => {
    expect(await converge(host!, [motd], { motd_text: 'hi' })).toConverge();
    expect((await host!.sh('cat /etc/greetings/motd')).out).toMatch(/^hi \(/);
    expect(existsSync('/etc/greetings')).toBe(false);
    expect((await host!.sh('rm /etc/greetings/motd; echo $?')).out).toBe('0\n');
    const { check } = await converge(host!, [motd], { motd_text: 'hi' });
    expect(check.changed).toHaveLength(1);
  });

  it('has accounts of its own', async () => {
    const worker = role({
      name: 'worker',
      description: 'an account',
      tasks: () => [user('kit-worker', { system: true })],
    });
    expect(await converge(host!, [worker])).toConverge();
  });

  it('tells why a role does not converge', async () => {
    const broken = role({
      name: 'broken',
      description: 'never done',
      tasks: () => [command('is never done', { run: sh`:`, unless: sh`false` })],
    });
    const result = await converge(host!, [broken]);
    expect(() => expect(result).toConverge()).toThrow(/the apply: .*is never done/);
  });

  it('ends with its processes, and leaves no folder', async () => {
    const other = await labHost();
    const { out } = (await other?.sh('sleep 1234567 >&- & cat /.quorate-lab')) ?? { out: '' };
    await other?.close();
    expect(existsSync(out)).toBe(false);
    expect(spawnSync('ps', ['ax', '-o', 'args'], { encoding: 'utf8' }).stdout).not.toContain('sleep 1234567');
  });

  it('cannot change what it shares with this machine', async () => {
    expect((await host!.sh(': >/usr/quorate-kit')).code).not.toBe(0);
    expect((await host!.sh('echo 1 >/proc/sys/vm/swappiness')).code).not.toBe(0);
  });
});

import { spawnSync } from 'node:child_process';
import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { command, directory, file, role, sh, user } from '../../../package/index.ts';
import {
  type Convergence,
  converge,
  fakeHost,
  labHost,
  matchers,
  type QuorateMatchers,
} from '../../../package/test.ts';

import { scratch } from '../support/scratch.ts';

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

  it.each([
    [{}, 'app.example:80'],
    [{ site: { port: 8080 } }, 'app.example:8080'],
    [{ site: { host: 'b.example' } }, 'b.example:80'],
  ])('has the defaults of what a variable holds: %j', (vars, name) => {
    const site = role({
      name: 'site',
      vars: {
        site: {
          type: 'object',
          properties: {
            port: { type: 'integer', default: 80 },
            host: { type: 'string', default: 'app.example' },
          },
          default: {},
        },
      },
      tasks: ({ vars }) => [directory(`/srv/${vars.site.host}:${vars.site.port}`)],
    });
    expect(fakeHost({ vars }).tasks(site)).toHaveTask(`directory:/srv/${name}`);
    expect(site.vars.site?.default).toEqual({});
  });

  it('takes a default that is undefined for none', () => {
    const text: string | undefined = undefined;
    const unset = role({
      name: 'unset',
      vars: { unset_text: { type: 'string', default: text } },
      tasks: ({ vars }) => [directory(`/srv/${vars.unset_text}`)],
    });
    expect(() => fakeHost().tasks(unset)).toThrow('role unset needs a value for unset_text');
    expect(fakeHost({ vars: { unset_text: 'a' } }).tasks(unset)).toHaveTask('directory:/srv/a');
  });

  it.each<[unknown, string]>([
    [undefined, 'role lists gives undefined, a list of tasks was wanted; return [ … ]'],
    [[false], 'role lists has the boolean false in its list of tasks (number 1)'],
    [[directory('/a'), 'x'], 'role lists has the string "x" in its list of tasks (number 2, after "/a'],
    [[undefined], 'role lists has undefined in its list of tasks (number 1)'],
    [[Promise.resolve()], 'role lists has a Promise in its list of tasks (number 1)'],
    [[() => directory('/a')], 'role lists has a function in its list'],
  ])('refuses a list that a run would refuse: %j', (list, message) => {
    const lists = role({ name: 'lists', tasks: () => list as never });
    expect(() => fakeHost().tasks(lists)).toThrow(message);
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

describe('what a fake host is told', () => {
  const notes = role({
    name: 'notes',
    description: 'variables and facts of each kind',
    facts: ['family', 'distribution', 'version', 'serviceManager'],
    vars: {
      notes_port: { type: 'integer', default: 80, description: 'Port.' },
      notes_mode: { type: 'string', enum: ['a', 'b'], default: 'a' },
    },
    tasks: ({ vars, facts }) => [
      directory(
        `/srv/${vars.notes_port}-${facts.family}-${facts.distribution}-${facts.version}-${facts.serviceManager}`,
      ),
    ],
  });

  it.each([
    [{ notes_port: 'abc' }, /notes_port of fake must be a whole number, found "abc"/],
    [{ notes_mode: 'c' }, /notes_mode of fake must be one of a, b/],
    [{ notes_prot: 8080 }, /notes_prot is not a variable .*did you mean notes_port\?/],
  ])('%j is refused, as an inventory that says so would be', (vars, message) => {
    expect(() => fakeHost({ vars }).tasks(notes)).toThrow(message);
    expect(() => fakeHost({ vars }).tasks(notes)).not.toThrow('--extra-vars');
  });

  it('variables come as an inventory gives them, those of other roles beside', () => {
    const [task] = fakeHost({ vars: { notes_port: '8080', other_role: 1 } }).tasks(notes);
    expect(task?.resource).toMatch(/^directory:\/srv\/8080-/);
  });

  it.each([
    [{}, 'debian-debian-12-systemd'],
    [{ family: 'redhat' }, 'redhat-rocky-9.6-systemd'],
    [{ distribution: 'ubuntu' }, 'debian-ubuntu-24.04-systemd'],
    [{ distribution: 'fedora', version: '41' }, 'redhat-fedora-41-systemd'],
    [{ family: 'alpine' }, 'alpine-alpine-3.22.1-openrc'],
    [{ distribution: 'homemade' }, 'other-homemade--systemd'],
    [{ family: 'debian', distribution: 'homemade' }, 'debian-homemade--systemd'],
  ] as const)('facts %j are those of %s', (facts, system) => {
    expect(fakeHost({ facts }).tasks(notes)).toHaveTask(`directory:/srv/80-${system}`);
  });

  it('builds a role whose file is a Jinja template', () => {
    const template = join(scratch(), 'site.conf.j2');
    writeFileSync(template, 'port {{ port }}\n');
    const templated = role({
      name: 'templated',
      description: 'of a template',
      tasks: () => [file('/etc/site.conf', { template, values: { port: 80 } })],
    });
    expect(fakeHost().tasks(templated)).toHaveTask('file:/etc/site.conf');
  });
});

describe('toConverge', () => {
  const change = (before: unknown, after: unknown, certainty = 'certain') => [
    {
      event: 'task',
      role: 'r',
      task: 't',
      changes: [{ kind: 'update', property: 'mode', before, after, certainty }],
    },
  ];
  const outcome = (events: readonly object[]) => ({ exitCode: 0, events, changed: events, errors: [] });
  const judged = (check: readonly object[], apply: readonly object[]) => {
    const same = [{ event: 'task', role: 'r', task: 't', changes: [] }];
    const all = { check: outcome(check), apply: outcome(apply), again: outcome(same) };
    return matchers.toConverge(all as unknown as Convergence);
  };

  it.each([
    ['what the check told', change(1, 2), change(1, 2), true, 'it converged'],
    ['what only the run could tell', change(1, 2, 'unknown'), change(1, 3), true, 'it converged'],
    ['another change', change(1, 2), change(1, 3), false, 'r: t (update mode): 1 → 2; the apply did 1 → 3'],
    ['from another state', change(null, 2), change(1, 2), false, 'none → 2; the apply did 1 → 2'],
    ['nothing at all', [], [], false, 'the roles have no task for this host'],
  ])('an apply that did %s', (_, check, apply, pass, told) => {
    const { pass: found, message } = judged(check, apply);
    expect([found, message()]).toEqual([pass, expect.stringContaining(told)]);
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

  it('takes a role with a template, a validation, and commands that only the run can tell of', async () => {
    const template = join(scratch(), 'site.conf.j2');
    writeFileSync(template, 'port {{ port }}\n');
    const whole = role({
      name: 'whole',
      description: 'what real roles have',
      tasks: () => {
        const conf = file('/etc/whole.conf', {
          template,
          values: { port: 80 },
          validate: (path) => sh`grep -q ^port ${path}`,
        });
        return [
          conf,
          command('is asked again, and was done before', { run: sh`:`, unless: sh`true`, after: [conf] }),
          command('is asked again, and is due', {
            run: sh`:>/etc/due`,
            unless: sh`[ -e /etc/due ]`,
            after: [conf],
          }),
          command('runs each time', { run: sh`:`, changedWhen: 'always' }),
          command('stands after that', { run: sh`:`, unless: sh`true` }),
        ];
      },
    });
    expect(await converge(host!, [whole])).toConverge();
  });

  it.each(['stdin', 'stdout', 'stderr', 'fd'])('has /dev/%s', async (name) => {
    expect((await host!.sh(`[ -e /dev/${name} ]`)).code).toBe(0);
  });

  it('begins in a folder that there is', async () => {
    const child = host!.spawn('sh', ['-c', 'cat </dev/null; pwd; pwd -P'], {
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const said = await new Promise<string>((resolve) => {
      let all = '';
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk: Buffer) => {
          all += chunk;
        });
      child.once('close', () => resolve(all));
    });
    expect(said).toBe('/\n/\n');
  });

  it('ends with its processes, and leaves no folder', async () => {
    const other = await labHost();
    // A time that no other run of this test has.
    const waits = `sleep 1${process.pid}67`;
    const { out } = (await other?.sh(`${waits} >&- & cat /.quorate-lab`)) ?? { out: '' };
    await other?.close();
    expect(existsSync(out)).toBe(false);
    // What was killed is there until somebody has asked for its end.
    await expect
      .poll(() => spawnSync('ps', ['ax', '-o', 'args'], { encoding: 'utf8' }).stdout, { timeout: 5000 })
      .not.toContain(waits);
  });

  it('cannot change what it shares with this machine', async () => {
    expect((await host!.sh(': >/usr/quorate-kit')).code).not.toBe(0);
    expect((await host!.sh('echo 1 >/proc/sys/vm/swappiness')).code).not.toBe(0);
  });
});

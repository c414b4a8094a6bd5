import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Project } from '../support/project.ts';

/** Secrets in all the ways that they get into shell: whole contents, words of commands, environments, short ones. */
const SITE = `
const site = role({
  name: 'site',
  description: 'a site',
  vars: {
    text: { type: 'string', default: "it's here" },
    site_password: { type: 'string', default: "it's a horse" },
    site_pin: { type: 'string', default: 'q7z' },
  },
  tasks: ({ vars }) => [
    file(dir + '/text', { content: vars.text }),
    file(dir + '/key', { content: new Secret(vars.site_password + '\\nsecond line of it'), mode: '0600' }),
    file(dir + '/pin', { content: new Secret(vars.site_pin) }),
    file(dir + '/conf', { content: 'password=' + vars.site_password + '\\n', validate: (path) => sh\`grep -q . \${path}\` }),
    command('it is loaded', {
      run: sh\`echo \${vars.site_pin} \${vars.site_password} >\${dir + '/loaded'}\`,
      unless: sh\`grep -q \${vars.site_password} \${dir + '/loaded'}\`,
      environment: { PIN: new Secret(vars.site_pin) },
    }),
    command('no shell; "at" all \\n', { run: sh\`:\`, changedWhen: 'always' }),
  ],
});
await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [site] })] });
`;

describe('--show-script', () => {
  it('prints what would run on a host as shell that sh -n accepts, without a secret, and changes nothing', () => {
    const project = new Project(SITE);
    const { status, stdout, stderr } = project.run('--show-script', 'b');
    expect([status, stderr]).toEqual([0, '']);
    for (const shell of ['dash', 'bash'])
      expect(spawnSync(shell, ['-n'], { input: stdout, encoding: 'utf8' }).stderr).toBe('');
    expect(stdout).toMatch(/^#!\/bin\/sh\n# What a run of web would send to b/);
    expect(stdout).toContain("printf %s 'it'\\''s here' | q_write");
    expect(stdout).toContain('content: absent → (secret)');
    for (const secret of [
      'a horse',
      'second line',
      'q7z',
      Buffer.from("it's a horse").toString('base64').slice(0, 12),
    ])
      expect(stdout).not.toContain(secret);
    expect(stdout).not.toMatch(/\b[0-9a-f]{64}\b.*key/);
    expect(project.has('made/text')).toBe(false);
  });

  it('of a host that is not there, or with another document: 1', () => {
    const project = new Project(SITE);
    const none = project.run('--show-script', 'c');
    expect([none.status, none.stderr]).toEqual([1, expect.stringContaining('no such host')]);
    const two = project.run('--show-script', 'b', '--output', 'json');
    expect([two.status, two.stdout]).toEqual([1, expect.stringContaining('do not go together')]);
  });

  it('has no secret of others that an edited file holds, nor a sign that moves the cursor', () => {
    const project = edited();
    const { status, stdout } = project.run('--show-script', 'a');
    expect(status).toBe(0);
    expect(stdout).toContain('greeting=hello');
    expect(stdout).not.toMatch(/geheim|\x1b/);
    expect(spawnSync('sh', ['-n'], { input: stdout, encoding: 'utf8' }).stderr).toBe('');
  });
});

it.each(['plain', 'json'])(
  'scripts that -vvv shows (%s), logs and records have no secret of others',
  (output) => {
    const project = edited();
    const { status, stdout, stderr } = project.run('-vvv', '--output', output, '--log', 'all.log');
    expect([status, project.read('made/conf')]).toEqual([0, `${OTHERS}greeting=hello\n`]);
    const runs = join(project.dir, '.quorate/runs/inventory.yaml');
    const records = readdirSync(runs).map((name) => readFileSync(join(runs, name), 'utf8'));
    const all = [stdout, stderr, project.read('all.log'), ...records].join('\n');
    expect(all).toContain('greeting=hello');
    expect(all).not.toMatch(/geheim|\x1b/);
  },
);

const OTHERS = `DB_PASSWORD='alt geheim'\nAPI_KEY=geheim2\nurl=https://me:geheim3@mirror/\ncolour=\x1b[31m\n`;

/** A role that adds a line to a file in which others keep secrets. */
function edited(): Project {
  const project = new Project(
    `
const site = role({ name: 'site', description: 'a site', tasks: () => [line(dir + '/conf', { line: 'greeting=hello' })] });
await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [site] })] });
`,
    ['a'],
  );
  project.write('made/conf', OTHERS);
  return project;
}

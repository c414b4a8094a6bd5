import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { program } from '../../program.ts';
import { Project } from '../support/project.ts';

const WEB = `
const motd = role({ name: 'motd', description: 'm', tasks: ({ name }) => [file(dir + '/' + name, { content: 'x' })] });
await playbook(import.meta, { plays: [play({ hosts: 'all', roles: [motd] })] });
`;

const WHY = 'moving "racks"\nin row \\n 7';

function lock(project: Project, ...args: readonly string[]) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [program('playbooks/lock.ts'), '-i', 'inventory.yaml', ...args],
    { cwd: project.dir, encoding: 'utf8' },
  );
  return { status, said: stdout + stderr };
}

describe('a play that a person holds', () => {
  it('is let alone by everybody, who are told why, until it is released; checks are let through', () => {
    const project = new Project(WEB);
    expect(lock(project, 'web')).toMatchObject({ status: 0, said: expect.stringContaining('free: nobody') });
    expect(lock(project, 'web', '--hold', WHY).status).toBe(0);
    const shown = lock(project, 'web', '--show').said;
    for (const host of ['a', 'b']) expect(shown).toMatch(new RegExp(`${host}: on hold by .*moving "racks"`));
    expect(shown).toContain('held: see above');
    const refused = project.run();
    expect([refused.status, project.has('made/a')]).toEqual([6, false]);
    expect(refused.stderr).toContain('moving "racks"');
    expect(refused.stderr).toMatch(/lock\.[jt]s -i inventory\.yaml web --release ends it/);
    expect(refused.stderr).toContain('in row \\n 7');
    expect(project.run('--check').status).toBe(0);
    expect(lock(project, 'web', '--release').status).toBe(0);
    expect(project.run().status).toBe(0);
  });

  it('is one that hosts know, or a playbook that is here: a misspelt name holds nobody, and is an error', () => {
    const project = new Project(WEB);
    const wrong = lock(project, 'wbe', '--hold', WHY);
    expect(wrong).toMatchObject({ status: 1, said: expect.stringContaining('called "wbe"') });
    expect(wrong.said).toContain('there are none; a playbook that has not run yet');
    expect(project.has('.quorate/wbe')).toBe(false);
    project.run();
    expect(lock(project, 'wbe').said).toContain('did you mean web?');
  });

  it('is held, too, by a file that names nobody: shown, and nobody else’s to take', () => {
    const project = new Project(WEB, ['a']);
    expect(lock(project, 'web', '--hold', 'why').status).toBe(0);
    const file = join(project.dir, '.quorate/web/a/hold');
    const text = '{"runId":"r","who":"ma';
    writeFileSync(file, text);
    expect(lock(project, 'web').said).toContain('a: on hold, its file names nobody');
    expect(lock(project, 'web', '--hold', 'mine').status).toBe(6);
    expect(readFileSync(file, 'utf8')).toBe(text);
    expect(project.run().status).toBe(6);
    expect(lock(project, 'web', '--release').status).toBe(0);
    expect(existsSync(file)).toBe(false);
  });

  it.each([
    [['../web'], 'no play is called "../web"'],
    [['web', '--hold', '  '], '--hold says nothing'],
    [['web', '--hold', 'x', '--release'], 'contradict each other'],
    [['web', '--show', '--release'], '--show only looks'],
    [['web', '--show', '--hold', 'x'], '--show only looks'],
  ])('is not asked for by %j: 1', (args, why) => {
    const { status, said } = lock(new Project(WEB), ...args);
    expect([status, said]).toEqual([1, expect.stringContaining(why)]);
  });
});

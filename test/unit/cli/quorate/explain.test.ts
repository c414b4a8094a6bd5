import { afterEach, describe, expect, it, vi } from 'vitest';
import { explain, explainable } from '../../../../lib/cli/quorate/explain.ts';
import * as dsl from '../../../../package/index.ts';
import * as kit from '../../../../package/test.ts';
import { hear } from '../../support/hear.ts';

afterEach(() => vi.restoreAllMocks());

async function said(...args: string[]): Promise<string> {
  const text = hear();
  await explain(args, 'npx quorate');
  return text.join('');
}

describe('explain', () => {
  it.each([...Object.keys(dsl), ...Object.keys(kit)])('knows %s, which there is to import', async (name) => {
    expect(await said(name)).toMatch(new RegExp(`^${name}\\n\\n\\S`));
  });

  it.each([
    ['lineinfile', /Ansible's lineinfile: line;.*\nnpx quorate explain line tells more/],
    ['copy', /file\(path, \{ content \}\).*\nnpx quorate explain file/],
    ['template', /npx quorate explain file/],
    ['ansible.builtin.shell', /npx quorate explain command/],
    ['community.general.ini_file', /Ansible's replace, ini_file: line/],
    ['ansible.posix.mount', /Ansible's .*mount.*: mount/],
    ['apt', /npx quorate explain packages/],
    ['notify', /reloadOn/],
    ['become_user', /Ansible's become, become_user: .*becomeUser/],
    ['becomeUser', /^becomeUser: string, an option of every task\n\nRun its apply/],
    ['ignore_errors', /ignoreErrors/],
    ['loop', /list\.map/],
    ['systemd-unit', /^systemdUnit\n/],
    ['guide', /^# Guide/],
    ['from-ansible', /^# From Ansible/],
    ['contract', /^# /],
  ])('%s', async (name, text) => {
    expect(await said(name)).toMatch(text);
  });

  it('takes no English word for a name', async () => {
    expect(await said('tags')).not.toContain('explain is');
  });

  it('names no page by a link that leads nowhere', async () => {
    expect(await said('Every', 'task')).not.toContain('.md');
    expect(await said('Every task')).toContain('becomeUser');
  });

  it('tells the first sentence whole', async () => {
    const list = await said();
    expect(list).toMatch(/^ {2}task +The way out of the declarative: \S.*$/m);
    expect(list).toMatch(/^ {2}firewall /m);
    expect(list.split('what else')[1]).toMatch(/^ {2}role /m);
  });

  it('helps with a slip, and not with a guess', async () => {
    await expect(said('fiel')).rejects.toMatchObject({ hint: expect.stringContaining('did you mean file?') });
    await expect(said('kubernetes')).rejects.toMatchObject({
      hint: 'npx quorate explain lists what there is',
    });
  });

  it('completes to single words', () => {
    expect(explainable().filter((word) => /\s/.test(word))).toEqual([]);
  });
});

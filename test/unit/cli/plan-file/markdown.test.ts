import { describe, expect, it } from 'vitest';
import type { Plan } from '../../../../lib/cli/plan-file/format.ts';
import { markdown } from '../../../../lib/cli/plan-file/markdown.ts';
import type { Change } from '../../../../lib/dsl/task.ts';
import type { RunEvent } from '../../../../lib/runner/events.ts';
import { BARE } from './plan.ts';

const plan = (hosts: readonly string[]): Plan => ({ ...BARE, hosts });

function written(host: string, path: string, before: string, after: string): RunEvent {
  const change: Change = {
    resource: `file:${path}`,
    kind: 'update',
    property: 'content',
    before: 'sha256:0',
    after: 'sha256:1',
    certainty: 'certain',
    text: { before, after },
  };
  return {
    event: 'task',
    host,
    role: 'site',
    task: `${path} has its content`,
    status: 'changed',
    changes: [change],
  };
}

const shown = (hosts: readonly string[], events: readonly RunEvent[]) =>
  markdown(plan(hosts), events, 'npx tsx web.ts');

describe('a plan for a pull request', () => {
  it('says in its first line what is to be changed, and where', async () => {
    const unknown: Change = {
      resource: 'x',
      kind: 'run',
      property: 'effect',
      before: null,
      after: null,
      certainty: 'unknown',
    };
    const text = await shown(
      ['a', 'b', 'c'],
      [
        written('a', '/etc/motd', 'x\n', 'y\n'),
        written('b', '/etc/motd', 'x\n', 'y\n'),
        { event: 'task', host: 'a', role: 'site', task: 'it runs', status: 'unknown', changes: [unknown] },
        { event: 'task', host: 'c', role: 'site', task: 'it is fine', status: 'ok', changes: [] },
      ],
    );
    expect(text.split('\n')[0]).toBe(
      '### <code>web</code>: 2 changes, 1 unknown before the run on 2 of 3 hosts',
    );
    expect(text).toContain('| <code>a</code> | 1 | 1 |');
    expect(text).not.toContain('it is fine');
  });

  it('says that there is nothing to change', async () => {
    expect((await shown(['a'], [])).split('\n')[0]).toBe('### <code>web</code>: no changes on 1 host');
  });

  it('folds equal diffs of hosts into one', async () => {
    const hosts = Array.from({ length: 100 }, (_, i) => `web${String(i + 1).padStart(3, '0')}`);
    const text = await shown(
      hosts,
      hosts.map((host) => written(host, '/etc/motd', 'x\n', 'y\n')),
    );
    expect(text.match(/```diff/g)).toHaveLength(1);
    expect(text).toContain('on <code>web&#91;001&#58;100&#93;</code>');
    expect(text).toContain('<details><summary>~ <code>/etc/motd has its content</code>');
  });

  it('is under 60,000 characters whatever the size, and says what was left out and how to see it', async () => {
    const hosts = Array.from({ length: 300 }, (_, i) => `h${i}x`);
    const events = hosts.flatMap((host, i) =>
      [1, 2, 3].map((n) => written(host, `/srv/${i}/${n}`, '', `${host} & <line>\n`.repeat(150 + n))),
    );
    const text = await shown(hosts, events);
    expect(text.length).toBeLessThan(60_000);
    expect(text).toMatch(/\*\*Left out\*\* .*\d+ tasks.*npx tsx web\.ts --plan-format text/);
  });

  it('has as many diffs of one task as there is room for, behind all tasks', async () => {
    const hosts = Array.from({ length: 100 }, (_, i) => `h${i}x`);
    const long = 'z'.repeat(5000);
    const events = hosts.flatMap((host, i) => [
      written(host, '/srv/all', '', `${i} and ${i * i}\n`.repeat(150) + long),
      written(host, '/srv/last', '', 'x\n'),
    ]);
    const text = await shown(hosts, events);
    expect(text.length).toBeLessThan(60_000);
    expect(text.length).toBeGreaterThan(50_000);
    expect(text.match(/```diff\n/g)?.length).toBeGreaterThan(10);
    expect(text).toMatch(/… and \d+ more diffs on <code>h&#91;/);
    expect(text).toContain('/srv/last has its content');
    expect(text).not.toContain('z'.repeat(401));
    expect(text).toContain('diffs and scripts of 1 task');
  });

  const runs = (host: string, script: string): RunEvent => ({
    event: 'task',
    host,
    role: 'site',
    task: 'it runs',
    status: 'changed',
    changes: [
      {
        ...{ resource: 'command:it', kind: 'run', property: 'effect', before: null, after: 'run' },
        ...{ certainty: 'certain', text: { before: '', after: script } },
      },
    ],
  });

  it('shows each script with its hosts, once where it differs in the name of the host alone', async () => {
    const hosts = ['h1', 'h2', 'h3', 'h4', 'h5', 'h6'];
    const text = await shown(
      hosts,
      hosts.map((host, i) => runs(host, i === 0 ? 'sleep 1' : `echo ${host} ${i < 5 ? '' : i}`)),
    );
    for (const one of ['sleep 1', 'echo <host>', 'echo h6 5']) expect(text).toContain(`\n${one}\n`);
    expect(text.match(/```sh/g)).toHaveLength(3);
    expect(text).toMatch(/on <code>h&#91;2&#58;5&#93;<\/code>:\n\n```sh\necho <host>\n/);
  });

  it('counts scripts that have no room, and names their hosts', async () => {
    const hosts = Array.from({ length: 300 }, (_, i) => `h${i}x`);
    const text = await shown(
      hosts,
      hosts.map((host, i) => runs(host, `echo ${'z'.repeat(300)} ${i}`)),
    );
    expect(text.length).toBeLessThan(60_000);
    const [, more = ''] = /… and (\d+) more scripts on <code>h&#91;/.exec(text) ?? [];
    expect(Number(more) + (text.match(/```sh/g)?.length ?? 0)).toBe(300);
    expect(text).toContain('diffs and scripts of 1 task');
  });

  it('is so with names of which every sign is escaped, and a long command line', async () => {
    const signs = '_@#'.repeat(100);
    const hosts = Array.from({ length: 300 }, (_, i) => `h${i}x`);
    const events = hosts.flatMap((host, i) =>
      [1, 2].map((n) => written(host, `/srv/${i}/${n}`, '', `${host}\n`.repeat(150 + n))),
    );
    const text = await markdown({ ...plan(hosts), by: signs, time: signs }, events, signs);
    expect(text.length).toBeLessThan(60_000);
    expect(text).toContain('**Left out**');
  });

  it('is so with steps and things left over alone, whatever signs are in them', async () => {
    const title = '(#&'.repeat(70);
    const ledger = {
      before: { voters: 1, quorum: 1, healthy: 1, spare: 0 },
      after: { voters: 1, quorum: 1, healthy: 1, spare: 0 },
    };
    const steps = Array.from({ length: 90 }, () => ({ play: 'p', host: title, title, ledger }));
    const left = Array.from(
      { length: 90 },
      (): RunEvent => ({ event: 'left-over', host: 'a', role: 'r', kind: title, name: title, stays: title }),
    );
    const text = await markdown({ ...plan(['a']), steps }, left, 'npx tsx web.ts');
    expect(text.length).toBeLessThan(60_000);
    expect(text).toMatch(/and \d+ more steps[\s\S]*and \d+ more things/);
  });

  it.each([
    ['backticks', '```\n</details>\n# out\n````\n@everyone <img src=x>\n'],
    ['a longer fence', `${'`'.repeat(40)}\nout\n`],
    ['a fence of tildes', '~~~\nout\n'],
  ])('lets a text with %s not out of its fence', async (_, content) => {
    const text = await shown(['a'], [written('a', '/etc/motd', '', content)]);
    const [, fence = ''] = /\n(`{3,})diff\n/.exec(text) ?? [];
    const [body = '', ...behind] = (text.split(`${fence}diff\n`)[1] ?? '').split(`\n${fence}\n`);
    expect(behind).toHaveLength(1);
    expect(body.split('\n').every((line) => /^[ +\-@…]/.test(line))).toBe(true);
    expect(Math.max(...(body.match(/`+/g) ?? ['']).map(({ length }) => length))).toBeLessThan(fence.length);
  });

  it.each([
    ['HTML', '</summary><script>x</script>', ['<script', '</summary><']],
    ['a cell of its own', 'a | b', ['a | b']],
    ['a mention', 'ask @ops-team', ['@ops']],
    [
      'a link',
      '[x](http://evil.example) https://evil.example www.evil.example',
      ['](', 'https:', 'www.evil'],
    ],
    ['an image', '![x](x)', ['![']],
    ['a line feed', 'one\n# two', ['\n# two']],
    ['a code span', '`x`', ['`x`']],
    ['an escape sequence', 'x\u001b[2J', ['\u001b']],
  ])('lets no title or host be %s', async (_, name, never) => {
    const event = { ...written('a', '/x', 'x\n', 'y\n'), task: name } as RunEvent;
    const texts = [await shown(['a'], [event]), await shown([name], [written(name, '/x', 'x\n', 'y\n')])];
    for (const text of texts) {
      const outside = text.replace(/```diff\n[\s\S]*?\n```/g, '');
      for (const one of never) expect(outside.replace(/<summary>|<\/summary>\n/g, '')).not.toContain(one);
    }
  });

  it('masks what is named like a secret, in texts and scripts', async () => {
    const text = await shown(
      ['a'],
      [written('a', '/x', 'db_password: old-one-1\n', 'db_password: ********\n')],
    );
    expect(text).not.toContain('old-one-1');
  });
});

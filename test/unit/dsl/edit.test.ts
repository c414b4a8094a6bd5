import { readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { MARK } from '../../../lib/dsl/shell/probe.ts';
import { sh } from '../../../lib/dsl/shell/sh.ts';
import type { Task } from '../../../lib/dsl/task.ts';
import { World } from '../../../lib/dsl/world/world.ts';
import { command } from '../../../lib/resources/command.ts';
import { hostsEntry } from '../../../lib/resources/hosts-entry.ts';
import { type LineOptions, line } from '../../../lib/resources/line.ts';
import { type TextBlockOptions, textBlock } from '../../../lib/resources/text-block.ts';
import { changesOf, edited, textFile } from '../support/edits.ts';
import { loopHost } from '../support/loop-host.ts';
import { recorder } from '../support/recorder.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

const usage = expect.objectContaining({ exitCode: 1 });

describe('a line in a file', () => {
  it.each<[string, LineOptions, before: string, after: string]>([
    ['comes at the end', { line: 'b' }, 'a\n', 'a\nb\n'],
    ['comes on a line of its own where the last has no end', { line: 'b' }, 'a', 'a\nb\n'],
    ['is fine wherever it stands', { line: 'a' }, 'a\nb', 'a\nb'],
    ['takes the place of what fits', { line: 'P no', match: /^#?P / }, '#P yes\nx\n', 'P no\nx\n'],
    ['takes the place of the last that fits', { line: 'P no', match: /^P/ }, 'P 1\nP 2\n', 'P 1\nP no\n'],
    ['is not said twice where only the old text fits', { line: 'new', match: /^old$/ }, 'new\n', 'new\n'],
    [
      'takes the place of what fits and stands below it',
      { line: 'port=80', match: /^port=/ },
      'port=80\nx\nport=90\n',
      'port=80\nx\nport=80\n',
    ],
    [
      'is fine below what fits',
      { line: 'port=80', match: /^port=/ },
      'port=90\nport=80\n',
      'port=90\nport=80\n',
    ],
    [
      'is fine above a comment that fits',
      { line: 'P no', match: /^#?P / },
      'P no\n#P yes\n',
      'P no\n#P yes\n',
    ],
    [
      'takes the place of the lowest, and of no more the next time',
      { line: 'new', match: /^old/ },
      'old\nnew\nold 1\nold 2\n',
      'old\nnew\nold 1\nnew\n',
    ],
    ['comes to the top', { line: 'a', insertBefore: /^/ }, 'b\n', 'a\nb\n'],
    ['is taken literally: *', { line: '* * * * * x' }, 'y\n', 'y\n* * * * * x\n'],
    ['is taken literally: quotes', { line: 'X=""' }, 'X=""\n', 'X=""\n'],
    ['is taken literally: &, \\ and $', { line: 'a & \\1 $HOME' }, 'a\n', 'a\na & \\1 $HOME\n'],
    ['is not found in a comment', { line: 'Key yes' }, '#Key yes\n', '#Key yes\nKey yes\n'],
    ['comes after what it is to follow', { line: 'm', insertAfter: /^a/ }, 'a\nx\ny\n', 'a\nm\nx\ny\n'],
    ['comes before what is to follow it', { line: 'm', insertBefore: /^x/ }, 'a\nx\nx\n', 'a\nm\nx\nx\n'],
    ['comes at the end where nothing fits', { line: 'm', insertAfter: /^q/ }, 'a\n', 'a\nm\n'],
    ['goes', { line: 'b', state: 'absent' }, 'a\nb\nb\nc', 'a\nc'],
    ['goes, and the one before it keeps its end', { line: 'b', state: 'absent' }, 'a\nb', 'a\n'],
    ['changes above a last one that has no end', { line: 'A', match: /^a/ }, 'a\nb', 'A\nb'],
    ['comes above a last one that has no end', { line: 'm', insertAfter: /^a/ }, 'a\r\nb', 'a\r\nm\r\nb'],
    ['takes the place of a last one that has no end', { line: 'B', match: /^b/ }, 'a\nb', 'a\nB\n'],
    ['goes with what fits', { line: 'x', match: /^b/, state: 'absent' }, 'a\nb1\n', 'a\n'],
    ['is gone already', { line: 'b', state: 'absent' }, 'a\n\n', 'a\n\n'],
    ['ends as the others do', { line: 'b' }, 'a\r\nc\r\n', 'a\r\nc\r\nb\r\n'],
    ['is found with the end that the others have', { line: 'a' }, 'a\r\nb', 'a\r\nb'],
    [
      'takes the place of what fits, whatever its end',
      { line: 'P no', match: /^P \w+$/ },
      'P yes\r\nx\r\n',
      'P no\r\nx\r\n',
    ],
    ['goes where it is blank', { line: '-', match: /^\s*$/, state: 'absent' }, 'a\n\n \nb\n', 'a\nb\n'],
    ['goes, whatever its end', { line: 'b', state: 'absent' }, 'a\r\nb\r\n', 'a\r\n'],
    ['leaves a carriage return of one line alone', { line: 'b' }, 'a\r\nc\n', 'a\r\nc\nb\n'],
    ['is found after a mark in front', { line: 'a' }, '\ufeffa\nb\n', '\ufeffa\nb\n'],
    [
      'takes the place of what fits, behind a mark in front',
      { line: 'P no', match: /^P / },
      '\ufeffP yes\n',
      '\ufeffP no\n',
    ],
  ])('%s', (_name, options, before, after) => {
    expect(edited(line('/etc/x', options), before)).toBe(after);
    expect(changesOf(line('/etc/x', options), after)).toEqual([]);
  });

  it.each([/^/, /$/, /.*/, /()/, /x*/, /(?!a)/, /./, /.+/, /^[^;]/, /\b|\W/])(
    'is refused with a pattern that fits any line: %s',
    (match) => {
      for (const state of ['present', 'absent'] as const)
        expect(() => line('/etc/x', { line: 'a', match, state })).toThrow(usage);
    },
  );

  it('goes by what it fits alone', () => {
    const task = line('/etc/x', { state: 'absent', match: /^port=/ });
    expect(edited(task, 'a\nport=1\nport=2\n')).toBe('a\n');
    expect([task.resource, task.title]).toEqual([
      'line:/etc/x /^port=/',
      '/etc/x has no line that fits /^port=/',
    ]);
  });

  it.each<[string, LineOptions]>([
    ['an empty pattern', { line: 'a', match: /(?:)/ }],
    ['a pattern that remembers', { line: 'a', match: /a/g }],
    ['two lines', { line: 'a\nb' }],
    ['no line', { line: '' }],
  ])('is refused before any contact: %s', (_name, options) => {
    expect(() => line('/etc/x', options)).toThrow(usage);
  });

  it.each([
    ['the old one', 'db_password=old-one', 'db_password=new-one'],
    ['one that goes', 'db_password=old-one', 'db_user=me'],
    ['one that comes', '#db=', 'db_password=new-one'],
    ['that of a URL', 'proxy=http://me:old-one@mirror/', 'proxy=http://mirror/'],
  ])('shows no secret: %s', (_name, old, next) => {
    const [change] = changesOf(line('/etc/x', { line: next, match: /^(#?db|proxy)/ }), `${old}\n`);
    expect([change?.before, change?.after]).toEqual(['(secret)', '(secret)']);
    // Texts are masked line by line, once they are compared.
    expect(change?.text).toEqual({ before: `${old}\n`, after: `${next}\n` });
  });

  it('shows no line that goes where only those above tell that it is a secret', () => {
    const gone = line('/etc/x', { line: '- old-one', state: 'absent' });
    const [change] = changesOf(gone, 'passwords:\n- old-one\n');
    expect([change?.before, change?.after]).toEqual(['(secret)', null]);
  });

  it('shows no line that goes where a secret is in the new text: it may be the old one', () => {
    const secret = new Secret('known-value-1').reveal();
    const wish = (content: string) => textBlock('/etc/x', { name: 'x', content });
    const before = edited(wish('pw old-one\nport 1'), 'a\n');
    const [change] = changesOf(wish(`port 2\npw ${secret}`), before);
    expect([change?.before, change?.after]).toEqual(['(secret)', '(secret)']);
  });

  it('makes the file only where that is said', () => {
    expect(edited(line('/etc/x', { line: 'a', create: true }), undefined)).toBe('a\n');
    expect(() => changesOf(line('/etc/x', { line: 'a' }), undefined)).toThrow(
      /cannot edit \/etc\/x: it is missing$/,
    );
    expect(changesOf(line('/etc/x', { line: 'a', state: 'absent' }), undefined)).toEqual([]);
  });

  it('waits for what may bring the file', () => {
    const world = new World();
    world.package('sshd').willBe({});
    expect(changesOf(line('/etc/x', { line: 'a' }), undefined, world)).toMatchObject([
      { certainty: 'conditional' },
    ]);
  });

  it.each([
    ['a link', 'stat symbolic link|777|root|root|3|0|0|/x', /cannot edit \/etc\/x: it is a link$/],
    ['a directory', 'stat directory|755|root|root|3|0|0|/x', /is a directory, a file was wanted$/],
    [
      'what is not a text',
      `stat regular file|644|root|root|3|0|0|/x\ntext\n${Buffer.from([200, 10]).toString('base64')}`,
      /it is not UTF-8 text$/,
    ],
    [
      'what is too long',
      textFile('x'.repeat(1024 * 1024 + 1)).split(`\n${MARK}`)[0] ?? '',
      /larger than 1024 KiB$/,
    ],
  ])('leaves %s alone', (_name, out, message) => {
    const task = line('/etc/x', { line: 'a' });
    expect(() => task.diff({ code: 0, out: `${out}\n${MARK}\nabove directory /etc` }, new World())).toThrow(
      message,
    );
  });
});

describe('a block in a file', () => {
  const block = (more: Partial<TextBlockOptions> = {}) =>
    textBlock('/etc/x', { name: 'ours', content: '1\n2\n', ...more });
  it.each<[string, Task, before: string, after: string]>([
    ['comes at the end', block(), 'a', 'a\n# BEGIN ours\n1\n2\n# END ours\n'],
    ['needs no end of line', block({ content: '1' }), '', '# BEGIN ours\n1\n# END ours\n'],
    [
      'is changed where it stands',
      block(),
      '# BEGIN ours\n0\n# END ours\nb\n',
      '# BEGIN ours\n1\n2\n# END ours\nb\n',
    ],
    [
      'has comments that are closed',
      block({ comment: '<!--', content: '<p>' }),
      '<a>\n',
      '<a>\n<!-- BEGIN ours -->\n<p>\n<!-- END ours -->\n',
    ],
    [
      'has comments that are closed once',
      block({ comment: '/*', name: 'ours */', content: 'x' }),
      '',
      '/* BEGIN ours */\nx\n/* END ours */\n',
    ],
    ['is fine', block(), '# BEGIN ours\n1\n2\n# END ours', '# BEGIN ours\n1\n2\n# END ours'],
    ['goes', block({ state: 'absent' }), 'a\n# BEGIN ours\n0\n# END ours\nb\n', 'a\nb\n'],
    [
      'is not mixed up with another whose name begins so',
      block(),
      '# BEGIN ours 2\nx\n# END ours 2\n',
      '# BEGIN ours 2\nx\n# END ours 2\n# BEGIN ours\n1\n2\n# END ours\n',
    ],
    [
      'is there with other ends of lines',
      block(),
      '# BEGIN ours\r\n1\r\n2\r\n# END ours\r\n',
      '# BEGIN ours\r\n1\r\n2\r\n# END ours\r\n',
    ],
    [
      'told with other ends of lines',
      block({ content: '1\r\n2\r\n' }),
      '',
      '# BEGIN ours\n1\n2\n# END ours\n',
    ],
    [
      'goes by its name alone',
      textBlock('/etc/x', { name: 'ours', state: 'absent' }),
      '# BEGIN ours\n0\n# END ours\n',
      '',
    ],
    ['has the comment of its file', block({ comment: '//' }), '', '// BEGIN ours\n1\n2\n// END ours\n'],
  ])('%s', (_name, task, before, after) => {
    expect(edited(task, before)).toBe(after);
  });

  it.each([
    '# BEGIN ours\n1\n',
    '# END ours\n# BEGIN ours\n',
    '# BEGIN ours\n# END ours\n# BEGIN ours\n# END ours\n',
  ])('with markers like %j is not touched', (text) => {
    expect(() => changesOf(block(), text)).toThrow(
      /markers of block "ours" in \/etc\/x do not come once each/,
    );
  });

  it.each([{ name: '' }, { name: 'a\nb' }, { comment: '' }])('%j is refused before any contact', (more) => {
    expect(() => block(more)).toThrow(usage);
  });
});

describe('an entry of the hosts file', () => {
  const HOSTS = '127.0.0.1\tlocalhost db # ours\n::1 localhost ip6-localhost\n';
  it.each<[string, Task, before: string, after: string]>([
    [
      'moves its name, and nothing else',
      hostsEntry('db', { address: '10.0.0.7' }),
      HOSTS,
      '127.0.0.1\tlocalhost # ours\n::1 localhost ip6-localhost\n10.0.0.7 db\n',
    ],
    ['is there', hostsEntry('localhost', { address: '127.0.0.1' }), HOSTS, HOSTS],
    ['is there for the other family, too', hostsEntry('localhost', { address: '::1' }), HOSTS, HOSTS],
    [
      'is there in capitals',
      hostsEntry('db.in', { address: '10.0.0.7' }),
      '10.0.0.7 DB.in\n',
      '10.0.0.7 DB.in\n',
    ],
    [
      'moves in whatever case',
      hostsEntry('db.in', { address: '10.0.0.7' }),
      '10.0.0.1 DB.in web\n',
      '10.0.0.1 web\n10.0.0.7 db.in\n',
    ],
    [
      'is there in another spelling',
      hostsEntry('a', { address: 'fe80::1' }),
      'FE80::0001 a\n',
      'FE80::0001 a\n',
    ],
    [
      'is there with a zone',
      hostsEntry('a', { address: 'fe80::0001%eth0' }),
      'fe80::1%eth0 a\n',
      'fe80::1%eth0 a\n',
    ],
    ['moves to another address', hostsEntry('a', { address: '10.0.0.2' }), '10.0.0.1 a\n', '10.0.0.2 a\n'],
    [
      'gets a further name',
      hostsEntry('a', { address: '10.0.0.1', aliases: ['b'] }),
      '10.0.0.1 a',
      '10.0.0.1 a\n10.0.0.1 a b\n',
    ],
    [
      'stands in front of its alias',
      hostsEntry('web1.example.org', { address: '10.0.0.5', aliases: ['web1'] }),
      '10.0.0.5\tweb1  db # old\n10.0.0.5 web1.example.org\n',
      '10.0.0.5\tweb1.example.org web1  db # old\n10.0.0.5 web1.example.org\n',
    ],
    [
      'stands in front of its alias once',
      hostsEntry('web1.example.org', { address: '10.0.0.5', aliases: ['web1'] }),
      '10.0.0.5 web1 WEB1.example.org\n',
      '10.0.0.5 web1.example.org web1\n',
    ],
    [
      'stands after the name that others gave the address',
      hostsEntry('db', { address: '10.0.0.7', aliases: ['db1'] }),
      '10.0.0.7 node7 db1 db\n',
      '10.0.0.7 node7 db1 db\n',
    ],
    [
      'is not found in a comment',
      hostsEntry('a', { address: '10.0.0.1' }),
      '#10.0.0.1 a\n',
      '#10.0.0.1 a\n10.0.0.1 a\n',
    ],
  ])('%s', (_name, task, before, after) => {
    expect(edited(task, before)).toBe(after);
    expect(edited(task, after)).toBe(after);
  });

  it('one for each family is two things', () => {
    expect(hostsEntry('a', { address: '::1' }).thing).not.toBe(
      hostsEntry('a', { address: '127.0.0.1' }).thing,
    );
  });
});

describe.each(SHELLS)('edits under %s', (_name, ...shell) => {
  it('follow each other in one run, keep the mode, and see what is written between', async () => {
    const dir = scratch();
    const at = join(dir, 'conf');
    writeFileSync(at, 'old', { mode: 0o600 });
    const plan = async (...tasks: Task[]) => {
      const host = loopHost({ dir, sink: recorder(), shell });
      await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
      return host;
    };
    const tasks = [
      line(at, { line: 'one' }),
      textBlock(at, { name: 'b', content: 'two' }),
      line(at, { line: "it's" }),
    ];
    const host = await plan(...tasks);
    expect(host.plan.map(({ changes }) => changes.length)).toEqual([1, 1, 1]);
    await host.apply(() => true);
    expect(readFileSync(at, 'utf8')).toBe("old\none\n# BEGIN b\ntwo\n# END b\nit's\n");
    expect(statSync(at).mode & 0o777).toBe(0o600);
    expect((await plan(...tasks)).plan.flatMap(({ changes }) => changes)).toEqual([]);
    // A command may write it: the edit is made of what is there by then.
    const made = join(dir, 'made');
    const late = await plan(
      command('made', { run: sh`echo first >${made}`, creates: made }),
      line(made, { line: 'second' }),
    );
    await late.apply(() => true);
    expect(readFileSync(made, 'utf8')).toBe('first\nsecond\n');
    // What its validation refuses is left.
    const asked = { validate: (from: string) => sh`! grep bad ${from}` };
    const refused = await plan(line(at, { line: 'bad', ...asked }));
    const kept = readFileSync(at, 'utf8');
    await expect(refused.apply(() => true)).rejects.toThrow(/is refused by its validation/);
    expect(readFileSync(at, 'utf8')).toBe(kept);
    const fine = await plan(line(at, { line: 'fine', ...asked }));
    await fine.apply(() => true);
    expect(readFileSync(at, 'utf8')).toContain('fine\n');
    // Somebody else writes in between.
    const raced = await plan(line(at, { line: 'three' }));
    writeFileSync(at, 'theirs\n');
    await expect(raced.apply(() => true)).rejects.toThrow(/has changed since it was read: run again/);
    expect(readFileSync(at, 'utf8')).toBe('theirs\n');
  });

  it('change one line of a file as large as is edited', async () => {
    const dir = scratch();
    const at = join(dir, 'php.ini');
    const others = Array.from({ length: 30_000 }, (_, i) => `; setting number ${i} = x`).join('\n');
    writeFileSync(at, `memory_limit = 128M\n${others}\n`);
    const host = loopHost({ dir, sink: recorder(), shell });
    const task = line(at, { line: 'memory_limit = 1G', match: /^memory_limit/ });
    await host.makePlan([{ role: 'role', task }]);
    expect(host.plan[0]?.changes).toMatchObject([
      { before: 'memory_limit = 128M', after: 'memory_limit = 1G' },
    ]);
    await host.apply(() => true);
    expect(readFileSync(at, 'utf8')).toBe(`memory_limit = 1G\n${others}\n`);
  });

  it('after another one of the run rest on what it will be', async () => {
    const dir = scratch();
    const at = join(dir, 'conf');
    const host = loopHost({ dir, sink: recorder(), shell });
    const tasks = [line(at, { line: 'a', create: true }), line(at, { line: 'b' })];
    await host.makePlan(tasks.map((task) => ({ role: 'role', task })));
    expect(host.plan[1]?.changes[0]?.text).toEqual({ before: 'a\n', after: 'a\nb\n' });
  });
});

import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { Secret } from '../../../lib/dsl/secret.ts';
import { type Sh, sh } from '../../../lib/dsl/shell/sh.ts';
import { withLoaded } from '../../../lib/dsl/trace/lazy.ts';
import { command } from '../../../lib/resources/command.ts';
import { type FileOptions, file } from '../../../lib/resources/file.ts';
import { waitFor } from '../../../lib/resources/wait-for.ts';
import { dry, run } from '../support/cycle.ts';
import { scratch } from '../support/scratch.ts';
import { SHELLS } from '../support/shells.ts';

let dir: string;
beforeEach(() => {
  dir = scratch();
  mkdirSync(join(dir, 'host'));
});
const target = () => join(dir, 'host/target');
const found = () => readFileSync(target(), 'utf8');

describe('a file from a template', () => {
  const fill = (text: string, values?: FileOptions['values']) => {
    writeFileSync(join(dir, 'x.j2'), text);
    return withLoaded(() => file(target(), { template: join(dir, 'x.j2'), ...(values && { values }) }));
  };
  it.each<[string, string, FileOptions['values'], string]>([
    ['fills in values', 'port {{ port }};\n', { port: 80 }, 'port 80;\n'],
    [
      'knows lists and conditions',
      '{% for n in names %}\n{{ n }}\n{% endfor %}\nend\n',
      { names: ['a', 'b'] },
      'a\nb\nend\n',
    ],
    ['keeps a value alone, and its line end', '{{ n }}\n', { n: 7 }, '7\n'],
    [
      'ends as Ansible has it, behind a tag',
      'a\n{% for n in [1, 2] %}\nn {{ n }}\n{% endfor %}\n',
      {},
      'a\nn 1\nn 2\n',
    ],
    ['ends as Ansible has it, behind a comment', 'x {{ 1 }}\n{# c #}\n', {}, 'x 1\n'],
    ['ends as Ansible has it, behind a blank line', '{% if true %}\ny\n{% endif %}\n\n', {}, 'y\n\n'],
    [
      'has lines as Ansible has them, however they end',
      'a={{ x }}\r\n{% if x %}\r\nb\r\n{% endif %}\r\n',
      { x: 1 },
      'a=1\nb\n',
    ],
    [
      'keeps line ends after tags',
      '#jinja2: trim_blocks: False\n{% if true %}\nb\n{% endif %}\n',
      {},
      '\nb\n',
    ],
    [
      'leaves out what stands before tags',
      '#jinja2:lstrip_blocks: True, trim_blocks:True\r\n  {% if true %}\n  b\n  {# c #}\n  {{ 1 }} {% endif %}\n \t{%+ if true %}{% endif %}',
      {},
      '  b\n  1  \t',
    ],
    ['needs no values', 'plain', undefined, 'plain'],
    ['has values within values', '{{ a.b[0] | upper }}', { a: { b: ['x'] } }, 'X'],
    [
      'has a default where a value is undefined',
      "{{ a | default('x') }} {{ b.c | default('y') }}",
      { a: undefined, b: { c: undefined } },
      'x y',
    ],
  ])('%s', async (_name, text, values, content) => {
    await run([await fill(text, values)], { dir });
    expect(found()).toBe(content);
  });

  it.each<[string, string, RegExp]>([
    ['a name that is not given', 'x {{ prot }}', /"?prot"?/],
    ['a filter that nobody knows', '{{ 1 | nofilter }}', /nofilter/],
    ['a tag that is not closed', '{% if a %}', /endif/],
    [
      'a setting that nobody knows',
      '#jinja2: variable_start_string: "["\n',
      /first line sets "variable_start/,
    ],
    ['a setting that is none', '#jinja2: trim_blocks\n', /first line sets "trim_blocks"$/],
  ])('%s is told before any contact', async (_name, text, message) => {
    await expect(fill(text, { a: 1 })).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringMatching(message),
    });
  });

  it('with a secret in it is secret', async () => {
    const task = await fill('token {{ t }}\n', { t: new Secret('hunter2hunter2') });
    expect(await dry([task], { dir })).toEqual([
      'create content: null → (secret)',
      'create mode: null → 0600',
    ]);
  });
});

describe('a file by its address', () => {
  const bytes = Buffer.from([0, 255, 1, 10]);
  const digest = createHash('sha256').update(bytes).digest('hex');
  async function served(work: (url: string, asked: () => number) => Promise<void>, body = bytes) {
    let asked = 0;
    const server = createServer((_request, response) => {
      asked++;
      response.end(body);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    vi.stubEnv('XDG_CACHE_HOME', join(dir, 'cache'));
    try {
      await work(`http://127.0.0.1:${(server.address() as AddressInfo).port}/tool`, () => asked);
    } finally {
      vi.unstubAllEnvs();
      server.close();
    }
  }

  it('is downloaded once, in no check, and sent', () =>
    served(async (url, asked) => {
      const tasks = [file(target(), { url, sha256: digest, mode: '0755' })];
      expect(await dry(tasks, { dir })).toEqual([
        `create content: null → sha256:${digest.slice(0, 12)}`,
        'create mode: null → 0755',
      ]);
      expect(asked()).toBe(0);
      await run(tasks, { dir });
      expect(readFileSync(target()).equals(bytes)).toBe(true);
      writeFileSync(target(), 'edited');
      await run(tasks, { dir });
      expect(asked()).toBe(1);
    }));

  it('is kept at home where XDG_CACHE_HOME is not absolute', () =>
    served(async (url) => {
      vi.stubEnv('XDG_CACHE_HOME', 'cache');
      vi.stubEnv('HOME', dir);
      const sha256 = createHash('sha256').update('at home').digest('hex');
      await run([file(target(), { url, sha256 })], { dir });
      expect(readFileSync(join(dir, '.cache/quorate/files', sha256), 'utf8')).toBe('at home');
    }, Buffer.from('at home')));

  it('with other bytes is not trusted, and nothing is replaced', () =>
    served(async (url) => {
      writeFileSync(target(), 'old');
      await expect(run([file(target(), { url, sha256: 'a'.repeat(64) })], { dir })).rejects.toMatchObject({
        exitCode: 5,
      });
      expect(found()).toBe('old');
    }));

  it.each([
    { url: 'https://x.example/a' },
    { url: 'ftp://x', sha256: 'a'.repeat(64) },
    { url: 'https://x', sha256: 'ab' },
  ])('%j is refused before any contact', (options) => {
    expect(() => file('/x', options)).toThrow(expect.objectContaining({ exitCode: 1 }));
  });
});

describe('a file of control with a digest', () => {
  const source = (bytes: string) => {
    writeFileSync(join(dir, 'x'), bytes);
    return join(dir, 'x');
  };
  const digest = (bytes: string) => createHash('sha256').update(bytes).digest('hex');

  it.each(['text', 'bytes\0'])('is taken where it has that: %j', (bytes) => {
    expect(() => file('/a', { source: source(bytes), sha256: digest(bytes).toUpperCase() })).not.toThrow();
  });

  it.each(['text', 'bytes\0'])('is not trusted where it has another: %j', (bytes) => {
    expect(() => file('/a', { source: source(bytes), sha256: digest('other') })).toThrow(
      expect.objectContaining({ exitCode: 5, message: expect.stringContaining(digest(bytes)) }),
    );
  });
});

it.each([{}, { content: 'a', source: './b' }])('content %j is not said once', (options) => {
  expect(() => file('/x', options as FileOptions)).toThrow(expect.objectContaining({ exitCode: 1 }));
});

describe.each(SHELLS)('a file that is not to be replaced, under %s', (_name, ...shell) => {
  const wish = () => [file(target(), { content: 'first\n', mode: '0640', replace: false })];

  it('gets its content where it is missing, and keeps what others write', async () => {
    expect(await run(wish(), { dir, shell })).toEqual([
      expect.stringContaining('create content'),
      'create mode: null → 0640',
    ]);
    expect(found()).toBe('first\n');
    writeFileSync(target(), 'theirs');
    expect(await dry(wish(), { dir, shell })).toEqual([]);
  });

  it('gets its mode all the same', async () => {
    writeFileSync(target(), 'theirs', { mode: 0o600 });
    expect(await run(wish(), { dir, shell })).toEqual(['update mode: 0600 → 0640']);
    expect(found()).toBe('theirs');
  });

  it('keeps what an earlier task of the same run brings', async () => {
    const brings = command('it is brought', { run: sh`echo brought >${target()}`, creates: target() });
    await run([brings, ...wish()], { dir, shell });
    expect(found()).toBe('brought\n');
  });
});

describe.each(SHELLS)('a validation under %s', (_name, ...shell) => {
  const valid = (path: string): Sh => sh`grep -q good ${path} || { echo "no good here"; exit 1; }`;
  const wish = (content: string | Secret) => [file(target(), { content, validate: valid })];

  it('is asked in a check, and the old file stays', async () => {
    writeFileSync(target(), 'old');
    for (const one of ['bad\n', new Secret('bad secret')]) {
      await expect(dry(wish(one), { dir, shell })).rejects.toMatchObject({
        exitCode: 2,
        message: expect.stringMatching(/target is refused by its validation: no good here$/),
      });
    }
    expect(found()).toBe('old');
  });

  it('lets good content through', async () => {
    await run(wish("it's good\n"), { dir, shell });
    expect(found()).toBe("it's good\n");
  });

  it('is asked again in the run, where an earlier task may decide', async () => {
    const gate = join(dir, 'host/gate');
    const tasks = [
      file(gate, { content: '' }),
      file(target(), { content: 'x', validate: (path) => sh`[ -f ${gate} ] && cat ${path} >/dev/null` }),
    ];
    await run(tasks, { dir, shell });
    const refused = [
      file(join(dir, 'host/other'), { content: '' }),
      file(target(), { content: 'y', validate: () => sh`cat >/dev/null; false` }),
    ];
    await expect(run(refused, { dir, shell })).rejects.toThrow(/refused by its validation/);
    expect(found()).toBe('x');
  });

  it('of bytes is asked once they have arrived', async () => {
    writeFileSync(join(dir, 'bytes'), Buffer.from([0, 1]));
    writeFileSync(target(), 'old');
    const task = (validate: (path: string) => Sh) => file(target(), { source: join(dir, 'bytes'), validate });
    await expect(run([task(() => sh`false`)], { dir, shell })).rejects.toThrow(/refused by its validation/);
    expect(found()).toBe('old');
    await run([task((path) => sh`[ "$(wc -c <${path})" -eq 2 ]`)], { dir, shell });
  });
});

describe('a template that cannot be filled in', () => {
  it.each([
    [
      'a\nb {{ prot }}\n',
      2,
      'the variable "prot" is not set',
      'did you mean port? its names come from values: port',
    ],
    [
      'a\n\n{{ port | nosuch }}\n',
      3,
      'the filter "nosuch" is not known here',
      /^the filters and tests of Jinja/,
    ],
    ['{% fro x in y %}\n', 1, '{% fro %} is not a known tag', 'mend the template'],
  ])('%j is told with its line', async (text, line, message, hint) => {
    const template = join(dir, 'x.j2');
    writeFileSync(template, text);
    await expect(withLoaded(() => file(target(), { template, values: { port: 80 } }))).rejects.toMatchObject({
      message: expect.stringContaining(message),
      hint: typeof hint === 'string' ? hint : expect.stringMatching(hint),
      position: { line, file: expect.stringMatching(/x\.j2$/) },
    });
  });
});

describe('a template with a value that no text can hold', () => {
  it.each<[string, FileOptions['values'], string, RegExp]>([
    ['{{ at }}', { at: undefined }, 'the variable "at" is not set', /^give it a value in values/],
    ['{{ at.on }}', { at: { on: undefined } }, '"at" has no key "on"', /^give it a value in values/],
    ['{{ at }}', { at: new Date(0) }, 'the value "at" is a Date', /^make it/],
    ['{% for k in at %}{% endfor %}', { at: { on: new Map() } }, 'the value "at.on" is a Map', /^make it/],
    ['{{ at }}', { at: [() => 1] }, 'the value "at[0]" is a function', /^make it/],
    ['{{ at }}', { at: [undefined] }, 'the value "at[0]" is undefined', /^make it/],
    ['{{ at }}', { at: 1n }, 'the value "at" is a bigint', /^make it/],
  ])('%s is told with its line', async (text, values, message, hint) => {
    const template = join(dir, 'x.j2');
    writeFileSync(template, `a\n${text}\n`);
    await expect(withLoaded(() => file(target(), { template, values: values ?? {} }))).rejects.toMatchObject({
      exitCode: 1,
      message: expect.stringContaining(message),
      hint: expect.stringMatching(hint),
      position: { line: 2, file: expect.stringMatching(/x\.j2$/) },
    });
  });
});

it('a validation that says nothing leaves no colon behind', async () => {
  await expect(dry([file(target(), { content: 'x', validate: () => sh`false` })], { dir })).rejects.toThrow(
    /refused by its validation, which said nothing$/,
  );
});

describe('a command whose unless has no answer', () => {
  it.each([
    [sh`nosuchprogram`, /unless ends with 127: a program that it asks is not there\n.*nosuchprogram/],
    [sh`echo what; exit 3`, /unless ends with 3\nwhat$/],
    [sh`false`, /applied, but it did not stick/],
  ])('%j is told after the run, and is due before it', async (unless, message) => {
    const task = command('it is done', { run: sh`:`, unless });
    expect(await dry([task], { dir })).toEqual(['run done: no → yes']);
    await expect(run([task], { dir })).rejects.toThrow(message);
  });
});

it('a wait that nothing was said to does not end in a colon', async () => {
  const wait = waitFor('x', { until: sh`false`, timeout: 1 });
  await expect(run([wait], { dir })).rejects.toThrow(/the last try said:\nnothing$/);
});

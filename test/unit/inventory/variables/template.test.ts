import { describe, expect, it, vi } from 'vitest';
import { redact } from '../../../../lib/dsl/secret.ts';
import { EXIT } from '../../../../lib/errors.ts';
import type { TemplateWorld } from '../../../../lib/inventory/jinja/templar.ts';
import { Templates } from '../../../../lib/inventory/variables/template.ts';
import { Unsafe, type Variable, Vaulted } from '../../../../lib/inventory/variables/value.ts';
import { evaluate, type Vars, variable, world } from '../jinja/world.ts';
import { refusal } from '../support.ts';

const ARMOURED = '$ANSIBLE_VAULT;1.1;AES256\n3030';

/** The line is that of the variable whose template fails; 1 unless said. */
type Refusal = readonly [what: string, vars: Vars, message: string, line?: number];

it.each([
  '{{ ansible_default_ipv4.address }}',
  "{{ ansible_facts['hostname'] }}",
  '{{ ansible_facts.default_ipv4.address }}',
  '{{ hostvars[inventory_hostname].ansible_eth0.ipv4.address }}',
  '{{ ansible_fqdn }}',
])('a fact is told not to be gathered: %s', async (value) => {
  const [error] = await refusal(evaluate({ value }));
  expect(error?.hint).toMatch(/^no facts are gathered for an inventory/);
});

it.each(['{{ ansible_host_name }}', '{{ my_ansible_facts }}', '{{ nope.ansible_facts }}'])(
  'what is none is not: %s',
  async (value) => {
    const [error] = await refusal(evaluate({ value }));
    expect(error?.hint).toMatch(/^set it for this host/);
  },
);

describe('what cannot be evaluated is named, with its place', () => {
  const refusals: readonly Refusal[] = [
    ['a variable', { value: '{{ login }}' }, 'cannot evaluate value of h1: the variable "login" is not set'],
    [
      'a variable of a variable',
      { value: '{{ login }}', login: '{{ base }}-x', base: '{{ nope }}' },
      'cannot evaluate value of h1, which needs login, which needs base: the variable "nope" is not set',
      3,
    ],
    [
      'a part of a variable',
      { value: '{{ users.app }}', users: { app: '{{ nope }}' } },
      'cannot evaluate value of h1, which needs users.app: the variable "nope" is not set',
      2,
    ],
    [
      'a variable of another host',
      { value: "{{ hostvars['h2'].there }}" },
      'cannot evaluate value of h1, which needs there of h2: the variable "nope" is not set',
    ],
    [
      'a host',
      { value: "{{ hostvars['h9'].x }}" },
      'cannot evaluate value of h1: "hostvars" has no key "h9"',
    ],
    [
      'a key',
      { value: '{{ users.app }}', users: {} },
      'cannot evaluate value of h1: "users" has no key "app"',
    ],
    [
      'a key of a key',
      { value: '{{ users.app.id }}', users: { app: {} } },
      'cannot evaluate value of h1: "users.app" has no key "id"',
    ],
    [
      'a key that is a value of somebody, without it',
      { value: '{{ users[who] }}', users: {}, who: 'hunter' },
      'cannot evaluate value of h1: "users" has no such key',
    ],
    ['an item', { value: '{{ list[3] }}', list: [1] }, 'cannot evaluate value of h1: "list" has no item "3"'],
    [
      'a filter',
      { value: '{{ 1 | ipaddr }}' },
      'cannot evaluate value of h1: the filter "ipaddr" is not known here',
    ],
    [
      'a filter of a collection',
      { value: '{{ 1 | ansible.utils.ipaddr }}' },
      'cannot evaluate value of h1: the filter "ansible.utils.ipaddr" is not known here',
    ],
    [
      'a test',
      { value: '{{ 1 is exists }}' },
      'cannot evaluate value of h1: the test "is exists" is not known here',
    ],
    [
      'a lookup',
      { value: "{{ lookup('file', '/etc/passwd') }}" },
      'cannot evaluate value of h1: the lookup "file" is not known here',
    ],
    [
      'a function',
      { value: '{{ now() }}' },
      'cannot evaluate value of h1: the function "now" is not known here',
    ],
    [
      'a method',
      { value: "{{ 'a'.encode() }}" },
      'cannot evaluate value of h1: str has no method "encode" that is known here',
    ],
    [
      'an attribute of Python',
      { value: "{{ ''.__class__ }}" },
      'cannot evaluate value of h1: a value here has no key "__class__"',
    ],
    [
      'a tag',
      { value: "{% include 'x' %}" },
      'cannot evaluate value of h1: {% include %} is not supported: write what it brings into this template, macros too, or give it as a value',
    ],
    ['what is not closed', { value: '{{ a' }, 'cannot evaluate value of h1: "{{" is not closed'],
    [
      'a circle',
      { value: '{{ a }}', a: '{{ b }}', b: '{{ a }}' },
      'cannot evaluate value of h1, which needs a, which needs b: it needs itself: a, b, a',
      3,
    ],
    [
      'a circle by a part',
      { value: { a: '{{ value }}' } },
      'cannot evaluate value of h1: this goes round in a circle',
    ],
    [
      'types that do not go together, without their values',
      { value: '{{ pin + 1 }}', pin: 'hunter' },
      'cannot evaluate value of h1: "+" does not go with str and int',
    ],
    [
      'a loop without an end',
      { value: '{% for i in range(999999) %}{% for j in range(999999) %}{% endfor %}{% endfor %}' },
      'cannot evaluate value of h1: this takes too long',
    ],
    ['too much', { value: "{{ 'a' * 99999999 }}" }, 'cannot evaluate value of h1: "*" makes too much'],
  ];

  it.each(refusals.map(([what, ...rest]) => ({ what, rest })))(
    '$what',
    async ({ rest: [vars, message, line = 1] }) => {
      const [error] = await refusal(evaluate(vars, 'value', { h2: { there: '{{ nope }}' } }));
      expect(error?.message).toBe(message);
      expect(error).toMatchObject({
        exitCode: EXIT.usage,
        position: { file: 'hosts.yaml', line, column: 5 },
      });
      expect(error?.hint).toMatch(/default\(|write the value out/);
    },
  );
});

describe('a template', () => {
  it('that nobody reads is never judged', async () => {
    expect(await evaluate({ value: '{{ map.good }}', map: { good: 1, bad: '{{ nope | nofilter }' } })).toBe(
      1,
    );
  });

  it('takes what Ansible says of a host', async () => {
    const vars = {
      value: [
        '{{ inventory_hostname }}',
        '{{ inventory_dir }}',
        '{{ inventory_file }}',
        '{{ playbook_dir }}',
      ],
    };
    expect(await evaluate(vars)).toEqual(['h1', '/srv/inventory', '/srv/inventory/hosts.yaml', '/srv']);
  });

  it('does without the parts it omits', async () => {
    expect(await evaluate({ value: '{{ nope | default(omit) }}' })).toBeUndefined();
    expect(await evaluate({ value: { a: '{{ omit }}', b: 1 } })).toEqual({ b: 1 });
    expect(await evaluate({ value: ['{{ omit }}', 1] })).toEqual([1]);
  });

  it('is not looked for in text that is marked unsafe, nor in what a template gives', async () => {
    const vars = { value: ['{{ a }}', '{{ b }}'], a: new Unsafe('{{ no }}'), b: "{{ '{{ no }}' }}" };
    expect(await evaluate(vars)).toEqual(['{{ no }}', '{{ no }}']);
  });

  it('sees the environment without what is meant for this program', async () => {
    vi.stubEnv('QUORATE_CA_PASSPHRASE', 'opens the CA');
    expect(await evaluate({ value: "{{ lookup('env', 'QUORATE_CA_PASSPHRASE') }}" })).toBe('');
    vi.unstubAllEnvs();
  });

  it('leaves names of JavaScript alone', async () => {
    const vars = { value: '{{ map.constructor is defined or map.__proto__ is defined }}', map: {} };
    expect(await evaluate(vars)).toBe(false);
    expect(await evaluate({ value: { ['__proto__']: '{{ 1 }}' } })).toEqual(JSON.parse('{"__proto__": 1}'));
  });

  it('of an expression alone', async () => {
    const made = world({ h1: { role: 'web' } });
    const group = { ...variable('groups.etcd', ''), value: "role == 'web'" };
    expect(await new Templates(made).expression('h1', group)).toBe(true);
  });
});

describe('a secret', () => {
  const opened = { openVault: async () => 'open sesame' };

  it.each<readonly [what: string, vars: Vars, value: unknown, masked: string]>([
    [
      'out of a vault',
      { value: '{{ v }}', v: new Vaulted(ARMOURED, undefined) },
      'open sesame',
      'open sesame',
    ],
    [
      'made of one',
      { value: 'x{{ v | b64encode }}', v: new Vaulted(ARMOURED, undefined) },
      'xb3BlbiBzZXNhbWU=',
      'xb3BlbiBzZXNhbWU=',
    ],
    [
      'by way of another variable, twice',
      { value: ['{{ a }}', '{{ a }}!'], a: '{{ v }}/a', v: new Vaulted(ARMOURED, undefined) },
      ['open sesame/a', 'open sesame/a!'],
      'open sesame/a!',
    ],
    [
      'of a variable whose name says so',
      { value: 'u:{{ db_password }}@h', db_password: 'sesame-too' },
      'u:sesame-too@h',
      'u:sesame-too@h',
    ],
    [
      'in a mapping',
      { value: { a: '{{ v }}-in-a' }, v: new Vaulted(ARMOURED, undefined) },
      { a: 'open sesame-in-a' },
      'open sesame-in-a',
    ],
  ])('%s is masked from then on', async (_, vars, value, masked) => {
    const made = world({ h1: vars }, opened);
    const templates = new Templates(made);
    expect(await templates.evaluate('h1', made.variablesOf('h1').get('value') as Variable)).toEqual(value);
    expect(redact(`[${masked}]`)).toBe('[********]');
  });

  it('masks nothing beside it', async () => {
    const made = world(
      { h1: { value: { a: '{{ v }}', plain: 'nothing to hide' }, v: new Vaulted(ARMOURED, undefined) } },
      opened,
    );
    await new Templates(made).evaluate('h1', made.variablesOf('h1').get('value') as Variable);
    expect(redact('nothing to hide')).toBe('nothing to hide');
  });

  it('is asked for when it is read, once', async () => {
    const openVault = vi.fn(async () => 'open sesame');
    const made = world(
      {
        h1: { value: '{{ v ~ v }}', v: new Vaulted(ARMOURED, undefined), other: new Vaulted('x', undefined) },
      },
      { openVault },
    );
    const templates = new Templates(made);
    expect(await templates.evaluate('h1', variable('value', '{{ 1 }}'))).toBe(1);
    expect(openVault).not.toHaveBeenCalled();
    await templates.evaluate('h1', made.variablesOf('h1').get('value') as Variable);
    await templates.evaluate('h1', made.variablesOf('h1').get('value') as Variable);
    expect(openVault).toHaveBeenCalledTimes(1);
  });

  it('that stays shut is an error where it is encrypted', async () => {
    const position = { file: 'vars.yml', line: 9, column: 1 };
    const openVault = vi.fn<TemplateWorld['openVault']>(() => Promise.reject(new Error('shut')));
    const made = world({ h1: { value: '{{ v }}', v: new Vaulted(ARMOURED, position) } }, { openVault });
    const value = new Templates(made).evaluate('h1', made.variablesOf('h1').get('value') as Variable);
    await expect(value).rejects.toThrow('shut');
    expect(openVault.mock.calls).toEqual([[ARMOURED, position]]);
  });
});

describe('hostvars', () => {
  const names = Array.from({ length: 1000 }, (_, i) => `n${i}`);

  it('of 1000 hosts are evaluated host by host, as they are touched', async () => {
    const touched = new Set<string>();
    const hosts = Object.fromEntries(
      names.map((name) => [name, { address: '10.0.0.1', bad: '{{ nope | nofilter }}' }]),
    );
    const made = world({ h1: { value: "{{ hostvars['n7'].address }}" }, ...hosts });
    const watched = {
      ...made,
      variablesOf: (host: string) => made.variablesOf([...touched.add(host)].at(-1) ?? ''),
    };
    expect(await new Templates(watched).evaluate('h1', made.variablesOf('h1').get('value') as Variable)).toBe(
      '10.0.0.1',
    );
    expect([...touched]).toEqual(['h1', 'n7']);
  });

  it('of 1000 hosts, all listed by twenty of them, take less than two seconds', async () => {
    const list =
      "{% for h in groups['all'] %}{{ h }}={{ hostvars[h].url }}{{ '' if loop.last else ',' }}{% endfor %}";
    const hosts = Object.fromEntries(
      names.map((name) => [name, { url: 'https://{{ inventory_hostname }}:{{ port }}', port: 2380, list }]),
    );
    const made = world(hosts);
    const templates = new Templates(made);
    const start = performance.now();
    for (const name of names.slice(0, 20))
      await templates.evaluate(name, made.variablesOf(name).get('list') as Variable);
    expect(performance.now() - start).toBeLessThan(2000);
  });
});

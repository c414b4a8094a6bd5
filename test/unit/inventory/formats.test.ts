import { chmodSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { hostNames } from '../../../lib/inventory/formats/host-names.ts';
import { parseJson } from '../../../lib/inventory/formats/json-text.ts';
import { pythonValue } from '../../../lib/inventory/formats/python.ts';
import { words } from '../../../lib/inventory/formats/words.ts';
import { scalarOf } from '../../../lib/inventory/formats/yaml-scalars.ts';
import { loadInventory } from '../../../lib/inventory/index.ts';
import { Moment } from '../../../lib/inventory/variables/moment.ts';
import { Float, Long } from '../../../lib/inventory/variables/value.ts';
import { listedValues, load, plainOf, refusal, write } from './support.ts';

// What ansible-core makes of them (ast.literal_eval, shlex.split, PyYAML).
it.each([
  ['word', 'word'],
  ['22', 22],
  ['010', '010'],
  ['00', 0],
  ['0x1f', 31],
  ['0o17', 15],
  ['1_000', 1000],
  ['1__0', '1__0'],
  ['-1', -1],
  ['1.10', 1.1],
  ['.5', 0.5],
  ['1e3', new Float(1000)],
  ['-1.0', new Float(-1)],
  ['9007199254740992', new Long(9007199254740992n)],
  ['-0xffffffffffffffff', new Long(-18446744073709551615n)],
  ['{1.0: 2}', { '1.0': 2 }],
  ['10.0.0.1', '10.0.0.1'],
  ['1st', '1st'],
  ['yes', 'yes'],
  ['true', 'true'],
  ['True', true],
  ['Truely', 'Truely'],
  ['None', null],
  ["'a b'", 'a b'],
  ['"it\'s"', "it's"],
  ["'a' 'b'", 'ab'],
  ["'open", "'open"],
  [String.raw`'a\tb\x41\101'`, 'a\tbAA'],
  [String.raw`r'a\tb'`, String.raw`a\tb`],
  ["b'raw'", 'raw'],
  ['[1, "a", [True]]', [1, 'a', [true]]],
  ['[1, a]', '[1, a]'],
  ['(1,)', [1]],
  ['(1)', 1],
  ['1, 2', [1, 2]],
  ['[]', []],
  ['{}', {}],
  ["{'a': 1, 'b': {'c': None},}", { a: 1, b: { c: null } }],
  ['{1, 2}', [1, 2]],
  ['1 # one', 1],
  ['word # one', 'word # one'],
  ['{{ other }}', '{{ other }}'],
  ['{{ 1 }}', '{{ 1 }}'],
  ['{[1]: 2}', '{[1]: 2}'],
  ['[1', '[1'],
  ['', ''],
])('%s of an INI file is %j', (text, value) => {
  expect(plainOf(pythonValue(text))).toEqual(value);
});

it.each([
  ['a b=1  c', ['a', 'b=1', 'c']],
  [`a b='x y' c="x 'y'"`, ['a', 'b=x y', "c=x 'y'"]],
  ['a b=x#y c', ['a', 'b=x']],
  ['a # b', ['a']],
  [String.raw`a b=x\ y "\"\x"`, ['a', 'b=x y', String.raw`"\x`]],
  ["a ''", ['a', '']],
  ['a\u00a0b=1\tc', ['a\u00a0b=1', 'c']],
  ["a 'open", undefined],
])('%s are the words %j', (line, found) => {
  expect(words(line)).toEqual(found);
});

it.each([
  ['yes', true],
  ['Off', false],
  ['y', 'y'],
  ['~', null],
  ['', null],
  ['null', null],
  ['0640', 416],
  ['089', '089'],
  ['1_000', 1000],
  ['1:30', 90],
  ['22:22', 1342],
  ['0x1f', 31],
  ['0b11', 3],
  ['0b_', '0b_'],
  ['0x_', '0x_'],
  ['0o17', '0o17'],
  ['1.10', 1.1],
  ['1e3', '1e3'],
  ['1.0e+3', new Float(1000)],
  ['-1.0', new Float(-1)],
  ['9007199254740993', new Long(9007199254740993n)],
  ['0777777777777777777777', new Long(9223372036854775807n)],
  ['.inf', Number.POSITIVE_INFINITY],
  ['-5', -5],
  ['2001-12-14', new Moment('2001-12-14')],
  ['10.0.0.1', '10.0.0.1'],
])('%s of a YAML file is %j', (text, value) => {
  expect(scalarOf(text)).toEqual(value);
});

it('a value of a YAML file is what its tag says', async () => {
  const text = `all:
  hosts:
    h: { n: !!int "3", f: !!float "1.5", t: !!bool "yes", s: !!str 1, z: !!null "~", u: !unsafe 5, w: !!float 3, e: !!float 1e3 }
`;
  const inventory = await loadInventory({ files: [join(write({ 'h.yaml': text }), 'h.yaml')], schema: {} });
  expect(listedValues(inventory, 'h')).toEqual({
    ...{ n: 3, f: 1.5, t: true, s: '1', z: null, u: 5 },
    ...{ w: new Float(3), e: new Float(1000) },
  });
});

it('a set of a YAML file is a list, and so are pairs', async () => {
  const text = `
all:
  hosts:
    h: { s: !!set { a, b }, o: !!omap [a: 1, b: 2], p: !!pairs [a: 1, a: x] }
`;
  const inventory = await loadInventory({ files: [join(write({ 'h.yaml': text }), 'h.yaml')], schema: {} });
  expect(listedValues(inventory, 'h')).toEqual({
    s: ['a', 'b'],
    o: [
      ['a', 1],
      ['b', 2],
    ],
    p: [
      ['a', 1],
      ['a', 'x'],
    ],
  });
});

it.each([
  ['{"all": {"hosts": {"h": {"n": 1e3, "m": -2.5E-1, "t": "1e3"}}}}', new Float(1000), -0.25],
  ['all: {"hosts": {"h": {"n": 1e3, "m": -2.5E-1, "t": "1e3"}}}', '1e3', -0.25],
])('numbers are those of JSON in what is JSON: %s', async (text, n, m) => {
  const inventory = await loadInventory({ files: [join(write({ 'h.yaml': text }), 'h.yaml')], schema: {} });
  expect(listedValues(inventory, 'h')).toEqual({ n, m, t: '1e3' });
});

const NUMBERS = { f: new Float(1), n: new Long(9007199254740993n), i: 2 };
const JSON_NUMBERS = '{"f": 1.0, "n": 9007199254740993, "i": 2}';

it.each([
  ['hosts', 'h f=1.0 n=9007199254740993 i=2\n'],
  ['h.yaml', 'all: { hosts: { h: { f: 1.0, n: 9007199254740993, i: 2 } } }\n'],
  ['h.json', `{"all":\t{"hosts": {"h": ${JSON_NUMBERS}}}}`],
  ['script', `#!/bin/sh\necho '{"a": ["h"], "_meta": {"hostvars": {"h": ${JSON_NUMBERS}}}}'\n`],
])('numbers of %s stay what they are', async (name, text) => {
  const folder = write({ [name]: text });
  if (name === 'script') chmodSync(join(folder, name), 0o755);
  const inventory = await loadInventory({ files: [join(folder, name)], schema: {} });
  expect(listedValues(inventory, 'h')).toEqual(NUMBERS);
});

it('what looks like a number in a text of JSON is left alone', () => {
  const text = String.raw`{"1.0": "9007199254740993, \"1.0\" 1.0", "a\\": [1.0]}`;
  expect(parseJson(text)).toEqual({ '1.0': '9007199254740993, "1.0" 1.0', 'a\\': [new Float(1)] });
  expect(() => parseJson('[1.0, 01.0]')).toThrow(SyntaxError);
});

it.each([
  ['h.ini', '[a]\n# h\n', /^write their names, one a line/],
  ['h.toml', '[a.vars]\nx = 1\n', /^list them as \[GROUP.hosts.NAME\]/],
  ['h.yaml', 'a: { hosts: }\n', /^list them below hosts:/],
])('without hosts that is said first, with a hint in the terms of the file: %s', async (name, text, hint) => {
  const folder = write({ [name]: text, 'group_vars/nobody': 'x: 1\n' });
  const errors = await refusal(loadInventory({ files: [join(folder, name)], schema: {} }));
  expect(errors.map(({ message }) => message)).toEqual([
    'there is no host in this inventory',
    expect.stringContaining('not used: nobody'),
  ]);
  expect(errors[0]?.hint).toMatch(hint);
});

it('JSON has the infinities and NaN of Python', async () => {
  const text = '{"a": [Infinity, -Infinity, NaN], "b": "NaN"}';
  expect(parseJson(text)).toEqual({ a: [Infinity, -Infinity, NaN], b: 'NaN' });
  const folder = write({ 'h.json': `{"all":\t{"hosts": {"h": ${text}}}}` });
  const inventory = await loadInventory({ files: [join(folder, 'h.json')], schema: {} });
  expect(listedValues(inventory, 'h')).toEqual({ a: [Infinity, -Infinity, NaN], b: 'NaN' });
});

it.each(['2024-13-01', '2023-02-29', '2024-01-02 24:00:00', '2024-1-2', '24-01-02', '2024-01-02 03:04'])(
  'what is not a day or time stays text: %s',
  async (text) => {
    const folder = write({ 'h.yaml': `all: { hosts: { h: { d: ${text} } } }\n` });
    const inventory = await loadInventory({ files: [join(folder, 'h.yaml')], schema: {} });
    expect(listedValues(inventory, 'h')).toEqual({ d: text });
  },
);

it('whole numbers of a TOML file may be long', async () => {
  const files = { 'h.toml': '[a.hosts.h]\nn = 9007199254740993\ni = 2\n' };
  const inventory = await loadInventory({ files: [join(write(files), 'h.toml')], schema: {} });
  expect(listedValues(inventory, 'h')).toEqual({ n: NUMBERS.n, i: 2 });
});

// What PyYAML 6.0.3 makes of them.
it.each([
  ['<<: *a, <<: *b', { x: 3, y: 2, z: 4 }],
  ['<<: *b, <<: *a', { x: 1, z: 4, y: 2 }],
  ['<<: [*a, *b]', { x: 1, z: 4, y: 2 }],
  ['<<: [*a, *b], <<: *b', { x: 3, z: 4, y: 2 }],
  ['z: 9, <<: *a, <<: *b, y: 8', { x: 3, y: 8, z: 9 }],
  ['<<: { <<: *a, x: 5 }, z: 6', { x: 5, y: 2, z: 6 }],
])('merged keys { %s } of a YAML file are %j', async (merged, value) => {
  const text = `
_: { a: &a { x: 1, y: 2 }, b: &b { x: 3, z: 4 } }
v: { ${merged} }
`;
  const files = { 'inventory.yaml': 'all: { hosts: { h: } }\n', 'group_vars/all.yml': text };
  const { v } = listedValues(await load(files), 'h') as { v: object };
  expect(Object.entries(v)).toEqual(Object.entries(value));
});

it('lines of a YAML file may end as on an old Mac', async () => {
  const files = {
    'inventory.yaml': 'all:\r  hosts:\r    h: {}\r',
    'group_vars/all.yml': 'a: 1\rb: |\r  x\r  y\r',
  };
  expect(listedValues(await load(files), 'h')).toEqual({ a: 1, b: 'x\ny\n' });
});

it.each([
  ['web', ['web'], undefined],
  ['web:22', ['web'], 22],
  ['10.0.0.1:2222', ['10.0.0.1'], 2222],
  ['fd00::1', ['fd00::1'], undefined],
  ['[fd00::1]:22', ['fd00::1'], 22],
  ['[fd00::1]', ['fd00::1'], undefined],
  ['n[0:10:5]', ['n0', 'n5', 'n10'], undefined],
  ['n[:2]', ['n0', 'n1', 'n2'], undefined],
  ['n[08:10]', ['n08', 'n09', 'n10'], undefined],
  ['n[a:e:2].lan:22', ['na.lan', 'nc.lan', 'ne.lan'], 22],
  ['me@web:22', ['me@web:22'], undefined],
])('%s stands for %j', (written, names, port) => {
  expect(hostNames(written)).toEqual({ names, port });
});

describe('an INI inventory', () => {
  const ini = (text: string) =>
    load({ 'hosts.ini': text }, { inventories: ['hosts.ini'] }).then(({ groups, hosts }) => ({
      groups: Object.fromEntries([...groups].filter(([name]) => name !== 'all')),
      ports: Object.fromEntries(hosts.map(({ name, connection }) => [name, connection.port])),
    }));

  it('has groups whose children may be declared later', async () => {
    const text =
      'z\n[top:children]\nlate\nearly\n[early]\ne:22\n[late] # later\n; nothing\nl ansible_port=23\n';
    expect(await ini(text)).toEqual({
      groups: { ungrouped: ['z'], top: ['e', 'l'], early: ['e'], late: ['l'] },
      ports: { z: undefined, e: 22, l: 23 },
    });
  });

  it.each([
    ['hosts', 'a\nb\n'],
    ['hosts', 'a\n[g]\nb\n'],
    ['hosts.yml', '# of yesterday\n[g]\na\nb x=1\n'],
    ['hosts.cfg', 'a x="y: z"\nb\n'],
    ['hosts', 'a # first\nb\n'],
    ['hosts', 'a\n# between\nb x=1\n'],
    ['hosts', '[g]\ra\rb x=1\r'],
    ['hosts', 'a:22\n[g]\nb:23\n'],
    ['hosts', 'a:22\n[b]:23\n'],
    ['hosts.yml', 'a:22\n[b]:23\n'],
    ['hosts', 'a x=1\fb\n'],
  ])('is known by what is in it, not by its name: %s', async (name, text) => {
    const { hosts } = await load({ [name]: text }, { inventories: [name] });
    expect(hosts.map((host) => host.name)).toEqual(['a', 'b']);
  });

  it('may have comments in another encoding', async () => {
    const folder = write({});
    writeFileSync(join(folder, 'hosts'), Buffer.from('# caf\xe9\na\n', 'latin1'));
    const { hosts } = await loadInventory({ files: [join(folder, 'hosts')], schema: {} });
    expect(hosts.map((host) => host.name)).toEqual(['a']);
  });

  it.each([
    ['[g:vars]\na=1\n', 1, '[g:vars] names group g, which is not declared'],
    ['[g:children]\nh\n', 2, '[g:children] names group h, which is not declared'],
    ['[g h]\na\n', 1, 'this section has a name that no group can have'],
    ['[g:hostvars]\na\n', 1, '[g:hostvars] is not a section'],
    ['[g]\na:\n', 2, 'host "a:": ends in a colon, after which a port is wanted'],
    ['[g]\na b\n', 2, 'after a host come NAME=VALUE, and here is something else'],
    ['[g]\na b="c\n', 2, 'a quote in this line is not closed'],
    ['[g]\na\n[g:vars]\nb\n', 4, 'this line is not a variable'],
    ['[g]\na[3:1]\n', 2, 'host "a[3:1]": [3:1] runs backwards'],
    ['[g:children]\nh\n[h:children]\ng\n', 4, 'group g contains h, which contains it'],
  ])('is refused: %j', async (text, line, message) => {
    const [error] = await refusal(ini(text));
    expect(error?.message).toBe(message);
    expect(error?.position?.line).toBe(line);
  });
});

// Checked with ansible-inventory: what is written for the host beats nothing that is written for the group.
describe('a host that has the name of a group', () => {
  const files = { 'group_vars/web1.yml': 'x: file\n' };
  const python = (printed: object) => `#!/bin/sh\necho '${JSON.stringify(printed)}'\n`;

  it.each([
    ['hosts.ini', '[web1]\nweb1 x=1 at=a\nweb2\n'],
    ['hosts.yaml', 'web1: { hosts: { web1: { x: 1, at: a }, web2: } }\n'],
    ['hosts.toml', '[web1.hosts]\nweb1 = { x = 1, at = "a" }\nweb2 = {}\n'],
    [
      'hosts.sh',
      python({ web1: ['web1', 'web2'], _meta: { hostvars: { web1: { x: 1, at: 'a' }, web2: {} } } }),
    ],
  ])('gives it what it has, for all its hosts: %s', async (name, text) => {
    const folder = write({ ...files, [name]: text });
    chmodSync(join(folder, name), 0o755);
    const inventory = await loadInventory({ files: [join(folder, name)], schema: {} });
    for (const host of ['web1', 'web2'])
      expect(listedValues(inventory, host)).toEqual({ x: 'file', at: 'a' });
  });

  it('keeps what was written before there was such a group', async () => {
    const text = 'web1 x=1\n[web1]\nweb1\nweb2\n';
    const inventory = await load({ 'hosts.ini': text }, { inventories: ['hosts.ini'] });
    expect([listedValues(inventory, 'web1'), listedValues(inventory, 'web2')]).toEqual([{ x: 1 }, {}]);
  });
});

import { join } from 'node:path';
import { expect, it } from 'vitest';
import { loadInventory } from '../../../../lib/inventory/index.ts';
import { write } from '../support.ts';

const MADE = `
    vlans: { 100: { name: c }, 20: { name: b }, 9: { name: a } }
    flags: { yes: on, off: 1, ~: 2, 1.5: f, 'on': text }
    text: { '9': x, '8': y, a: z }
    octal: { 0640: x }
    composed: { 3: '{{ vlans[9].name }}' }
    json: '{"3": 1, "1": {"7": 0, "2": 0}, "3": 2}'
`;

// Values of ansible-core 2.19.
it.each([
  ['vlans[20].name', 'b'],
  ['20 in vlans', true],
  ["'20' in vlans", false],
  ['vlans | first', 100],
  ['vlans.keys() | max', 100],
  ["vlans.get(20, 'none')", { name: 'b' }],
  ["vlans | dict2items | sort(attribute='key') | map(attribute='key') | list", [9, 20, 100]],
  ["vlans | dict2items | selectattr('key', 'gt', 15) | map(attribute='key') | list", [100, 20]],
  ["vlans | dictsort | map('first') | list", [9, 20, 100]],
  ['vlans | combine({5: {}}) | list', [100, 20, 9, 5]],
  ['vlans.items() | list | first', [100, { name: 'c' }]],
  ["'%04d' % (vlans | first)", '0100'],
  ['composed[3]', 'a'],
  ['flags[true]', true],
  ["flags['on']", 'text'],
  ['flags[false]', 1],
  ['flags[none]', 2],
  ['flags | list', [true, false, null, 1.5, 'on']],
  ['flags | to_json', '{"true": true, "false": 1, "null": 2, "1.5": "f", "on": "text"}'],
  [
    "{1: 2, 'a': vlans} | to_json",
    '{"1": 2, "a": {"100": {"name": "c"}, "20": {"name": "b"}, "9": {"name": "a"}}}',
  ],
  ['vlans | to_nice_yaml', '9:\n    name: a\n20:\n    name: b\n100:\n    name: c\n'],
  ['flags | to_nice_yaml', "true: true\nfalse: 1\nnull: 2\n1.5: f\n'on': text\n"],
  ['{2: 1, true: 0, 10: 2} | to_nice_yaml', 'true: 0\n2: 1\n10: 2\n'],
  [
    '\'[yes, no, y, n, on, 0o17, 0x1f, 1_000, 1:30, ~, 1e3, 1.5, "yes", !!int "3"]\' | from_yaml',
    [true, false, 'y', 'n', true, '0o17', 31, 1000, 90, null, '1e3', 1.5, 'yes', 3],
  ],
  ["'{<<: {a: 1}, b: 2}' | from_yaml", { a: 1, b: 2 }],
  ['text | list', ['9', '8', 'a']],
  ['octal | list', [416]],
  ['json | from_json | list', ['3', '1']],
  ["(json | from_json)['1'] | list", ['7', '2']],
  ["(json | from_json)['3']", 2],
  ["'{3: 1, 1: 2}' | from_yaml | list", [3, 1]],
  ["'{true: 1, x: {2: y}}' | from_yaml | to_json", '{"true": 1, "x": {"2": "y"}}'],
])('keys have their types and their order: %s', async (expression, wanted) => {
  const text = `all:\n  hosts: { h: }\n  vars:${MADE}    value: >-\n      {{ ${expression} }}\n`;
  const inventory = await loadInventory({
    files: [join(write({ 'hosts.yaml': text }), 'hosts.yaml')],
    schema: {},
  });
  const variable = inventory.variablesOf('h').get('value')?.at(-1);
  if (variable === undefined) throw new Error('the inventory has no value');
  expect(await inventory.evaluate('h', variable)).toEqual(wanted);
});

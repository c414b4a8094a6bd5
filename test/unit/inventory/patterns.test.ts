import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { selectHosts } from '../../../lib/inventory/index.ts';
import { load, refusal, varsOf, write } from './support.ts';

describe('patterns', () => {
  const groups = 'a:\n  hosts:\n    n[1:3]:\nb:\n  hosts: { n3: , m1: }\nnone:\n';

  it.each([
    ['all', 'n1 n2 n3 m1'],
    ['*', 'n1 n2 n3 m1'],
    ['a', 'n1 n2 n3'],
    ['m1,n1', 'm1 n1'],
    ['a:b', 'n1 n2 n3 m1'],
    ['a:&b', 'n3'],
    ['a:!b', 'n1 n2'],
    ['!a', 'm1'],
    ['all:!n1,!n2', 'n3 m1'],
    ['n*', 'n1 n2 n3'],
    ['?1', 'n1 m1'],
    ['~n[12]', 'n1 n2'],
    ['~(n1|m1)$', 'n1 m1'],
    ['[mn]1', 'n1 m1'],
    ['[!n]1', 'm1'],
    ['a[0]', 'n1'],
    ['a[-1]', 'n3'],
    ['a[1:]', 'n2 n3'],
    ['a[0:1]', 'n1 n2'],
    ['a[0-1]', 'n1 n2'],
    ['a[0:-1]', 'n1 n2 n3'],
    ['a[-2:-1]', 'n2 n3'],
    ['a[0:-9],m1', 'm1'],
    ['~n1, m1', 'n1 m1'],
    ['~n[13]:&b', 'n3'],
    ['~(?:n1|m1)$:!b', 'n1'],
    ['~n[0-9]{1,2}', 'n1 n2 n3'],
    [' n1 , m1 ', 'n1 m1'],
    ['n1 m1', 'n1 m1'],
    ['a !b', 'n1 n2'],
    ['~1|m', 'm1'],
    ['@FILE', 'm1 n1'],
    ['!@FILE', 'n2 n3'],
    ['all:!ungrouped', 'n1 n2 n3 m1'],
  ])('%s', async (pattern, names) => {
    expect(await selected(groups, pattern, '# mine\nm1\n\nn1\n')).toBe(names);
  });

  // As ansible-core: `all` has ungrouped hosts first, what is like a pattern comes as it is written.
  it.each([
    ['all', 'w1 b w2 w9 w3'],
    ['w?', 'w1 w2 w3 w9'],
    ['~w[0-9]$', 'w1 w2 w3 w9'],
    ['*', 'w1 b w2 w9 w3'],
    ['[gh]*', 'w2 w9 w3'],
    ['b', 'b'],
    ['all:!b', 'w1 b w2 w9'],
    ['all:&b', 'w3'],
  ])(
    'hosts like %s come in their order, and of a host and a group called b it is %s',
    async (pattern, names) => {
      const text = 'w[1:3]\nb\n[g]\nw2\nw9\n[h]\nw3\n[b]\nw3\n';
      const inventory = await load({ hosts: text }, { inventories: ['hosts'] });
      expect(
        selectHosts(inventory, pattern, '--limit')
          .map(({ name }) => name)
          .join(' '),
      ).toBe(names);
    },
  );

  it.each([
    ['!n3', '@FILE', 'n1 n2 m1'],
    ['!n3', 'a,@FILE', 'n1 n2'],
    ['a\n&b', '@FILE', 'n3'],
    ['a:!n2\nm1', '@FILE', 'n1 n3 m1'],
    ['a:!n2', '!@FILE', 'n2 m1'],
    ['~n[12]\n!n1', 'all:&@FILE', 'n2'],
  ])('takes each line of a file as a pattern: %j in %s', async (lines, pattern, names) => {
    expect(await selected(groups, pattern, lines)).toBe(names);
  });

  it.each([
    ['', '/hosts names no host'],
    ['# n1\n', '/hosts names no host'],
    ['n1\n@other\n', '/hosts names a file: @other'],
  ])('refuses a file with %j, whatever stands beside it', async (lines, message) => {
    const [error] = await refusal(selected(groups, '!n1,@FILE', lines));
    expect(error).toMatchObject({ message: expect.stringContaining(message), exitCode: 1 });
  });

  it.each([
    ['is there unwritten', `all: { hosts: { u1: , n1: } }\n${groups}`, 'u1'],
    ['may be written', `${groups}ungrouped: { hosts: { u1: , n1: } }\n`, 'u1'],
    [
      'may be written as Ansible does',
      `all: { children: { ungrouped: { hosts: { u1: } }, a: { hosts: { n1: } } } }`,
      'u1',
    ],
  ])('the group of ungrouped hosts %s', async (_, text, names) => {
    expect(await selected(text, 'ungrouped')).toBe(names);
    expect(await selected(text, 'all:!ungrouped')).not.toContain('u1');
  });

  it('gives ungrouped hosts what group_vars says of them', async () => {
    const inventory = await load({
      'inventory.yaml': 'all: { hosts: { u1: }, children: { a: { hosts: { n1: } } } }',
      'group_vars/ungrouped.yml': 'etcd_user: u',
    });
    expect(varsOf(inventory, 'u1').etcd_user).toBe('u');
    expect(varsOf(inventory, 'n1').etcd_user).toBe('etcd');
  });

  it.each([
    ['n9', '--limit: "n9" is neither a host nor a group', 'did you mean n1?'],
    ['n', '--limit: "n" is neither a host nor a group', 'did you mean n1?'],
    ['zzzzzz', '--limit: "zzzzzz" is neither a host nor a group', 'known: all, a, b, none, n1, n2, n3, m1'],
    ['', '--limit: the pattern is empty', 'all names every host'],
    [',', '--limit: the pattern is empty', 'all names every host'],
    ['!', '--limit: a term of the pattern is empty', 'after !, &, ~ and @ something must follow'],
    ['a:~', '--limit: a term of the pattern is empty', 'after !, &, ~ and @ something must follow'],
    ['@', '--limit: a term of the pattern is empty', 'after !, &, ~ and @ something must follow'],
    ['a[7]', '--limit: no host matches "a[7]"', 'hosts: n1, n2, n3, m1'],
    ['a[-4]', '--limit: no host matches "a[-4]"', 'hosts: n1, n2, n3, m1'],
    ['ungrouped', '--limit: no host matches "ungrouped"', 'hosts: n1, n2, n3, m1'],
    ['none', '--limit: no host matches "none"', 'hosts: n1, n2, n3, m1'],
    ['a:!all', '--limit: no host matches "a:!all"', 'hosts: n1, n2, n3, m1'],
    ['~(', '--limit: Invalid regular expression: /(/: Unterminated group', undefined],
    ['@/nope', "--limit: cannot read /nope: ENOENT: no such file or directory, open '/nope'", undefined],
  ])('refuses %s', async (pattern, message, hint) => {
    const inventory = await load(groups);
    const [error] = await refusal((async () => selectHosts(inventory, pattern, '--limit'))());
    expect(error).toMatchObject({ message, hint, exitCode: 1 });
  });
});

/** The names of what a pattern selects; FILE in it is a file with these lines. */
async function selected(inventory: string, pattern: string, lines = ''): Promise<string> {
  const file = join(write({ hosts: lines }), 'hosts');
  const found = selectHosts(await load(inventory), pattern.replace('FILE', file), '--limit');
  return found.map(({ name }) => name).join(' ');
}
